import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { writeSafetensors } from './index.ts'

const module = new URL('./index.ts', import.meta.url).href

/** Reads a tensor in a process of its own and prints by how much its peak memory rose, in bytes. */
const script = `
const { openSafetensors } = await import(${JSON.stringify(module)})
const peak = () => process.resourceUsage().maxRSS * 1024
const file = await openSafetensors(process.argv[1])
const before = peak()
const values = await file.readFloat32('w')
console.log(JSON.stringify({ rise: peak() - before, last: values.at(-1) }))
await file.close()
`

it('holds a widened tensor once, and of the file some pieces', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rc-load-memory-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const path = join(folder, 'model.safetensors')
  const rows = 64
  async function* pieces() {
    for (let row = 0; row < rows; row++) yield new Float32Array(2 ** 19).fill(row)
  }
  await writeSafetensors(path, [
    { name: 'w', dtype: 'BF16', shape: [rows, 2 ** 19], data: pieces() },
  ])
  const args = ['--import', 'tsx', '--input-type=module', '-e', script, path]
  const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  const { rise, last } = JSON.parse(stdout)
  expect(last).toBe(rows - 1)
  const wide = 4 * rows * 2 ** 19 // 128 MiB; the file has 64
  expect(rise).toBeGreaterThan(0.9 * wide)
  expect(rise).toBeLessThan(wide + 40 * 2 ** 20)
})
