import { InputError } from '../../core/index.ts'
import { badField, createTaskRegister, textField } from './record-fields.ts'
import { jsonLines } from './text-lines.ts'

/** One question of GSM8K, answered by a program. */
export interface AnswerProblem {
  /** Such as `gsm8k/0`. */
  taskId: string
  /** Nothing: a completion is the whole program. */
  prompt: string
  question: string
  /** The text after `####`. */
  answer: string
}

/** Reads questions with answers in the format of GSM8K. */
export function readAnswerProblems(path: string, text: string): AnswerProblem[] {
  const problems: AnswerProblem[] = []
  const register = createTaskRegister(path)
  for (const { line, record } of jsonLines(path, text)) {
    const answer = textField(path, line, record, 'answer')
    const mark = answer.lastIndexOf('####')
    if (mark < 0) {
      const hint =
        'Questions are in the format of GSM8K: question, answer with #### before its number.'
      throw badField(path, line, 'answer', 'text with #### before the number', answer, hint)
    }
    const taskId = taskIdOf(record.task_id ?? record.idx ?? problems.length)
    register(taskId, line)
    problems.push({
      taskId,
      prompt: '',
      question: textField(path, line, record, 'question'),
      answer: answer.slice(mark + 4).trim(),
    })
  }
  if (problems.length === 0) {
    throw new InputError(`${path} holds no problem`, { code: 'RC_NO_PROBLEMS' })
  }
  return problems
}

/** `gsm8k/3` for 3, `"3"` and `GSM8K/3`; other ids stay. */
export function taskIdOf(id: unknown): string {
  const number = /^(?:gsm8k[/_-])?(\d+)$/i.exec(String(id))?.[1]
  return number === undefined ? String(id) : `gsm8k/${number}`
}
