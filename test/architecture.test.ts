import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * The house: six floors, each with its rooms in order. A floor imports only floors above it in this
 * table; within a floor, a room imports only rooms named before it.
 */
const floors: readonly { floor: string; rooms: readonly string[] }[] = [
  { floor: 'core', rooms: [] },
  { floor: 'data', rooms: ['dialog', 'datasets', 'benchmarks', 'katas'] },
  { floor: 'sandbox', rooms: [] },
  { floor: 'nn', rooms: ['hub', 'weights', 'tokenizer', 'graph', 'runtime', 'models', 'infer'] },
  { floor: 'stages', rooms: ['synth', 'plan', 'train', 'generate', 'eval'] },
  { floor: 'app', rooms: ['report', 'pipeline', 'cli'] },
]

/** Stages meet in files; `train` alone reads the format that `plan` writes. */
const allowedBetweenStages = new Set(['stages/train -> stages/plan'])

/** Who may import a package that one room owns. */
const packageOwners: Record<string, string> = {
  'onnxruntime-node': 'nn/runtime',
  '@huggingface/hub': 'nn/hub',
  openai: 'stages/synth',
  'classic-level': 'stages/synth',
  bullmq: 'core',
  ioredis: 'core',
  commander: 'app/cli',
  'cli-progress': 'app/cli',
}

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'src')

interface ImportEdge {
  /** Importing file, relative to src. */
  file: string
  target: string
}

interface Room {
  name: string
  floor: number
  order: number
}

describe('the house', () => {
  const files = listSourceFiles(source)
  const edges = files.flatMap(readImports)
  const local = edges.filter((edge) => edge.target.startsWith('.'))

  it('knows every folder under src', () => {
    const unknown = files.filter((file) => file !== 'index.ts' && roomOf(file) === undefined)
    expect(unknown).toEqual([])
  })

  it('imports only floors above and rooms named before', () => {
    expect(local.filter(({ file, target }) => pointsUpward(file, target))).toEqual([])
  })

  it('keeps the stages apart', () => {
    const between = local.flatMap(({ file, target }) => {
      const from = roomOf(file)?.name ?? ''
      const to = roomOf(resolveTarget(file, target))?.name ?? ''
      if (from === to || !from.startsWith('stages/') || !to.startsWith('stages/')) return []
      return allowedBetweenStages.has(`${from} -> ${to}`) ? [] : [`${file} -> ${target}`]
    })
    expect(between).toEqual([])
  })

  it('enters another room only through its index.ts, or the options.ts of a stage', () => {
    expect(local.filter(({ file, target }) => isDeepImport(file, target))).toEqual([])
  })

  it('leaves an owned package to the room that owns it', () => {
    const strangers = edges.filter(({ file, target }) => {
      const owner = packageOwners[target]
      return owner !== undefined && roomOf(file)?.name !== owner && !file.endsWith('.test.ts')
    })
    expect(strangers).toEqual([])
  })

  it('imports files that exist', () => {
    const missing = local.filter(
      ({ file, target }) => !existsSync(join(source, resolveTarget(file, target))),
    )
    expect(missing).toEqual([])
  })

  it('keeps fewer than twenty entries at the root', () => {
    const ignored = new Set(readFileSync(join(root, '.gitignore'), 'utf8').split(/\/?\n/))
    const entries = readdirSync(root).filter((name) => name !== '.git' && !ignored.has(name))
    expect(entries.length).toBeLessThan(20)
  })
})

function listSourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(source, join(entry.parentPath, entry.name)).split(sep).join('/'))
}

/** Static and dynamic imports and re-exports, comments left out. */
function readImports(file: string): ImportEdge[] {
  const text = readFileSync(join(source, file), 'utf8').replace(
    /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm,
    '',
  )
  const pattern = /(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)'([^'\n]+)'/g
  return [...text.matchAll(pattern)].map((match) => ({ file, target: match[1] as string }))
}

function resolveTarget(file: string, target: string): string {
  return join(dirname(file), target).split(sep).join('/')
}

function roomOf(file: string): Room | undefined {
  const [first = '', second = ''] = file.split('/')
  const floor = floors.findIndex((entry) => entry.floor === first)
  if (floor < 0) return undefined
  const rooms = floors[floor]?.rooms ?? []
  if (rooms.length === 0) return { name: first, floor, order: 0 }
  const order = rooms.indexOf(second)
  return order < 0 ? undefined : { name: `${first}/${second}`, floor, order }
}

function pointsUpward(file: string, target: string): boolean {
  const to = resolveTarget(file, target)
  const [fromRoom, toRoom] = [roomOf(file), roomOf(to)]
  // A test may set its room to work beside rooms that come later.
  if (fromRoom === undefined || file.endsWith('.test.ts')) return false
  if (toRoom === undefined) return to.startsWith('index.ts')
  if (toRoom.floor !== fromRoom.floor) return toRoom.floor > fromRoom.floor
  return toRoom.order > fromRoom.order
}

function isDeepImport(file: string, target: string): boolean {
  const to = resolveTarget(file, target)
  const [fromRoom, toRoom] = [roomOf(file), roomOf(to)]
  if (toRoom === undefined || toRoom.name === fromRoom?.name) return false
  const doors = [`${toRoom.name}/index.ts`]
  // An options.ts holds a schema only, so that `--help` need not load the engine behind it.
  if (toRoom.name.startsWith('stages/')) doors.push(`${toRoom.name}/options.ts`)
  return !doors.includes(to)
}
