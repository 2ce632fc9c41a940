import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { hashFile } from '../../src/core/index.ts'
import { writeSafetensors } from '../../src/nn/weights/index.ts'
import type { CaseFile, ReferenceView } from './cases.ts'

export interface PlanFolderOptions {
  vocabularySize: number
  /** Views of the cases, as `reference.py views` gives them. */
  views: ReferenceView[][][][]
  addedTokens?: { token: string; id: number; sourceIds: number[] }[]
  optimizer?: Partial<typeof defaultOptimizer>
  tokenizerSha256?: string
}

const defaultOptimizer = {
  learningRate: 5e-5,
  betas: [0.9, 0.999] as [number, number],
  epsilon: 1e-8,
  weightDecay: 0,
  maxGradientNorm: 1,
  warmupSteps: 0,
  schedule: 'cosine',
}

/**
 * Writes a plan folder whose step k computes case k, with the rows that the Python transcription
 * of the published code describes. It stands in for `createPlan` where a test needs a mask rate or
 * a sample that no real plan has.
 */
export async function writePlanFolder(
  folder: string,
  file: CaseFile,
  {
    vocabularySize,
    views,
    addedTokens = [],
    optimizer = {},
    tokenizerSha256 = '',
  }: PlanFolderOptions,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const samples = file.cases.flatMap((each) => each.microBatches.flat())
  const offsets = [0n]
  for (const { tokens } of samples) offsets.push(offsets.at(-1)! + BigInt(tokens.length))
  const tokens = Int32Array.from(samples.flatMap((sample) => sample.tokens))
  const tokensPath = join(folder, 'tokens.safetensors')
  await writeSafetensors(tokensPath, [
    { name: 'tokens', dtype: 'I32', shape: [tokens.length], data: tokens },
    { name: 'offsets', dtype: 'I64', shape: [offsets.length], data: BigInt64Array.from(offsets) },
  ])
  const settings = { ...defaultOptimizer, ...optimizer }
  const steps = planSteps(file, views, settings)
  const stepsPath = join(folder, 'steps.jsonl')
  await writeFile(stepsPath, steps.map((step) => `${JSON.stringify(step)}\n`).join(''))
  const samplesPath = join(folder, 'samples.jsonl')
  const origins = samples.map((_, index) => ({ file: 'cases', line: index + 1 }))
  await writeFile(samplesPath, origins.map((origin) => `${JSON.stringify(origin)}\n`).join(''))
  const validationPath = join(folder, 'validation.jsonl')
  await writeFile(validationPath, '')
  const rows = steps.flatMap((step) => step.microBatches.flatMap((batch) => batch.rows))
  const manifest = {
    format: 'reflectioncoder-plan',
    version: 2,
    config: { temperature: file.cases[0]?.temperature ?? 1 },
    data: [],
    tokenizerSha256,
    modelConfigSha256: '',
    bosId: file.bosId,
    eosId: file.eosId,
    specialTokens: file.specialTokens,
    addedTokens,
    vocabularySize,
    counts: {
      samples: samples.length,
      dropped: 0,
      steps: steps.length,
      microBatches: steps.reduce((sum, step) => sum + step.microBatches.length, 0),
      rows: rows.length,
      tokens: tokens.length,
      tokensKept: sumLengths(rows.flatMap((row) => row.spans)),
      labelPositions: sumLengths(rows.flatMap((row) => row.labels)),
      distillPositions: sumLengths(
        rows.flatMap((row) => (row.view === 'student' && row.distill ? [row.distill] : [])),
      ),
    },
    validation: null,
    steps: steps.length,
    optimizer: settings,
    files: {
      tokens: await hashFile(tokensPath),
      steps: await hashFile(stepsPath),
      samples: await hashFile(samplesPath),
      validation: await hashFile(validationPath),
    },
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest, null, 2))
}

type Span = [start: number, end: number]

/** The half-open runs of positions for which `holds`. */
export function spansOf(values: readonly number[], holds: (value: number) => boolean): Span[] {
  const spans: Span[] = []
  values.forEach((value, position) => {
    if (!holds(value)) return
    const last = spans.at(-1)
    if (last?.[1] === position) last[1] = position + 1
    else spans.push([position, position + 1])
  })
  return spans
}

function planSteps(
  { cases }: CaseFile,
  views: ReferenceView[][][][],
  optimizer: typeof defaultOptimizer,
) {
  let sample = -1
  return cases.map(({ microBatches, distillWeight = 1 }, step) => ({
    step,
    epoch: 0,
    learningRate: scheduledRate(step, cases.length, optimizer),
    maskRate: microBatches[0]?.[0]?.rate ?? 0,
    microBatches: microBatches.map((samples, batch) => {
      const rows = samples.flatMap(({ strategy }, index) => {
        sample += 1
        return views[step]![batch]![index]!.map((view) => planRow(sample, view, strategy))
      })
      const targets = sumLengths(rows.flatMap((row) => row.labels))
      const distilled = sumLengths(rows.flatMap((row) => (row.distill ? [row.distill] : []))) / 2
      return {
        dataset: 0,
        crossEntropyScale: 1 / targets / microBatches.length,
        distillScale: distilled === 0 ? 0 : distillWeight / distilled / microBatches.length,
        rows,
      }
    }),
  }))
}

function planRow(
  sample: number,
  { view, visible, labels, distilled }: ReferenceView,
  strategy = '',
) {
  return {
    sample,
    view,
    ...(view === 'student' ? { strategy } : {}),
    spans: spansOf(visible, (value) => value === 1),
    labels: spansOf(labels, (label) => label !== -100),
    ...(distilled.length > 0
      ? { distill: [distilled[0]!, distilled.at(-1)! + 1] satisfies Span as Span }
      : {}),
  }
}

function scheduledRate(
  step: number,
  steps: number,
  { learningRate, warmupSteps }: typeof defaultOptimizer,
) {
  if (step < warmupSteps) return (learningRate * step) / warmupSteps
  const progress = (step - warmupSteps) / Math.max(1, steps - warmupSteps)
  return learningRate * 0.5 * (1 + Math.cos(Math.PI * progress))
}

const sumLengths = (spans: readonly Span[]) =>
  spans.reduce((sum, [start, end]) => sum + end - start, 0)
