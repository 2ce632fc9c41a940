import {
  convertToDialog,
  createJsonLinesWriter,
  readDialogs,
  readInstructions,
} from '../../data/datasets/index.ts'
import {
  createPlainDialog,
  type Dialog,
  getFinalAnswer,
  getFinalInstruction,
  joinBlocks,
} from '../../data/dialog/index.ts'
import type { ConvertOptions } from './convert-options.ts'
import { refuseExisting } from './refuse-existing.ts'
import type { StageContext } from './stage-table.ts'

export interface ConvertSummary {
  out: string
  written: number
  /** Records without an answer. */
  skipped: number
}

/** Writes plain dialogs of one question and one answer: what plain fine-tuning learns from. */
export async function convertData(
  options: ConvertOptions,
  { progress, signal }: StageContext,
): Promise<ConvertSummary> {
  await refuseExisting(options)
  const summary: ConvertSummary = { out: options.out, written: 0, skipped: 0 }
  const task = progress.start('convert', 0)
  const writer = await createJsonLinesWriter(options.out)
  try {
    for await (const dialog of readPlainDialogs(options)) {
      signal.throwIfAborted()
      if (dialog === undefined) {
        summary.skipped++
        continue
      }
      await writer.write(dialog)
      summary.written++
      task.update(summary.written)
    }
    await writer.commit()
  } finally {
    await writer.discard()
  }
  task.finish(`${summary.written} dialogs`)
  return summary
}

/** As a stage of a recipe. */
export function runConvertData(options: unknown, context: StageContext): Promise<ConvertSummary> {
  return convertData(options as ConvertOptions, context)
}

async function* readPlainDialogs(options: ConvertOptions): AsyncGenerator<Dialog | undefined> {
  if (options.from === 'instructions') {
    for await (const instruction of readInstructions(options.input)) {
      yield convertToDialog(instruction)
    }
    return
  }
  for await (const { dialog } of readDialogs(options.input)) {
    const question = joinBlocks(getFinalInstruction(dialog))
    yield createPlainDialog(question, joinBlocks(getFinalAnswer(dialog)))
  }
}
