import { InputError } from '../../core/index.ts'

/** A member of a problem record that must be text. @throws `RC_BAD_PROBLEM` */
export function textField(
  path: string,
  line: number,
  record: Record<string, unknown>,
  field: string,
): string {
  const value = record[field]
  if (typeof value === 'string') return value
  throw badField(path, line, field, 'text', value)
}

/** The error for a member that is not what it must be. */
export function badField(
  path: string,
  line: number,
  field: string,
  expected: string,
  value: unknown,
  hint = 'Problem files are JSONL in the format of EvalPlus: task_id, prompt, entry_point, canonical_solution, base_input, plus_input, atol.',
): InputError {
  const arrived = value === undefined ? 'nothing' : (JSON.stringify(value) ?? '').slice(0, 60)
  return new InputError(
    `${path}, line ${line}, field ${field}: expected ${expected}, got ${arrived}`,
    { code: 'RC_BAD_PROBLEM', hint },
  )
}

/** Notes where each task stands, and refuses one that comes twice. @throws `RC_DUPLICATE_TASK` */
export function createTaskRegister(path: string): (taskId: string, line: number) => void {
  const lineOf = new Map<string, number>()
  return (taskId, line) => {
    const before = lineOf.get(taskId)
    if (before !== undefined) {
      throw new InputError(`${path}, line ${line}: task ${taskId} is on line ${before} already`, {
        code: 'RC_DUPLICATE_TASK',
      })
    }
    lineOf.set(taskId, line)
  }
}
