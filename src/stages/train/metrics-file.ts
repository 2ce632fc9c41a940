import { type FileHandle, open, readFile } from 'node:fs/promises'
import { writeFileAtomic } from '../../core/index.ts'
import type { StepMetrics } from './engine.ts'

/** metrics.jsonl: one line a step, in the order of the steps, each step once. */
export interface MetricsFile {
  /** What the file held of the steps before the first one. */
  readonly kept: readonly StepMetrics[]
  write(metrics: StepMetrics): Promise<void>
  close(): Promise<void>
}

/** Opens the file for steps from `firstStep` on; lines of these steps or cut lines are removed. */
export async function openMetricsFile(path: string, firstStep: number): Promise<MetricsFile> {
  const kept = firstStep === 0 ? [] : keepBefore(await readOrEmpty(path), firstStep)
  await writeFileAtomic(path, kept.map(renderLine).join(''))
  const handle: FileHandle = await open(path, 'a')
  return {
    kept,
    write: (metrics) => handle.appendFile(renderLine(metrics)),
    close: () => handle.close(),
  }
}

const readOrEmpty = (path: string) => readFile(path, 'utf8').catch(() => '')

const renderLine = (metrics: StepMetrics) => `${JSON.stringify(metrics)}\n`

function keepBefore(text: string, firstStep: number): StepMetrics[] {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  const metrics = whole.filter((line) => line !== '').map((line) => JSON.parse(line) as StepMetrics)
  return metrics.filter(({ step }) => step < firstStep)
}
