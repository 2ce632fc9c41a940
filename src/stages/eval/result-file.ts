import { readFile } from 'node:fs/promises'
import { InputError } from '../../core/index.ts'
import type { Sample } from '../../data/benchmarks/index.ts'
import type { SampleVerdict, Status } from './verdicts.ts'

export type PassAtK = Record<string, number>

/** What the table and the scores of EvalPlus's result file hold. */
export interface ResultFile {
  date: string
  /** MD5 of the problem file. */
  hash: string
  eval: Record<
    string,
    {
      task_id: string
      solution: string
      base_status: Status
      plus_status: Status | null
      base_fail_tests: unknown[]
      plus_fail_tests: unknown[]
    }[]
  >
  pass_at_k: { base: PassAtK; plus?: PassAtK }
}

/**
 * Text of `eval_results.json` as EvalPlus writes it, tasks in the order of the samples. Inputs of
 * failed tests are copied as text, so that big integers and infinities stay as Python wrote them.
 */
export function renderResultFile(
  hash: string,
  samples: readonly Sample[],
  verdicts: readonly SampleVerdict[],
  scores: { base: PassAtK; plus?: PassAtK },
  date = new Date(),
): string {
  const byTask = new Map<string, string[]>()
  for (const [index, sample] of samples.entries()) {
    const verdict = verdicts[index]
    if (verdict === undefined) continue
    const entries = byTask.get(sample.taskId) ?? []
    entries.push(renderEntry(sample, verdict))
    byTask.set(sample.taskId, entries)
  }
  const tasks = [...byTask].map(
    ([taskId, entries]) => `${JSON.stringify(taskId)}: [${entries.join(', ')}]`,
  )
  return `{"date": ${JSON.stringify(localMinute(date))}, "hash": ${JSON.stringify(hash)}, "eval": {${tasks.join(', ')}}, "pass_at_k": ${JSON.stringify(scores)}}\n`
}

function renderEntry(sample: Sample, { base, plus }: SampleVerdict): string {
  const fields = {
    task_id: JSON.stringify(sample.taskId),
    solution: JSON.stringify(sample.program),
    base_status: JSON.stringify(base.status),
    plus_status: JSON.stringify(plus?.status ?? null),
    base_fail_tests: `[${base.failTests.join(', ')}]`,
    plus_fail_tests: `[${(plus?.failTests ?? []).join(', ')}]`,
  }
  const members = Object.entries(fields).map(([name, text]) => `"${name}": ${text}`)
  return `{${members.join(', ')}}`
}

/** `YYYY-MM-DD HH:MM` in local time. */
function localMinute(date: Date): string {
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/**
 * For each task of a result file, whether its first sample passes; ours or EvalPlus's own file.
 *
 * @throws InputError `RC_BAD_RESULT_FILE`.
 */
export async function readPassedTasks(
  path: string,
  set: 'base' | 'plus',
): Promise<{ hash: string; passed: Map<string, boolean> }> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw new InputError(`cannot read ${path}: ${cause.message}`, {
      code: 'RC_FILE_UNREADABLE',
      cause,
    })
  })
  const { hash, statuses } = parseStatuses(path, text)
  const passed = new Map<string, boolean>()
  for (const [taskId, { base, plus }] of statuses) {
    passed.set(taskId, base === 'pass' && (set === 'base' || plus === 'pass'))
  }
  return { hash, passed }
}

interface Statuses {
  base: unknown
  plus: unknown
}

function parseStatuses(
  path: string,
  text: string,
): { hash: string; statuses: Map<string, Statuses> } {
  const fault = (what: string, cause?: unknown) =>
    new InputError(`${path} is not a result file: ${what}`, {
      code: 'RC_BAD_RESULT_FILE',
      hint: 'Give an eval_results.json that this program or EvalPlus wrote.',
      cause,
    })
  let document: Partial<ResultFile>
  try {
    // The inputs of failed tests may hold NaN and Infinity; they are not needed here.
    document = JSON.parse(text.replace(stringOrConstant, (part) => (part[0] === '"' ? part : '0')))
  } catch (cause) {
    throw fault((cause as Error).message, cause)
  }
  if (typeof document?.eval !== 'object' || document.eval === null) throw fault('no field eval')
  const statuses = new Map<string, Statuses>()
  for (const [taskId, entries] of Object.entries(document.eval)) {
    const first = Array.isArray(entries) ? entries[0] : undefined
    if (first === undefined) throw fault(`task ${taskId} has no sample`)
    statuses.set(taskId, { base: first.base_status, plus: first.plus_status })
  }
  return { hash: String(document.hash ?? ''), statuses }
}

const stringOrConstant = /"(?:[^"\\]|\\.)*"|-?Infinity|NaN/gs
