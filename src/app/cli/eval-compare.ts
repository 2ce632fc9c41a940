import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { compareResults, evaluationFiles } from '../../stages/eval/index.ts'
import { formatPoints } from '../report/index.ts'
import { defineCommand } from './command.ts'

/** `reflectioncoder eval compare BEFORE AFTER`. */
export const evalCompareCommand = defineCommand({
  schema: z.strictObject({
    before: z.string().describe('Output folder or eval_results.json of the first evaluation.'),
    after: z.string().describe('The same of the second.'),
    set: z.enum(['base', 'plus']).default('plus').describe('Tests that must pass.'),
  }),
  async run({ before, after, set }) {
    const [first, second] = await Promise.all([resultFile(before), resultFile(after)])
    const comparison = await compareResults(first, second, set)
    const { tasks, difference, interval, pValue, fixed, broken } = comparison
    const text = [
      `${formatPoints(difference)} points over ${tasks} tasks`,
      `95 % interval ${interval.map(formatPoints).join(' … ')} (Newcombe), p = ${pValue.toPrecision(3)} (McNemar)`,
      `fixed (${fixed.length}): ${fixed.join(' ') || '–'}`,
      `broken (${broken.length}): ${broken.join(' ') || '–'}`,
    ].join('\n')
    return { summary: { before: first, after: second, set, ...comparison }, text }
  },
})

async function resultFile(path: string): Promise<string> {
  const status = await stat(path).catch(() => undefined)
  return status?.isDirectory() ? join(path, evaluationFiles.results) : path
}
