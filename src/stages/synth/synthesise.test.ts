import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readDialogs } from '../../data/datasets/index.ts'
import type { Dialog } from '../../data/dialog/index.ts'
import { generateKatas, toInstruction } from '../../data/katas/index.ts'
import { type SynthOptions, synthOptionsSchema } from './options.ts'
import { synthesise } from './synthesise.ts'

let folder: string
let instructions: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synth-'))
  instructions = join(folder, 'instructions.jsonl')
  const katas = generateKatas({ split: 'train', count: 16, seed: 5 })
  await writeFile(instructions, katas.map((k) => `${JSON.stringify(toInstruction(k))}\n`).join(''))
})
afterEach(() => rm(folder, { recursive: true }))

const optionsFor = (more: Partial<SynthOptions> = {}) =>
  synthOptionsSchema.parse({ instructions, out: join(folder, 'dialogs.jsonl'), ...more })

async function readAll(path: string): Promise<Dialog[]> {
  const dialogs: Dialog[] = []
  for await (const { dialog } of readDialogs(path)) dialogs.push(dialog)
  return dialogs
}

describe('synthesise with the scripted teacher', () => {
  it('writes reflection dialogs in the order of the instructions', async () => {
    const options = optionsFor()
    const summary = await synthesise(options)
    const dialogs = await readAll(options.out)
    expect(summary.kept).toBe(dialogs.length)
    expect(dialogs.map(({ id }) => id)).toEqual(
      Array.from({ length: 16 }, (_, index) => `Kata/${index}`),
    )
    for (const { messages, type } of dialogs) {
      expect(type).toBe('reflection')
      expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user', 'assistant'])
      const types = messages[1]?.content.map((block) => block.type) ?? []
      expect(types.slice(0, 3)).toEqual(['text', 'code', 'execution'])
      expect(types.at(-1)).toBe('text')
    }
  })

  it('quotes what the sandbox printed', async () => {
    const options = optionsFor({ rightAtOnce: 0 })
    await synthesise(options)
    const blocks = (await readAll(options.out)).flatMap((d) => d.messages[1]?.content ?? [])
    const failures = blocks.flatMap((block, index) => {
      const next = blocks[index + 1]
      const failed = block.type === 'execution' && block.content !== '' && next?.type === 'text'
      return failed ? [{ printed: block.content, said: next.content }] : []
    })
    expect(failures.length).toBeGreaterThan(5)
    for (const { printed, said } of failures) {
      expect(said).toContain(printed.trim().split('\n').at(-1))
    }
  })

  it('drops what is not repaired within the rounds, and says why', async () => {
    const summary = await synthesise(optionsFor({ rightAtOnce: 0, maxRounds: 1 }))
    expect(summary.dropped).toEqual({ 'rounds-exhausted': 16 - summary.kept })
    expect(summary.kept).toBeLessThan(4)
  })

  it('gives the same bytes with any concurrency', async () => {
    await synthesise(optionsFor({ concurrency: 1 }))
    await synthesise(optionsFor({ concurrency: 3, out: join(folder, 'other.jsonl') }))
    expect(await readFile(join(folder, 'other.jsonl'), 'utf8')).toBe(
      await readFile(join(folder, 'dialogs.jsonl'), 'utf8'),
    )
  })

  it('goes on after SIGKILL and ends with the same bytes', async () => {
    await synthesise(optionsFor({ out: join(folder, 'whole.jsonl') }))
    const options = optionsFor({ concurrency: 1 })
    await killAfterEntries(options, 3)
    await synthesise({ ...options, resume: true })
    expect(await readFile(options.out, 'utf8')).toBe(
      await readFile(join(folder, 'whole.jsonl'), 'utf8'),
    )
  })

  it('refuses an existing output and instructions that are no katas', async () => {
    const options = optionsFor()
    await writeFile(options.out, '')
    await expect(synthesise(options)).rejects.toMatchObject({ code: 'RC_OUTPUT_EXISTS' })
    await writeFile(instructions, '{"id":"a","instruction":"Sort a list."}\n')
    await expect(synthesise({ ...options, overwrite: true })).rejects.toMatchObject({
      code: 'RC_NOT_A_KATA',
      status: 2,
    })
  })
})

/** Runs `synthesise` in a process of its own and kills it when the journal holds some entries. */
async function killAfterEntries(options: SynthOptions, entries: number): Promise<void> {
  const module = new URL('./synthesise.ts', import.meta.url).href
  const code = `import(${JSON.stringify(module)}).then((m) => m.synthesise(${JSON.stringify(options)}))`
  const child = spawn(process.execPath, ['--import', 'tsx', '-e', code], { stdio: 'ignore' })
  const ended = new Promise((resolve) => child.on('exit', resolve))
  for (let lines = 0; lines <= entries && child.exitCode === null; ) {
    const text = await readFile(`${options.out}.journal`, 'utf8').catch(() => '')
    lines = text.split('\n').length - 1
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  child.kill('SIGKILL')
  await ended
}
