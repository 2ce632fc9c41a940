import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { httpFetch } from './http-fetch.ts'

let server: Server
let address: string
const ports = new Set<number>()

beforeAll(async () => {
  server = createServer(async (request, response) => {
    ports.add(request.socket.remotePort!)
    const { method, headers, url } = request
    if (url === '/moved') response.writeHead(307, { location: '/echo' })
    else if (url === '/busy') response.writeHead(429)
    else response.writeHead(200, { 'x-a': ['1', '2'] })
    if (url === '/endless') {
      response.write('begun')
      return
    }
    const seen = { method, type: headers['content-type'], length: headers['content-length'] }
    response.end(JSON.stringify({ ...seen, body: await text(request) }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const post = {
  method: 'POST',
  body: '{"text":"é"}',
  headers: { 'content-type': 'application/json' },
}
const echoed = { method: 'POST', type: 'application/json', length: '13', body: post.body }

describe('httpFetch', () => {
  it.each(['/echo', '/moved'])('sends a body and reads the answer of %s', async (path) => {
    const response = await httpFetch(address + path, post)
    expect([response.status, response.ok]).toEqual([200, true])
    expect(response.headers.get('x-a')).toBe('1, 2')
    expect(await response.json()).toEqual(echoed)
  })

  it('gives a status that is no success, with its text', async () => {
    const response = await httpFetch(`${address}/busy`, post)
    expect([response.status, response.ok]).toEqual([429, false])
    expect(JSON.parse(await response.text())).toEqual(echoed)
  })

  it('uses one connection for calls that follow each other', async () => {
    ports.clear()
    for (let call = 0; call < 3; call++) await (await httpFetch(`${address}/echo`, post)).text()
    expect(ports.size).toBe(1)
  })

  it('ends a body that never ends when it is aborted', async () => {
    const controller = new AbortController()
    const { signal } = controller
    const { body } = await httpFetch(`${address}/endless`, { ...post, signal })
    const chunks: string[] = []
    const read = async () => {
      for await (const chunk of body as unknown as AsyncIterable<Buffer>) {
        chunks.push(chunk.toString())
        controller.abort()
      }
    }
    await expect(read()).rejects.toThrow(/abort/)
    expect(chunks).toEqual(['begun'])
  })

  it('is refused as the system says', async () => {
    const refused = httpFetch('http://127.0.0.1:1/', post)
    await expect(refused).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
