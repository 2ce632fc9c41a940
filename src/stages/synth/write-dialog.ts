import type { Instruction } from '../../data/datasets/index.ts'
import type { Block, Dialog } from '../../data/dialog/index.ts'
import type { CellResult, Sandbox } from '../../sandbox/index.ts'
import { checkAnswer, type RanProgram } from './keep/check-answer.ts'
import { checkText } from './keep/check-text.ts'
import type { DropReason } from './keep/drop-reason.ts'
import { mentionsReflection } from './keep/mentions-reflection.ts'
import { fenceCode } from './languages.ts'
import { openNotebook } from './notebook/notebook.ts'
import type { SynthOptions } from './options.ts'
import type { Spent } from './spent.ts'
import { isProblem, type Teacher, type TeacherSession } from './teacher.ts'
import type { Cache } from './teachers/response-cache.ts'

/** What became of one instruction. */
export type Outcome =
  | { readonly kept: true; readonly dialog: Dialog; readonly rounds: number }
  | {
      readonly kept: false
      readonly reason: DropReason
      readonly detail?: string
      readonly rounds: number
      /** How far it came, for those who study dropped samples. */
      readonly dialog?: Dialog
    }

/** An outcome and what it took. */
export interface WrittenDialog {
  readonly outcome: Outcome
  readonly spent?: Spent
  readonly replies?: readonly unknown[]
}

/** What dialogs are written with. */
export interface Workshop {
  readonly teacher: Teacher
  readonly sandbox: Sandbox
  /** Remembers what programs printed. */
  readonly cache?: Cache | undefined
  readonly options: SynthOptions
}

/**
 * Stage 1: the teacher writes code and tests, the sandbox runs them, the teacher reads and repairs.
 * Stage 2: the final answer, which must stand the checks alone (design §8).
 *
 * @throws what the sandbox throws when it cannot work; faults of programs are data
 */
export async function writeDialog(
  instruction: Instruction,
  workshop: Workshop,
): Promise<WrittenDialog> {
  const session = await workshop.teacher(instruction)
  if (!session) return { outcome: { kept: false, reason: 'nothing-said', rounds: 0 } }
  const outcome = await converse(instruction, session, workshop)
  return {
    outcome,
    ...(session.spent ? { spent: session.spent } : {}),
    ...(workshop.options.record && session.replies ? { replies: session.replies } : {}),
  }
}

async function converse(
  instruction: Instruction,
  session: TeacherSession,
  { sandbox, cache, options }: Workshop,
): Promise<Outcome> {
  const blocks: Block[] = []
  const programs: RanProgram[] = []
  const results: CellResult[] = []
  const dialogOf = (answer?: string) =>
    createDialog(instruction, session, blocks, results, answer, options)
  const drop = (reason: DropReason, detail?: string, answer?: string): Outcome => ({
    kept: false,
    reason,
    ...(detail === undefined ? {} : { detail: detail.slice(0, 500) }),
    rounds: results.length,
    ...(options.keepDropped ? { dialog: dialogOf(answer) } : {}),
  })
  const say = (content: string) => {
    if (content !== '') blocks.push({ type: 'text', content })
  }

  const notebook = openNotebook(sandbox, options, cache)
  try {
    for (;;) {
      const last = results.at(-1)
      if (results.length === options.maxRounds && last?.outcome !== 'ok') break
      const attempt = await session.next(results)
      if (attempt === undefined) break
      if (isProblem(attempt)) return drop(attempt.problem, attempt.detail)
      if (results.length === options.maxRounds) return drop('rounds-exhausted', 'another program')
      const result = await notebook.run(attempt.code)
      results.push(result)
      programs.push({ code: attempt.code, result })
      say(attempt.text)
      blocks.push(
        { type: 'code', content: attempt.code },
        { type: 'execution', content: result.output },
      )
    }
  } finally {
    await notebook.dispose()
  }
  if (results.length === 0) return drop('no-program', session.conclusion)
  const last = results.at(-1)
  if (last?.outcome !== 'ok') return drop('rounds-exhausted', describeEnd(last))
  say(session.conclusion)

  const answer = await session.answer()
  if (isProblem(answer)) return drop(answer.problem, answer.detail)
  if (mentionsReflection(answer)) return drop('answer-mentions-reflection', undefined, answer)
  const fault = await checkAnswer(answer, programs, instruction, sandbox, options)
  if (fault) return drop(fault.reason, fault.detail, answer)
  const dialog = dialogOf(answer)
  const flaw = checkText(dialog, options)
  if (flaw) return drop(flaw.reason, flaw.detail, answer)
  return { kept: true, dialog, rounds: results.length }
}

/** How the last program ended, and the last line it printed. */
function describeEnd(last: CellResult | undefined): string | undefined {
  return last && `${last.outcome}: ${last.output.trim().split('\n').at(-1) ?? ''}`
}

function createDialog(
  instruction: Instruction,
  session: TeacherSession,
  blocks: Block[],
  results: readonly CellResult[],
  answer: string | undefined,
  { language }: SynthOptions,
): Dialog {
  const question = session.answerRequest ?? instruction.instruction
  const ending: Dialog['messages'] =
    answer === undefined
      ? []
      : [
          userMessage(question),
          {
            role: 'assistant',
            content: [{ type: 'text', content: fenceCode(answer, language) }],
          },
        ]
  return {
    messages: [userMessage(session.request), { role: 'assistant', content: blocks }, ...ending],
    type: 'reflection',
    id: instruction.id,
    meta: { language, outcomes: results.map(({ outcome }) => outcome) },
  }
}

const userMessage = (content: string): Dialog['messages'][number] => ({
  role: 'user',
  content: [{ type: 'text', content }],
})
