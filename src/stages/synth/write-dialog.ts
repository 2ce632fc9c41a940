import type { Instruction } from '../../data/datasets/index.ts'
import type { Block, Dialog } from '../../data/dialog/index.ts'
import type { CellResult, Sandbox } from '../../sandbox/index.ts'
import type { SynthOptions } from './options.ts'
import type { Teacher } from './teacher.ts'

/** Why a dialog was not kept. */
export type DropReason =
  | 'nothing-said'
  | 'rounds-exhausted'
  | 'answer-fails'
  | 'answer-mentions-reflection'

/** What became of one instruction. */
export type Outcome =
  | { readonly kept: true; readonly dialog: Dialog; readonly rounds: number }
  | { readonly kept: false; readonly reason: DropReason; readonly rounds: number }

/**
 * Stage 1: the teacher writes code and tests, the sandbox runs them, the teacher reads and repairs.
 * Stage 2: the final answer, which must pass the instruction's own tests alone (design §8).
 *
 * @throws what the sandbox throws when it cannot work; faults of programs are data
 */
export async function writeDialog(
  instruction: Instruction,
  teacher: Teacher,
  sandbox: Sandbox,
  options: SynthOptions,
): Promise<Outcome> {
  const session = await teacher(instruction)
  if (!session) return { kept: false, reason: 'nothing-said', rounds: 0 }
  const blocks: Block[] = []
  const results: CellResult[] = []
  let notebook = await sandbox.session()
  try {
    while (results.length < options.maxRounds) {
      const attempt = await session.next(results)
      if (!attempt) break
      const result = await notebook.runCell(attempt.code, { cpuMs: options.cellCpuMs })
      results.push(result)
      blocks.push(
        { type: 'text', content: attempt.text },
        { type: 'code', content: attempt.code },
        { type: 'execution', content: result.output },
      )
      if (endsSession(result)) {
        await notebook.dispose()
        notebook = await sandbox.session()
      }
    }
  } finally {
    await notebook.dispose()
  }
  const rounds = results.length
  if (results.at(-1)?.outcome !== 'ok') return { kept: false, reason: 'rounds-exhausted', rounds }
  blocks.push({ type: 'text', content: session.conclusion })

  const answer = await session.answer()
  if (mentionsReflection(answer)) {
    return { kept: false, reason: 'answer-mentions-reflection', rounds }
  }
  const source = `${answer}\n${instruction.tests ?? ''}`
  const check = await sandbox.run({ language: 'python', source })
  if (check.outcome !== 'ok') return { kept: false, reason: 'answer-fails', rounds }
  const dialog: Dialog = {
    messages: [
      userMessage(session.request),
      { role: 'assistant', content: blocks },
      userMessage(instruction.instruction),
      { role: 'assistant', content: [{ type: 'text', content: fence(answer) }] },
    ],
    type: 'reflection',
    id: instruction.id,
  }
  return { kept: true, dialog, rounds }
}

const userMessage = (content: string): Dialog['messages'][number] => ({
  role: 'user',
  content: [{ type: 'text', content }],
})

const fence = (code: string) => `\`\`\`python\n${code.trimEnd()}\n\`\`\``

/** A program that was stopped or died takes its interpreter with it. */
const endsSession = ({ outcome }: CellResult) => outcome !== 'ok' && outcome !== 'error'

function mentionsReflection(answer: string): boolean {
  return /\b(previous|earlier|above) (attempt|code|version|solution)|\bas (shown|discussed) above/i.test(
    answer,
  )
}
