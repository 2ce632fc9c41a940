import { type FileHandle, open, readFile } from 'node:fs/promises'
import { writeFileAtomic } from '../../core/index.ts'
import type { StepMetrics } from './engine.ts'

/** metrics.jsonl: one line a step, in the order of the steps, each step once. */
export interface MetricsFile {
  write(metrics: StepMetrics): Promise<void>
  close(): Promise<void>
}

/** Opens the file for steps from `firstStep` on; lines of these steps or cut lines are removed. */
export async function openMetricsFile(path: string, firstStep: number): Promise<MetricsFile> {
  const kept = firstStep === 0 ? '' : keepBefore(await readOrEmpty(path), firstStep)
  await writeFileAtomic(path, kept)
  const handle: FileHandle = await open(path, 'a')
  return {
    write: (metrics) => handle.appendFile(`${JSON.stringify(metrics)}\n`),
    close: () => handle.close(),
  }
}

const readOrEmpty = (path: string) => readFile(path, 'utf8').catch(() => '')

function keepBefore(text: string, firstStep: number): string {
  const whole = text.slice(0, text.lastIndexOf('\n') + 1).split('\n')
  const lines = whole.filter((line) => line !== '' && JSON.parse(line).step < firstStep)
  return lines.map((line) => `${line}\n`).join('')
}
