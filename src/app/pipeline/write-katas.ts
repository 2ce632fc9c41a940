import { writeFileAtomic } from '../../core/index.ts'
import { generateKatas, type Kata, renderProblem, toInstruction } from '../../data/katas/index.ts'
import type { KatasOptions } from './katas-options.ts'
import { refuseExisting } from './refuse-existing.ts'
import type { StageContext } from './stage-table.ts'

export interface KatasSummary {
  out: string
  format: 'instructions' | 'problems'
  katas: number
  families: number
  combinations: number
}

/** Writes katas of a split: as instructions with all that the scripted teacher needs, or as problems. */
export async function writeKatas(
  options: KatasOptions,
  { progress }: Pick<StageContext, 'progress'>,
): Promise<KatasSummary> {
  await refuseExisting(options)
  const { split, count, seed, out } = options
  const format = options.format ?? (split === 'test' ? 'problems' : 'instructions')
  const task = progress.start('katas', 0)
  const katas = generateKatas({ split, count, seed })
  const lines = katas.map(format === 'problems' ? renderProblem : renderInstruction)
  await writeFileAtomic(out, `${lines.join('\n')}\n`)
  task.finish(`${katas.length} of ${split}`)
  return {
    out,
    format,
    katas: katas.length,
    families: new Set(katas.map((kata) => kata.family)).size,
    combinations: new Set(katas.map((kata) => kata.combination)).size,
  }
}

/** As a stage of a recipe. */
export function runWriteKatas(options: unknown, context: StageContext): Promise<KatasSummary> {
  return writeKatas(options as KatasOptions, context)
}

const renderInstruction = (kata: Kata) => JSON.stringify(toInstruction(kata))
