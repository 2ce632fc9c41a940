import type { Terminal } from './terminal.ts'

/** One block of a dialog as people read it. */
export interface DrawnBlock {
  /** Number of the message it stands in; a new one is drawn with its role above it. */
  readonly message: number
  readonly role: string
  /** Line above the content. */
  readonly head: string
  readonly content: string
  /** Colours a line of the content; default none. */
  readonly paint?: (line: string) => string
}

/** Draws blocks under the roles of their messages, each line of their contents behind a bar. */
export function drawBlocks(
  blocks: readonly DrawnBlock[],
  { colors }: Pick<Terminal, 'colors'>,
): string {
  let message = -1
  const parts = blocks.map(({ paint = (line) => line, ...block }) => {
    const title = block.message === message ? '' : `\n${colors.bold(block.role)}\n`
    message = block.message
    const lines = block.content.split('\n').map((line) => `  │ ${paint(line)}`)
    return `${title}${colors.cyan(`  ${block.head}`)}\n${lines.join('\n')}`
  })
  return parts.join('\n')
}
