import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { lockFolder } from '../../src/core/index.ts'
import { openModelFolder, writeSafetensors } from '../../src/nn/weights/index.ts'
import { type CliRun, runCli } from './run-cli.ts'
import { reflectionDialog, writeTinyModel } from './tiny-model.ts'

let folder: string
let model: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-input-'))
  model = join(folder, 'model')
  await writeTinyModel(model)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

let files = 0
async function writeText(text: string): Promise<string> {
  const path = join(folder, `data-${++files}.jsonl`)
  await writeFile(path, text)
  return path
}

const writeRecords = (...records: unknown[]) =>
  writeText(records.map((record) => `${JSON.stringify(record)}\n`).join(''))

/** Status and standard error with the path of the data shown as FILE; standard output is empty. */
async function planRun(file: string): Promise<CliRun & { message: string }> {
  const out = join(folder, `plan-${++files}`)
  const run = await runCli(['plan', '--data', file, '--model', model, '--out', out])
  return { ...run, message: run.stderr.replaceAll(file, 'FILE').split('\n')[0] as string }
}

describe('malformed data', () => {
  it('names the line of a line that is no JSON', async () => {
    const file = await writeText(`${JSON.stringify(reflectionDialog)}\n{"messages": [,]}\n`)
    const run = await planRun(file)
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 2.*column 15/)
    expect(run.stdout).toBe('')
  })

  it('names line and field of a wrong role', async () => {
    const dialog = structuredClone(reflectionDialog)
    dialog.messages[2]!.role = 'system'
    const run = await planRun(await writeRecords(reflectionDialog, dialog))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 2, messages\[2\]\.role: expected .*"system"/)
  })

  it('names line and field of a wrong block type', async () => {
    const dialog = structuredClone(reflectionDialog)
    dialog.messages[1]!.content[1]!.type = 'cod'
    const run = await planRun(await writeRecords(dialog))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 1, messages\[1\]\.content\[1\]\.type: .*"cod"/)
  })

  it('refuses a dialog without messages', async () => {
    const run = await planRun(await writeRecords({ messages: [], type: 'reflection' }))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 1, messages: /)
  })

  it('refuses a reflection sample of fewer than four messages', async () => {
    const dialog = { ...reflectionDialog, messages: reflectionDialog.messages.slice(0, 2) }
    const run = await planRun(await writeRecords(dialog))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: FILE, line 1, messages: .*(4|four)/)
  })

  it('refuses a file without dialogs', async () => {
    const run = await planRun(await writeText(''))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/FILE/)
  })

  it('refuses data in which no sample has an answer to learn from', async () => {
    const run = await planRun(await writeRecords({ instruction: 'Say nothing.' }))
    expect(run.status).toBe(2)
    expect(run.message).toMatch(/^error: /)
  })

  it('names a file that is not there', async () => {
    const run = await planRun(join(folder, 'absent.jsonl'))
    expect(run.status).toBe(2)
    expect(run.message).toContain('FILE')
  })
})

describe('a broken model folder', () => {
  let plan: string
  beforeAll(async () => {
    plan = join(folder, 'plan')
    const data = await writeRecords(reflectionDialog)
    const args = ['--model', model, '--out', plan, '--max-steps', '1', '--sequences-per-step', '1']
    expect(await runCli(['plan', '--data', data, ...args])).toMatchObject({ status: 0 })
  })

  /** Trains with a copy of the model whose tensors were changed. */
  async function trainWith(
    change: (tensors: { name: string; shape: readonly number[]; data: Float32Array }[]) => void,
  ): Promise<CliRun> {
    const broken = join(folder, `model-${++files}`)
    await cp(model, broken, { recursive: true })
    const source = await openModelFolder(model)
    const tensors: { name: string; shape: readonly number[]; data: Float32Array }[] = []
    for (const [name, { shape }] of source.tensors) {
      tensors.push({ name, shape, data: await source.readFloat32(name) })
    }
    await source.close()
    change(tensors)
    const weights = tensors.map((tensor) => ({ ...tensor, dtype: 'F32' as const }))
    await writeSafetensors(join(broken, 'model.safetensors'), weights)
    return runCli(['train', '--model', broken, '--plan', plan, '--out', join(broken, 'out')])
  }

  it('names a missing tensor', async () => {
    const run = await trainWith((tensors) => {
      tensors.splice(
        tensors.findIndex(({ name }) => name.endsWith('q_proj.weight')),
        1,
      )
    })
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/^error: .*model\.layers\.0\.self_attn\.q_proj\.weight/m)
  })

  it('names a tensor of the wrong shape and both shapes', async () => {
    const run = await trainWith((tensors) => {
      const index = tensors.findIndex(({ name }) => name.endsWith('o_proj.weight'))
      tensors[index] = { ...tensors[index]!, shape: [16, 64] }
    })
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/^error: .*o_proj\.weight.*32.*16/m)
  })

  it('names a tensor that holds NaN', async () => {
    const run = await trainWith((tensors) => {
      tensors.find(({ name }) => name.endsWith('k_proj.weight'))!.data[5] = Number.NaN
    })
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/^error: .*k_proj\.weight.*NaN/im)
  })

  /** Trains with a copy of the model whose files were changed. */
  async function trainChanged(change: (folder: string) => Promise<void>): Promise<CliRun> {
    const broken = join(folder, `model-${++files}`)
    await cp(model, broken, { recursive: true })
    await change(broken)
    const out = join(broken, 'out')
    const run = await runCli(['train', '--model', broken, '--plan', plan, '--out', out])
    expect(run.status).toBe(2)
    expect(spawnSync('ls', [join(out, 'model')]).status).not.toBe(0)
    return run
  }

  it('names a truncated file', async () => {
    const run = await trainChanged(async (broken) => {
      const path = join(broken, 'model.safetensors')
      await writeFile(path, (await readFile(path)).subarray(0, -100))
    })
    expect(run.stderr).toMatch(
      /^error: .*model\.safetensors is not a sound safetensors file: tensor/m,
    )
  })

  it('names a shard that the index names and the folder lacks', async () => {
    const run = await trainChanged(async (broken) => {
      const weightMap = { 'model.norm.weight': 'model-00001-of-00002.safetensors' }
      await rm(join(broken, 'model.safetensors'))
      const index = join(broken, 'model.safetensors.index.json')
      await writeFile(index, JSON.stringify({ weight_map: weightMap }))
    })
    expect(run.stderr).toMatch(
      /^error: .*index\.json places tensor model\.norm\.weight in model-00001-of-00002\.safetensors, but/m,
    )
  })

  it.each([
    [{ architectures: ['GemmaForCausalLM'] }, 'architectures should be one of LlamaForCausalLM'],
    [
      { rope_scaling: { rope_type: 'longrope' } },
      'rope_scaling.rope_type should be one of default',
    ],
  ])('names the field of the configuration: %o', async (changes, problem) => {
    const run = await trainChanged(async (broken) => {
      const path = join(broken, 'config.json')
      const config = JSON.parse(await readFile(path, 'utf8'))
      await writeFile(path, JSON.stringify({ ...config, ...changes }))
    })
    expect(run.stderr).toContain(`config.json: ${problem}`)
  })

  it('names what is wrong with a GGUF file', async () => {
    const broken = join(folder, 'broken.gguf')
    await writeFile(broken, 'GGUF and nothing else')
    const args = ['--plan', plan, '--out', join(folder, 'gguf-out')]
    const run = await runCli(['train', '--model', broken, ...args])
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(
      /^error: .*broken\.gguf cannot be used as a GGUF model: expected version/m,
    )
  })

  it('names a model folder without config.json', async () => {
    const args = ['--plan', plan, '--out', join(folder, 'none')]
    const run = await runCli(['train', '--model', join(folder, 'absent'), ...args])
    expect(run.status).toBe(2)
    expect(run.stderr).toMatch(/^error: .*absent/m)
  })
})

describe('a tokenizer that does not match the embedding', () => {
  it('is refused with both sizes', async () => {
    const other = join(folder, 'other-vocabulary')
    await cp(model, other, { recursive: true })
    const config = JSON.parse(await readFile(join(other, 'config.json'), 'utf8'))
    const changed = { ...config, vocab_size: 100 }
    await writeFile(join(other, 'config.json'), JSON.stringify(changed))
    const data = await writeRecords(reflectionDialog)
    const run = await runCli(['plan', '--data', data, '--model', other, '--out', `${other}-plan`])
    expect(run.status).toBe(2)
    expect(run.stderr).toContain(`it has ${config.vocab_size} tokens, the embedding 100 rows`)
  })
})

describe('outputs', () => {
  const args = () => ['data', 'katas', '--count', '40', '--out']

  it('leaves an existing output alone', async () => {
    const out = await writeText('mine\n')
    const run = await runCli([...args(), out])
    expect(run.status).toBe(2)
    expect(run.stderr).toContain(`error: the output ${out} exists already\n`)
    expect(await readFile(out, 'utf8')).toBe('mine\n')
  })

  it('says when the disk is full and leaves nothing half-written', async () => {
    const out = join(folder, 'limited/katas.jsonl')
    // A limit on the size of files stands for a full disk: both refuse the write.
    const launcher = ['prlimit', '--fsize=8192']
    const run = await runCli([...args(), out], { launcher })
    expect(run.status).toBe(1)
    expect(run.stderr).toContain(`error: no space left while writing ${out}\n`)
    expect(spawnSync('ls', ['-A', join(folder, 'limited')]).stdout.toString()).toBe('')
  })

  it('names the process that holds the output folder', async () => {
    const out = join(folder, 'held')
    const release = await lockFolder(out)
    try {
      const recipe = await writeText('title: One\nsteps:\n  - id: katas\n    uses: katas\n')
      const run = await runCli(['run', recipe, '--out', out])
      expect(run.status).toBe(1)
      expect(run.stderr).toContain(
        `error: the output folder ${out} is in use by process ${process.pid}\n`,
      )
    } finally {
      await release()
    }
  })
})

describe('a missing dependency', () => {
  it('names the command that installs bubblewrap', async () => {
    const problems = join(folder, 'problems.jsonl')
    const katas = ['data', 'katas', '--split', 'test', '--count', '1', '--out', problems]
    expect(await runCli(katas)).toMatchObject({ status: 0 })
    const { task_id, prompt, canonical_solution } = JSON.parse(await readFile(problems, 'utf8'))
    const samples = await writeRecords({ task_id, solution: prompt + canonical_solution })
    const out = ['--out', join(folder, 'scores')]
    const run = await runCli(['eval', '--problems', problems, '--samples', samples, ...out], {
      env: { PATH: '/nowhere' },
    })
    expect(run.status).toBe(3)
    expect(run.stderr).toMatch(/apt-get install .*bubblewrap/)
  })
})
