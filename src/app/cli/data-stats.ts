import { z } from 'zod'
import { readDialogs } from '../../data/datasets/index.ts'
import { blockTypes, type Dialog, isReflection } from '../../data/dialog/index.ts'
import { defineCommand } from './command.ts'

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
}

/** `reflectioncoder data stats FILE`. */
export const dataStatsCommand = defineCommand({
  schema: z.strictObject({ file: z.string().describe('Dialogs (JSONL, Parquet).') }),
  async run({ file }, { progress, signal }) {
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
    return { summary: { file, ...stats } }
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
  for (const { type } of blocks) stats.blocks[type] = (stats.blocks[type] ?? 0) + 1
  stats.executions[executions] = (stats.executions[executions] ?? 0) + 1
  stats.characters.least = Math.min(stats.characters.least, length)
  stats.characters.most = Math.max(stats.characters.most, length)
  return length
}
