import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryGroup } from './memory-group.ts'

const mib = 2 ** 20
let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'cgroup-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

/** A folder that looks like the kernel's, with this process in the group `/own`. */
function makePlaces(line: string, parent: string) {
  mkdirSync(join(root, parent), { recursive: true })
  writeFileSync(join(root, 'self'), `${line}\n`)
  const places = { own: join(root, 'self'), root }
  const folderOf = () =>
    join(
      root,
      parent,
      readdirSync(join(root, parent)).find((name) => name.startsWith('reflectioncoder-')) ?? '',
    )
  return { places, folderOf }
}

const numberIn = (...path: string[]) => Number(readFileSync(join(...path), 'utf8'))

describe('a memory group of version 2', () => {
  it('limits memory above what is idle, forbids swap, and counts kills', async () => {
    const { places, folderOf } = makePlaces('0::/own', 'own')
    const group = createMemoryGroup(places)
    const folder = folderOf()
    writeFileSync(join(folder, 'memory.current'), String(10 * mib))
    writeFileSync(join(folder, 'memory.events'), 'low 0\nhigh 0\nmax 3\noom 2\noom_kill 2\n')
    group?.begin(100 * mib)
    expect(numberIn(folder, 'memory.max')).toBe((100 + 10 + 32) * mib)
    expect(numberIn(folder, 'memory.swap.max')).toBe(0)
    writeFileSync(join(folder, 'memory.peak'), String(60 * mib))
    writeFileSync(join(folder, 'memory.events'), 'low 0\nhigh 0\nmax 5\noom 3\noom_kill 3\n')
    expect(group?.read()).toEqual({ peakBytes: 50 * mib, kills: 1 })
    expect(group?.wrapCommand(['true'])).toContain(join(folder, 'cgroup.procs'))
    // The files of a real group vanish with it.
    for (const name of readdirSync(folder)) rmSync(join(folder, name))
    await group?.remove()
    expect(readdirSync(join(root, 'own'))).toEqual([])
  })

  it('removes groups that a killed process left', () => {
    const { places } = makePlaces('0::/own', 'own')
    mkdirSync(join(root, 'own', 'reflectioncoder-4194305-0'))
    createMemoryGroup(places)
    expect(readdirSync(join(root, 'own'))).not.toContain('reflectioncoder-4194305-0')
  })
})

describe('a memory group of version 1', () => {
  it('limits memory and swap together', () => {
    const { places, folderOf } = makePlaces('7:cpu,memory:/own', 'memory/own')
    const group = createMemoryGroup(places)
    const folder = folderOf()
    writeFileSync(join(folder, 'memory.usage_in_bytes'), String(mib))
    writeFileSync(
      join(folder, 'memory.oom_control'),
      'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n',
    )
    group?.begin(20 * mib)
    expect(numberIn(folder, 'memory.limit_in_bytes')).toBe(53 * mib)
    expect(numberIn(folder, 'memory.memsw.limit_in_bytes')).toBe(53 * mib)
  })
})

it('there is no group where the kernel shows none', () => {
  expect(createMemoryGroup({ own: join(root, 'missing'), root })).toBeUndefined()
})
