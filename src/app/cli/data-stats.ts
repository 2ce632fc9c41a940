import { z } from 'zod'
import { readDialogs } from '../../data/datasets/index.ts'
import {
  blockTypes,
  type Dialog,
  getFinalAnswer,
  getReflection,
  isReflection,
  joinBlocks,
} from '../../data/dialog/index.ts'
import { defineCommand } from './command.ts'
import { formatSummary } from './format.ts'
import { renderHistogram } from './histogram.ts'

interface DialogStats {
  dialogs: number
  reflection: number
  plain: number
  messages: number
  /** Blocks of each type. */
  blocks: Record<string, number>
  /** Characters of a dialog. */
  characters: { least: number; mean: number; most: number }
  /** Dialogs by the number of execution blocks in them. */
  executions: Record<string, number>
  /** Executions by how they ended: what the dialog says of them, else whether a traceback is in it. */
  outcomes: Record<string, number>
  /** Dialogs by characters, in classes that double. */
  lengths: Record<string, number>
  /** Dialogs by the language of their programs, or of the fence in the final answer. */
  languages: Record<string, number>
}

/** `reflectioncoder data stats FILE`. */
export const dataStatsCommand = defineCommand({
  schema: z.strictObject({ file: z.string().describe('Dialogs (JSONL, Parquet).') }),
  async run({ file }, { progress, signal, terminal }) {
    const task = progress.start('stats', 0)
    const stats = createStats()
    let total = 0
    for await (const { dialog } of readDialogs(file, { signal })) {
      total += addDialog(stats, dialog)
      task.update(stats.dialogs)
    }
    const { characters, dialogs } = stats
    characters.mean = dialogs === 0 ? 0 : total / dialogs
    if (dialogs === 0) characters.least = 0
    task.finish()
    const { executions, outcomes, lengths, languages, ...counts } = stats
    const charts = [
      ['dialogs by executions (rounds)', executions],
      ['executions by outcome', outcomes],
      ['dialogs by characters', lengths],
      ['dialogs by language', languages],
    ] as const
    const drawn = charts
      .filter(([, values]) => Object.keys(values).length > 0)
      .map(
        ([title, values]) =>
          `${terminal.colors.bold(title)}\n${renderHistogram(values, terminal.width)}`,
      )
    const text = [formatSummary({ file, ...counts }), ...drawn].join('\n\n')
    return { summary: { file, ...stats }, text }
  },
})

function createStats(): DialogStats {
  return {
    dialogs: 0,
    reflection: 0,
    plain: 0,
    messages: 0,
    blocks: Object.fromEntries(blockTypes.map((type) => [type, 0])),
    characters: { least: Number.POSITIVE_INFINITY, mean: 0, most: 0 },
    executions: {},
    outcomes: {},
    lengths: {},
    languages: {},
  }
}

/** Returns the characters of the dialog. */
function addDialog(stats: DialogStats, dialog: Dialog): number {
  const blocks = dialog.messages.flatMap((message) => message.content)
  const length = blocks.reduce((sum, block) => sum + block.content.length, 0)
  const executions = blocks.filter((block) => block.type === 'execution').length
  stats.dialogs++
  stats[isReflection(dialog) ? 'reflection' : 'plain']++
  stats.messages += dialog.messages.length
  for (const { type } of blocks) count(stats.blocks, type)
  count(stats.executions, executions)
  for (const outcome of outcomesOf(dialog)) count(stats.outcomes, outcome)
  count(stats.lengths, lengthClass(length))
  count(stats.languages, languageOf(dialog))
  stats.characters.least = Math.min(stats.characters.least, length)
  stats.characters.most = Math.max(stats.characters.most, length)
  return length
}

function count(counts: Record<string, number>, key: string | number): void {
  counts[key] = (counts[key] ?? 0) + 1
}

/** What `synth` notes of a dialog. */
interface SynthNotes {
  language?: unknown
  outcomes?: unknown
}

const notesOf = ({ meta }: Dialog): SynthNotes =>
  typeof meta === 'object' && meta !== null ? (meta as SynthNotes) : {}

function outcomesOf(dialog: Dialog): string[] {
  const { outcomes } = notesOf(dialog)
  if (Array.isArray(outcomes)) return outcomes.map(String)
  const blocks = getReflection(dialog)?.content ?? []
  return blocks
    .filter(({ type }) => type === 'execution')
    .map(({ content }) => (/^\w*(?:Error|Exception)\b|Traceback/m.test(content) ? 'error' : 'ok'))
}

function languageOf(dialog: Dialog): string {
  const { language } = notesOf(dialog)
  if (typeof language === 'string') return language
  return (
    /^\s*```(\w[\w+#]*)/m.exec(joinBlocks(getFinalAnswer(dialog)))?.[1]?.toLowerCase() ?? 'none'
  )
}

/** `512 … 1023` and so on. */
function lengthClass(length: number): string {
  const least = length === 0 ? 0 : 2 ** Math.floor(Math.log2(length))
  return length === 0 ? '0' : `${least} … ${2 * least - 1}`
}
