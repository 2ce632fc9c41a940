import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A repository that the server holds; files above `largeBytes` go through the second server. */
export interface ServedRepository {
  readonly commit: string
  readonly files: Readonly<Record<string, Buffer>>
  /** Asks for this token. */
  readonly token?: string
}

/** What goes wrong at the next requests for content; each entry is used once. */
export interface Fault {
  /** The connection breaks after so many bytes. */
  breakAfter?: number
  /** The whole content comes, whatever range was asked for. */
  ignoreRange?: boolean
  /** A byte is wrong. */
  corrupt?: boolean
  status?: number
}

export interface HubServer {
  readonly endpoint: string
  readonly faults: Fault[]
  /** Requests so far: method, path, range, whether a token came, and to which of the servers. */
  readonly requests: {
    method: string
    path: string
    range?: string
    token?: string
    server: 'hub' | 'store'
  }[]
  close(): Promise<void>
}

const largeBytes = 4096

/**
 * Speaks the part of the hub's protocol that a download needs: revision, tree, resolve with ETag,
 * ranges and redirects of large files to a store at another origin, 401 and 404.
 */
export async function serveHub(
  repositories: Readonly<Record<string, ServedRepository>>,
): Promise<HubServer> {
  const requests: HubServer['requests'] = []
  const faults: Fault[] = []
  const note = (request: IncomingMessage, server: 'hub' | 'store') => {
    const { range, authorization: token } = request.headers
    requests.push({
      method: request.method as string,
      path: request.url as string,
      server,
      ...(range === undefined ? {} : { range }),
      ...(token === undefined ? {} : { token }),
    })
  }
  const store = await listen((request, response) => {
    note(request, 'store')
    const hash = (request.url as string).slice(1)
    const all = Object.values(repositories).flatMap(({ files }) => Object.values(files))
    const content = all.find((bytes) => sha256(bytes) === hash) as Buffer
    sendContent(request, response, content, hash, faults)
  })
  const hub = await listen((request, response) => {
    note(request, 'hub')
    const url = new URL(request.url as string, 'http://hub')
    const parts = url.pathname.split('/').slice(1).map(decodeURIComponent)
    const api = parts[0] === 'api' ? parts.splice(0, 2) : undefined
    const [organisation, name, verb, revision, ...rest] = parts
    const repository = repositories[`${organisation}/${name}`]
    if (repository === undefined) {
      return sendError(response, request.headers.authorization ? 404 : 401, 'RepoNotFound')
    }
    const { commit, files, token } = repository
    response.setHeader('X-Repo-Commit', commit)
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      return sendError(response, 401, 'GatedRepo')
    }
    const known = revision === undefined || ['main', 'v1', commit].includes(revision)
    if (!known) return sendError(response, 404, 'RevisionNotFound')
    if (api !== undefined && verb === 'tree') return sendJson(response, listTree(files))
    if (api !== undefined) {
      const siblings = Object.keys(files).map((rfilename) => ({ rfilename }))
      return sendJson(response, { _id: '1', id: `${organisation}/${name}`, sha: commit, siblings })
    }
    const content = files[rest.join('/')]
    if (verb !== 'resolve' || content === undefined) {
      return sendError(response, 404, 'EntryNotFound')
    }
    if (content.length <= largeBytes) {
      return sendContent(request, response, content, gitHash(content), faults)
    }
    response.setHeader('X-Linked-Size', content.length)
    response.setHeader('X-Linked-ETag', `"${sha256(content)}"`)
    response.writeHead(302, { Location: `${addressOf(store)}/${sha256(content)}` }).end()
  })
  return {
    endpoint: addressOf(hub),
    faults,
    requests,
    async close() {
      for (const server of [hub, store]) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
    },
  }
}

function listTree(files: Readonly<Record<string, Buffer>>) {
  return Object.entries(files).map(([path, content]) => {
    const entry = { type: 'file', path, size: content.length, oid: gitHash(content) }
    if (content.length <= largeBytes) return entry
    const lfs = { oid: sha256(content), size: content.length, pointerSize: 130 }
    return { ...entry, oid: gitHash(Buffer.from(lfs.oid)), lfs }
  })
}

function sendContent(
  request: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  etag: string,
  faults: Fault[],
): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
  // A probe asks for one byte; faults wait for the content.
  const fault = first === '0' && last === '0' ? {} : (faults.shift() ?? {})
  if (fault.status !== undefined) {
    sendError(response, fault.status, 'Fault')
    return
  }
  const hasRange = first !== undefined && fault.ignoreRange !== true
  const start = hasRange ? Number(first) : 0
  const end =
    hasRange && last !== '' ? Math.min(Number(last), content.length - 1) + 1 : content.length
  const body = Buffer.from(content.subarray(start, end))
  if (fault.corrupt) body[body.length >> 1]! ^= 1
  response.setHeader('ETag', `"${etag}"`)
  response.setHeader('Accept-Ranges', 'bytes')
  response.setHeader('Content-Length', body.length)
  if (hasRange) response.setHeader('Content-Range', `bytes ${start}-${end - 1}/${content.length}`)
  response.writeHead(hasRange ? 206 : 200)
  const whole = request.method === 'HEAD' || fault.breakAfter === undefined
  if (whole) response.end(request.method === 'HEAD' ? undefined : body)
  else response.write(body.subarray(0, fault.breakAfter), () => response.destroy())
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(value))
}

function sendError(response: ServerResponse, status: number, code: string): void {
  response
    .writeHead(status, { 'Content-Type': 'application/json', 'X-Error-Code': code })
    .end(JSON.stringify({ error: code }))
}

function listen(handle: (request: IncomingMessage, response: ServerResponse) => void) {
  return new Promise<Server>((resolve) => {
    const server = createServer(handle)
    server.listen(0, '127.0.0.1', () => resolve(server))
  })
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex')

const gitHash = (content: Buffer) =>
  createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
