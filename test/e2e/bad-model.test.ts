import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  openModelFolder,
  type TensorToWrite,
  writeSafetensors,
} from '../../src/nn/weights/index.ts'
import { type CliRun, runCli } from './run-cli.ts'
import { reflectionDialog, writeTinyModel } from './tiny-model.ts'

let folder: string
const at = (name: string) => join(folder, name)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-model-'))
  await writeTinyModel(at('model'))
  await writeFile(at('dialogs.jsonl'), `${JSON.stringify(reflectionDialog)}\n`)
  const size = ['--max-steps', '2', '--sequences-per-step', '1']
  expect(await plan('plan', ...size)).toMatchObject({ status: 0 })
  expect(await plan('other-plan', ...size, '--seed', '1')).toMatchObject({ status: 0 })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const plan = (out: string, ...more: string[]) =>
  runCli([
    ...['plan', '--data', at('dialogs.jsonl'), '--model', at('model'), '--out', at(out)],
    ...more,
  ])

const train = (model: string, out: string, ...more: string[]) =>
  runCli(['train', '--model', model, '--plan', at('plan'), '--out', at(out), ...more])

let runs = 0

/**
 * What `train` and `loss` say of a model that cannot be used: both the same, with exit status 2, and
 * nothing written.
 */
async function refusal(model: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const name = `written-${++runs}`
  const written = ['--out', at(`${name}.json`), '--gradients', at(`${name}.safetensors`)]
  const data = ['--data', at('dialogs.jsonl')]
  const trained = await runCli(
    ['train', '--model', model, '--plan', at('plan'), '--out', at(name)],
    { env },
  )
  const measured = await runCli(['loss', '--model', model, ...data, ...written], { env })
  expect(trained).toMatchObject({ status: 2, stdout: '' })
  expect(measured).toMatchObject({ status: 2, stdout: '' })
  expect(errorOf(measured)).toBe(errorOf(trained))
  const left = (await readdir(folder)).filter((entry) => entry.startsWith(name))
  expect(left).toEqual([])
  return errorOf(trained)
}

/** The lines of an error and its hint. */
const errorOf = ({ stderr }: CliRun) =>
  stderr
    .split('\n')
    .filter((line) => /^(error|hint): /.test(line))
    .join('\n')

/** A copy of the model with other files. */
async function copyWith(change: (folder: string) => Promise<void>): Promise<string> {
  const broken = at(`model-${++runs}`)
  await cp(at('model'), broken, { recursive: true })
  await change(broken)
  return broken
}

/** A copy of the model with other tensors. */
function copyWithTensors(change: (tensors: TensorToWrite[]) => void): Promise<string> {
  return copyWith(async (broken) => {
    const source = await openModelFolder(at('model'))
    const tensors: TensorToWrite[] = []
    for (const [name, { shape }] of source.tensors) {
      tensors.push({ name, dtype: 'F32', shape, data: await source.readFloat32(name) })
    }
    await source.close()
    change(tensors)
    await writeSafetensors(join(broken, 'model.safetensors'), tensors)
  })
}

const placeOf = (tensors: readonly TensorToWrite[], ending: string) =>
  tensors.findIndex(({ name }) => name.endsWith(ending))

async function changeJson(path: string, changes: object): Promise<void> {
  const known = JSON.parse(await readFile(path, 'utf8'))
  await writeFile(path, JSON.stringify({ ...known, ...changes }))
}

describe('tensors of a model', () => {
  it('that are missing are named', async () => {
    const model = await copyWithTensors((tensors) => {
      tensors.splice(placeOf(tensors, 'q_proj.weight'), 1)
    })
    expect(await refusal(model)).toBe(
      `error: ${model}: the tensor model.layers.0.self_attn.q_proj.weight [32, 32] is missing
hint: The weights do not belong to the configuration of ${model}; fetch the model again.`,
    )
  })

  it('that have no place are named', async () => {
    const model = await copyWithTensors((tensors) => {
      const name = 'model.layers.1.mlp.up_proj.weight'
      tensors.push({ name, dtype: 'F32', shape: [1], data: new Float32Array(1) })
    })
    expect(await refusal(model)).toContain(
      `error: ${join(model, 'model.safetensors')}: the tensor model.layers.1.mlp.up_proj.weight has no place in this model\n`,
    )
  })

  it('of the wrong shape are named with both shapes', async () => {
    const model = await copyWithTensors((tensors) => {
      const place = placeOf(tensors, 'o_proj.weight')
      tensors[place] = { ...tensors[place]!, shape: [16, 64] }
    })
    expect(await refusal(model)).toContain(
      `${join(model, 'model.safetensors')}: the tensor model.layers.0.self_attn.o_proj.weight has the wrong shape: expected [32, 32], got [16, 64]\n`,
    )
  })

  it('of the wrong type are named with both types', async () => {
    const model = await copyWithTensors((tensors) => {
      const place = placeOf(tensors, 'v_proj.weight')
      const { name, shape } = tensors[place]!
      tensors[place] = { name, shape, dtype: 'I32', data: new Int32Array(16 * 32) }
    })
    expect(await refusal(model)).toMatch(
      /^error: tensor model\.layers\.0\.self_attn\.v_proj\.weight of .*model\.safetensors: expected F32, F16, BF16, got .*I32/,
    )
  })

  it('that hold NaN are named', async () => {
    const model = await copyWithTensors((tensors) => {
      const { data } = tensors[placeOf(tensors, 'k_proj.weight')]!
      ;(data as Float32Array)[5] = Number.NaN
    })
    expect(await refusal(model)).toMatch(
      /^error: tensor .*k_proj\.weight of .*model\.safetensors: expected finite numbers, got NaN/,
    )
  })
})

describe('files of a model', () => {
  it('that are cut off are named: safetensors', async () => {
    const model = await copyWith(async (broken) => {
      const path = join(broken, 'model.safetensors')
      await writeFile(path, (await readFile(path)).subarray(0, -100))
    })
    expect(await refusal(model)).toMatch(
      /^error: .*model\.safetensors is not a sound safetensors file: tensor .*\nhint: The file is damaged or was not copied whole; fetch it again\.$/,
    )
  })

  it.each([
    ['in a tensor', -100],
    ['in the header', 200],
  ])('that are cut off are named: GGUF, %s', async (_, end) => {
    const whole = new URL('../../src/nn/weights/__fixtures__/types.gguf', import.meta.url)
    const model = at(`cut-${++runs}.gguf`)
    await writeFile(model, (await readFile(fileURLToPath(whole))).subarray(0, end))
    const message = await refusal(model)
    expect(message).toMatch(/^error: .*cut-\d+\.gguf cannot be used as a GGUF model: /)
    expect(message).toMatch(/hint: The file is damaged or was not copied whole; fetch it again\.$/)
  })

  it('that are no GGUF are named', async () => {
    const model = at('nothing.gguf')
    await writeFile(model, 'GGUF and nothing else')
    expect(await refusal(model)).toMatch(
      /^error: .*nothing\.gguf cannot be used as a GGUF model: expected version/,
    )
  })

  it('that an index names and the folder lacks are named', async () => {
    const model = await copyWith(async (broken) => {
      const map = { 'model.norm.weight': 'model-00001-of-00002.safetensors' }
      await rm(join(broken, 'model.safetensors'))
      const index = join(broken, 'model.safetensors.index.json')
      await writeFile(index, JSON.stringify({ weight_map: map }))
    })
    expect(await refusal(model)).toMatch(
      /^error: .*index\.json places tensor model\.norm\.weight in model-00001-of-00002\.safetensors, but there is no file .*\nhint: Fetch the missing shard\.$/,
    )
  })

  it('are missing: config.json', async () => {
    const model = await copyWith((broken) => rm(join(broken, 'config.json')))
    expect(await refusal(model)).toMatch(
      /^error: cannot read .*config\.json: .*\nhint: Give the folder of a Hugging Face model\.$/,
    )
  })

  it('are missing: the folder itself', async () => {
    expect(await refusal(at('absent'))).toMatch(
      /^error: there is no model at .*absent: .*\nhint: Give the folder of a Hugging Face model, a \.gguf file, or the id of a model on the hub\.$/,
    )
  })

  it('lie on a hub that is off', async () => {
    const env = { HF_HUB_OFFLINE: '1', HF_HOME: at('home'), HF_HUB_CACHE: '' }
    expect(await refusal('org/unknown', env)).toMatch(
      /^error: the model org\/unknown: neither a path here nor complete in the cache .*\nhint: Unset HF_HUB_OFFLINE to fetch it/,
    )
  })
})

describe('the configuration of a model', () => {
  it.each([
    [{ architectures: ['GemmaForCausalLM'] }, 'architectures should be one of LlamaForCausalLM'],
    [
      { rope_scaling: { rope_type: 'longrope' } },
      'rope_scaling.rope_type should be one of default',
    ],
    [{ num_key_value_heads: 3 }, 'num_key_value_heads'],
  ])('has its faulty field named: %o', async (changes, problem) => {
    const model = await copyWith((broken) => changeJson(join(broken, 'config.json'), changes))
    expect(await refusal(model)).toContain(`config.json: ${problem}`)
  })

  it('may not have fewer rows than the tokenizer has tokens', async () => {
    const config = JSON.parse(await readFile(join(at('model'), 'config.json'), 'utf8'))
    const model = await copyWith((broken) =>
      changeJson(join(broken, 'config.json'), { vocab_size: 100 }),
    )
    const message = `error: ${model}: the tokenizer does not match the embedding: it has ${config.vocab_size} tokens, the embedding 100 rows
hint: The tokenizer belongs to another model; fetch both again from one place.`
    expect(await refusal(model)).toBe(message)
    const data = ['--data', at('dialogs.jsonl'), '--out', at('no-plan')]
    const planned = await runCli(['plan', ...data, '--model', model])
    expect(planned.status).toBe(2)
    expect(errorOf(planned)).toBe(message)
    expect(await readdir(folder)).not.toContain('no-plan')
  })
})

describe('what belongs to something else', () => {
  it('an adapter of another model', async () => {
    const lora = ['--lora-rank', '2', '--no-merge']
    expect(await train(at('model'), 'adapted', ...lora)).toMatchObject({ status: 0 })
    const adapter = join(at('adapted'), 'adapter')
    const other = await copyWithTensors((tensors) => {
      const { data } = tensors[placeOf(tensors, 'model.norm.weight')]!
      ;(data as Float32Array)[0] = 2
    })
    const data = ['--data', at('dialogs.jsonl'), '--out', at('none.json')]
    const mixed = await runCli(['loss', '--model', other, '--adapter', adapter, ...data])
    expect(mixed.status).toBe(2)
    expect(errorOf(mixed)).toBe(
      `error: the adapter ${adapter} belongs to another model: it was trained on ${at('model')}
hint: Give that model, or an adapter of this one.`,
    )
    expect(await readdir(folder)).not.toContain('none.json')

    await changeJson(join(adapter, 'adapter_config.json'), { base_model_name_or_path: at('gone') })
    const lost = await runCli(['loss', '--model', adapter, ...data])
    expect(lost.status).toBe(2)
    expect(errorOf(lost)).toMatch(
      /^error: .*adapter_config\.json names the base model .*gone, which is not there\nhint: Give the model with --model and this folder with --adapter\.$/,
    )
  })

  it('an adapter in place of a model to tune', async () => {
    const lora = ['--lora-rank', '2', '--no-merge']
    expect(await train(at('model'), 'alone', ...lora)).toMatchObject({ status: 0 })
    const run = await train(join(at('alone'), 'adapter'), 'again')
    expect(run.status).toBe(2)
    expect(errorOf(run)).toMatch(/config\.json: .*\nhint: This is the folder of an adapter alone/)
  })

  it('an adapter whose tensors do not fit', async () => {
    const lora = ['--lora-rank', '2', '--no-merge']
    expect(await train(at('model'), 'reshaped', ...lora)).toMatchObject({ status: 0 })
    const adapter = join(at('reshaped'), 'adapter')
    await changeJson(join(adapter, 'adapter_config.json'), { r: 3 })
    const run = await runCli(['loss', '--model', adapter, '--data', at('dialogs.jsonl')])
    expect(run.status).toBe(2)
    expect(errorOf(run)).toMatch(
      /^error: .*adapter_model\.safetensors: the tensor .*lora_A\.weight does not fit the model: expected \[3, 32\], got \[2, 32\]/,
    )
  })

  it('a checkpoint of another plan', async () => {
    const often = ['--checkpoint-every', '1']
    expect(await train(at('model'), 'trained', ...often)).toMatchObject({ status: 0 })
    const paths = ['--plan', at('other-plan'), '--out', at('trained'), '--resume']
    const run = await runCli(['train', '--model', at('model'), ...paths])
    expect(run.status).toBe(2)
    expect(errorOf(run)).toMatch(
      /^error: the checkpoint .*step-00000001 belongs to the plan [0-9a-f]{64}, not to [0-9a-f]{64}\nhint: Give the plan of that run, or --overwrite to start anew\.$/,
    )
  })

  it('a checkpoint that is damaged', async () => {
    const often = ['--checkpoint-every', '1']
    expect(await train(at('model'), 'damaged', ...often)).toMatchObject({ status: 0 })
    const state = join(at('damaged'), 'checkpoints/step-00000001/state.safetensors')
    await writeFile(state, (await readFile(state)).subarray(0, -8))
    const run = await train(at('model'), 'damaged', '--resume')
    expect(run.status).toBe(2)
    expect(errorOf(run)).toMatch(
      /^error: the checkpoint .*step-00000001 is damaged: .*\nhint: Remove that folder; --resume then goes on from the checkpoint before it\.$/,
    )
  })

  it('a plan made with another tokenizer', async () => {
    const model = await copyWith((broken) =>
      changeJson(join(broken, 'tokenizer_config.json'), { bos_token: '<|endoftext|>' }),
    )
    const run = await train(model, 'mixed')
    expect(run.status).toBe(2)
    expect(errorOf(run)).toMatch(/^error: the plan .* was made with another tokenizer than that of/)
    expect(await readdir(folder)).not.toContain('mixed')
  })
})
