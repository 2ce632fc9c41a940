import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRandom, optionFlag } from '../../src/core/index.ts'
import {
  type AdapterTarget,
  adapterTargets,
  addTokenRows,
  createAdapter,
  loadModel,
  writeAdapter,
} from '../../src/nn/models/index.ts'
import { loadTokenizer } from '../../src/nn/tokenizer/index.ts'
import { createPlan, planOptionsSchema } from '../../src/stages/plan/index.ts'
import type { LossSummary, SampleLoss } from '../../src/stages/train/index.ts'
import { expectClose, norm, readTensors, relativeError } from './compare.ts'
import { describeParity, runPython } from './python.ts'

const someTargets = ['q_proj', 'v_proj', 'o_proj', 'gate_proj', 'down_proj'] as const

interface Variant {
  readonly name: string
  readonly model: readonly string[]
  readonly options: Readonly<Record<string, string | number>>
  /** Targets of an adapter with random values. */
  readonly adapter?: readonly AdapterTarget[]
}

const variants: readonly Variant[] = [
  {
    name: 'Llama with BOS, untied, the seven tokens new, no spare rows',
    model: ['--architecture', 'llama', '--no-special', '--heads', '4', '--kv-heads', '2'],
    options: { mask: 'block-type', blockOrder: 'text,code,execution', maskRate: 0.5 },
  },
  {
    name: 'Qwen2 without BOS, tied, three of the seven tokens there, spare rows',
    model: ['--architecture', 'qwen2', '--no-bos', '--tied', '--special', '3', '--tokens', '280'],
    options: { mask: 'all', maskRate: 1, klWeight: 0.5, temperature: 2 },
  },
  {
    name: 'Qwen3 without BOS, untied, the seven tokens new, fewer spare rows than tokens',
    model: ['--architecture', 'qwen3', '--no-bos', '--no-special', '--tokens', '296'],
    options: { mask: 'sequential-token', maskRate: 0.3 },
  },
  {
    name: 'Llama without BOS, tied, every token there',
    model: ['--architecture', 'llama', '--no-bos', '--tied', '--kv-heads', '4'],
    options: { mask: 'block-type', blockOrder: 'execution,text,code', maskRate: 0.9 },
  },
  {
    name: 'Qwen2 with BOS, one query group, nothing hidden',
    model: ['--architecture', 'qwen2', '--kv-heads', '1', '--no-special'],
    options: { mask: 'none', maskRate: 0.5 },
  },
  {
    name: 'Mistral with a sliding window, layers computed again',
    model: ['--architecture', 'mistral', '--config', '{"sliding_window":16}', '--no-special'],
    options: { mask: 'sequential-block', maskRate: 0.5, activations: 'recompute' },
  },
  {
    name: 'an adapter of a tied Qwen2',
    model: ['--architecture', 'qwen2', '--tied', '--no-bos', '--no-special'],
    options: { mask: 'block-type', maskRate: 0.5 },
    adapter: someTargets,
  },
  {
    name: 'an adapter of an untied Llama',
    model: ['--architecture', 'llama', '--no-special', '--tokens', '280'],
    options: { mask: 'all', maskRate: 1 },
    adapter: someTargets,
  },
  {
    name: 'an adapter of all seven projections of a Qwen3',
    model: ['--architecture', 'qwen3', '--no-bos', '--no-special'],
    options: { mask: 'block-type', maskRate: 0.5 },
    adapter: Object.keys(adapterTargets) as AdapterTarget[],
  },
  {
    name: 'a wide Qwen2 and a long sample, so that tokens run in blocks',
    model: ['--architecture', 'qwen2', '--no-bos', '--tied', '--intermediate', '2048'],
    options: { mask: 'block-type', maskRate: 0.5, maxLength: 8000 },
  },
  {
    name: 'an adapter of a wide Llama and a long sample, layers computed again',
    model: ['--architecture', 'llama', '--no-special', '--intermediate', '2048'],
    options: { mask: 'block-type', maskRate: 0.1, maxLength: 8000, activations: 'recompute' },
    adapter: Object.keys(adapterTargets) as AdapterTarget[],
  },
  {
    name: 'Qwen2 with drawn tokens hidden',
    model: ['--architecture', 'qwen2', '--no-bos', '--tied'],
    options: { mask: 'random-token', maskRate: 0.6, seed: 3 },
  },
  {
    name: 'Llama with drawn blocks hidden',
    model: ['--architecture', 'llama', '--no-special'],
    options: { mask: 'random-block', maskRate: 0.4, seed: 4 },
  },
]

const isDrawn = ({ options }: Variant) => String(options.mask).startsWith('random-')

const figures = [
  ...['crossEntropy', 'teacherCrossEntropy', 'studentCrossEntropy', 'klDivergence', 'loss'],
] as const
const positions = ['teacherPositions', 'studentPositions', 'distillationPositions'] as const

describeParity('the command loss and transformers in fp32', () => {
  let folder: string
  const at = (index: number, name: string) => join(folder, `${index}-${name}`)
  const data = () => join(folder, 'dialogs.jsonl')

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'rc-loss-'))
    await writeFile(
      data(),
      dialogs()
        .map((dialog) => `${JSON.stringify(dialog)}\n`)
        .join(''),
    )
    const made = variants.map(({ model }, index) => [
      ...['--out', at(index, 'model'), '--hidden', '32', '--vocab', '300', '--tokenizer'],
      ...['--seed', String(index), ...model],
    ])
    await writeFile(join(folder, 'models.json'), JSON.stringify(made))
    await runPython('make_model.py', ['--many', join(folder, 'models.json')])
    for (const [index, { adapter }] of variants.entries()) {
      if (adapter) await writeRandomAdapter(at(index, 'model'), at(index, 'adapter'), adapter)
    }
    for (const [index, variant] of variants.entries()) {
      if (isDrawn(variant)) await planMasks(variant, at(index, 'model'), at(index, 'plan'))
    }
    const cases = variants.map((variant, index) => {
      const { options, adapter } = variant
      return {
        ...{ model: at(index, 'model'), data: data(), maxLength },
        ...(adapter ? { adapter: at(index, 'adapter') } : {}),
        ...options,
        ...(options.blockOrder ? { blockOrder: String(options.blockOrder).split(',') } : {}),
        ...(isDrawn(variant) ? { plan: at(index, 'plan') } : {}),
        ...{ out: at(index, 'expected.json'), gradients: at(index, 'expected.safetensors') },
      }
    })
    await writeFile(join(folder, 'cases.json'), JSON.stringify(cases))
    await runPython('reference_loss.py', [join(folder, 'cases.json')])
  }, 300_000)
  afterAll(() => rm(folder, { recursive: true, force: true }))

  /** A plan of the file in one step, whose masks are those that `loss` draws. */
  async function planMasks({ options }: Variant, model: string, out: string): Promise<void> {
    const { mask, ...others } = options
    const size = { maxSteps: 1, sequencesPerStep: 6, maxLength }
    const paths = { data: [data()], model, out }
    await createPlan(planOptionsSchema.parse({ ...paths, mask: [mask], ...size, ...others }))
  }

  it.each(variants.map((variant, index) => ({ ...variant, index })))(
    'agree on $name',
    async ({ index, options, adapter }) => {
      const flags = Object.entries({ maxLength, ...options }).flatMap(([key, value]) => [
        `--${optionFlag(key)}`,
        String(value),
      ])
      const found = await runLoss([
        ...['--model', at(index, adapter ? 'adapter' : 'model'), '--data', data(), ...flags],
        ...['--json', '--per-sample', '--gradients', at(index, 'found.safetensors')],
      ])
      const expected = JSON.parse(await readFile(at(index, 'expected.json'), 'utf8')) as LossSummary
      const long = options.maxLength === undefined ? 0 : 1
      expect(found.data).toMatchObject([
        { samples: 6 + long, reflection: 5 + long, plain: 1, dropped: 1 - long },
      ])
      compareFigures(found, expected, 'mean')
      const [samples, references] = [found.samples!, expected.samples!]
      expect(samples.map(({ id }) => id)).toEqual(references.map(({ id }) => id))
      samples.forEach((sample, place) => {
        const reference = references[place] as SampleLoss
        compareFigures(sample, reference, `sample ${sample.id}`)
        for (const name of positions) expect(sample[name]).toBe(reference[name])
      })
      const gradients = await readTensors(at(index, 'found.safetensors'))
      const references2 = await readTensors(at(index, 'expected.safetensors'))
      expect([...gradients.keys()].sort()).toEqual([...references2.keys()].sort())
      let squares = 0
      for (const [name, gradient] of references2) {
        expect(norm(gradient), `${name} has a gradient`).toBeGreaterThan(0)
        const error = relativeError(gradients.get(name)!, gradient)
        // float32 sums of some thousand terms in another order
        expect(error, `gradient by ${name}`).toBeLessThan(1e-5)
        squares += norm(gradient) ** 2
      }
      expectClose(found.gradientNorm, Math.sqrt(squares), 'gradientNorm')
    },
  )
})

/**
 * The divergence is a sum of differences of two log-probabilities. Each has a rounding of its own,
 * some 4e-7 for logits between 4 and 8 in float32 (half a unit in the last place is 2.4e-7), that
 * does not shrink with the difference: below this value the error is bounded by 2e-7 nats, half of
 * one such rounding, instead of relative to it.
 */
const klFloor = 1e-2

function compareFigures(
  found: LossSummary | SampleLoss,
  expected: LossSummary | SampleLoss,
  what: string,
): void {
  for (const name of figures) {
    const floor = name === 'klDivergence' ? klFloor : 0
    expectClose(found[name], expected[name], `${name} of ${what}`, 2e-5, floor)
  }
}

/** The command line from source, whose standard output is one JSON document. */
async function runLoss(args: readonly string[]): Promise<LossSummary> {
  const main = fileURLToPath(new URL('../../src/app/cli/main.ts', import.meta.url))
  const command = ['--import', 'tsx', main, 'loss', ...args]
  const { stdout } = await promisify(execFile)(process.execPath, command, { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout) as LossSummary
}

/** An adapter with values that are not zero, and with trained rows of the new tokens. */
async function writeRandomAdapter(
  model: string,
  out: string,
  targets: readonly AdapterTarget[],
): Promise<void> {
  const tokenizer = await loadTokenizer(model)
  const base = addTokenRows(await loadModel(model), tokenizer.addedTokens)
  const tokenIds = tokenizer.addedTokens.map(({ id }) => id)
  const adapter = createAdapter(base, { rank: 4, alpha: 6, dropout: 0.1, targets, tokenIds }, 1)
  const random = createRandom(2)
  for (const { data } of adapter.parameters.values()) {
    data.forEach((_, index) => {
      data[index] = 0.1 * random.normal()
    })
  }
  await writeAdapter(out, adapter, base, model)
}

/** Longer than every sample but one; the default. */
const maxLength = 400

function dialogs(): object[] {
  const block = (type: string, content: string) => ({ type, content })
  const text = (content: string) => block('text', content)
  const message = (role: string, ...content: object[]) => ({ role, content })
  const reflection = (more: object, ...blocks: object[]) => ({
    ...more,
    messages: [
      message('user', text('Write add(first, second), test it and repair it.')),
      message('assistant', ...blocks),
      message('user', text('Write add(first, second).')),
      message(
        'assistant',
        text('Here:'),
        block('code', 'def add(first, second):\n    return first + second\n'),
      ),
    ],
    type: 'reflection',
  })
  const attempt = block('code', 'print(add(1, 2))')
  const longer = reflection({}, text('Try.'), attempt, block('execution', '3\n'))
  return [
    reflection(
      { id: 'first' },
      text('I try.'),
      attempt,
      block('execution', '-1\n'),
      text('Wrong.'),
      attempt,
    ),
    reflection({}, attempt, block('execution', '')),
    {
      id: 7,
      messages: [message('user', text('Is 1 < 2?')), message('assistant', text('Yes.'))],
      type: 'generation',
    },
    reflection({ id: 'long' }, text('for index in range(10): '.repeat(200))),
    reflection(
      { id: 'spells' },
      text('A <|code|> is no <|endofblock|> <|end|> here.'),
      attempt,
      text(''),
    ),
    {
      ...longer,
      messages: [
        ...longer.messages,
        message('user', text('With types?')),
        message(
          'assistant',
          block('code', 'def add(a: int, b: int) -> int: ...'),
          block('execution', 'None'),
          text('So.'),
        ),
      ],
    },
    reflection(
      { id: 'Grüße 漢字' },
      text('Ünïcödé 漢字 🎉\n\n\t'),
      attempt,
      block('execution', 'é'),
    ),
  ]
}
