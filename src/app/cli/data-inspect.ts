import { z } from 'zod'
import { InputError } from '../../core/index.ts'
import { readDialogs } from '../../data/datasets/index.ts'
import { blockTypes, type Dialog, isReflection } from '../../data/dialog/index.ts'
import { loadTokenizer } from '../../nn/tokenizer/index.ts'
import {
  encodeDialog,
  type InspectedBlock,
  inspectSample,
  maskStrategies,
} from '../../stages/plan/index.ts'
import { findModel } from '../pipeline/index.ts'
import { defineCommand } from './command.ts'
import { drawBlocks } from './draw-blocks.ts'
import type { Terminal } from './terminal.ts'

interface ShownBlock extends InspectedBlock {
  content: string
}

/** `reflectioncoder data inspect FILE`. */
export const dataInspectCommand = defineCommand({
  schema: z.strictObject({
    file: z.string().describe('Dialogs (JSONL, Parquet).'),
    index: z.int().min(1).default(1).describe('Which dialog, counted from 1.'),
    model: z
      .string()
      .describe('Model (folder, .gguf file or hub id) whose tokenizer counts the tokens.'),
    mask: z.enum(maskStrategies).default('block-type').describe('Mask strategy.'),
    maskRate: z.number().min(0).max(1).default(0.5).describe('Share of the reflection to hide.'),
    blockOrder: z
      .array(z.enum(blockTypes))
      .default(['text', 'code', 'execution'])
      .describe('Order in which block-type hides the types of blocks.'),
    seed: z.int().default(3407).describe('Seed of random strategies.'),
  }),
  async run(options, context) {
    const { file, index, mask, maskRate, blockOrder, seed } = options
    const { terminal, signal } = context
    const { model } = await findModel(options, context)
    const dialog = await readDialogAt(file, index, signal)
    const tokenizer = await loadTokenizer(model)
    const reflection = isReflection(dialog)
    const ids = encodeDialog(dialog, tokenizer)
    const settings = { strategy: mask, maskRate, blockOrder, reflection, seed }
    const contents = dialog.messages.flatMap(({ content }) => content.map((block) => block.content))
    const blocks = inspectSample(ids, tokenizer.specialIds, settings).map(
      (block, at): ShownBlock => ({ ...block, content: contents[at] as string }),
    )
    const summary = { file, index, type: dialog.type, tokens: ids.length, mask, maskRate, blocks }
    const head = `dialog ${index} of ${file}: type ${dialog.type}, ${ids.length} tokens, mask ${mask} at rate ${maskRate}`
    return { summary, text: `${head}\n${renderBlocks(blocks, reflection, terminal)}` }
  },
})

async function readDialogAt(file: string, index: number, signal: AbortSignal): Promise<Dialog> {
  let count = 0
  for await (const { dialog } of readDialogs(file, { signal })) {
    count++
    if (count === index) return dialog
  }
  throw new InputError(`${file} has ${count} dialogs, got --index ${index}`, {
    code: 'RC_BAD_OPTION',
    hint: `Give --index from 1 to ${count}.`,
  })
}

function renderBlocks(
  blocks: readonly ShownBlock[],
  reflection: boolean,
  { colors }: Terminal,
): string {
  const legend = `${colors.green('learned by teacher and student')}  ${colors.blue('learned by the teacher')}  seen  ${colors.dim('hidden from the student')}`
  const drawn = blocks.map((block) => ({
    ...block,
    head: describeBlock(block, reflection),
    paint: chooseColour(block, reflection, colors),
  }))
  return `${legend}\n${drawBlocks(drawn, { colors })}`
}

function describeBlock(block: ShownBlock, reflection: boolean): string {
  const tokens = block.end - block.start
  const share = (count: number) =>
    count === tokens ? 'all' : count === 0 ? 'none' : `${count} of ${tokens}`
  const student = reflection
    ? `; student sees ${share(block.studentSees)}, learns ${share(block.studentLearns)}`
    : ''
  return `${block.type}, ${tokens} tokens: teacher sees ${share(block.teacherSees)}, learns ${share(block.teacherLearns)}${student}`
}

function chooseColour(
  { studentLearns, teacherLearns, studentSees }: ShownBlock,
  reflection: boolean,
  colors: Terminal['colors'],
): (text: string) => string {
  if (studentLearns > 0) return colors.green
  const base = teacherLearns > 0 ? colors.blue : (text: string) => text
  return reflection && studentSees === 0 ? (text) => colors.dim(base(text)) : base
}
