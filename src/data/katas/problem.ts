import type { Kata } from './generate-katas.ts'

/** A kata as one line of an EvalPlus problem file; inputs are passed on as text, unread. */
export function renderProblem(kata: Kata): string {
  const fields: Record<string, string> = {
    task_id: JSON.stringify(kata.taskId),
    prompt: JSON.stringify(kata.prompt),
    entry_point: JSON.stringify(kata.entryPoint),
    canonical_solution: JSON.stringify(kata.canonicalSolution),
    base_input: kata.baseInput,
    plus_input: kata.plusInput,
    atol: '0',
    contract: '""',
    assertion: JSON.stringify(kata.tests),
    test: JSON.stringify(checkFunction(kata)),
  }
  return `{${Object.entries(fields)
    .map(([name, json]) => `"${name}": ${json}`)
    .join(', ')}}`
}

/** A kata as an EvalPlus problem record. */
export function toProblem(kata: Kata): Record<string, unknown> {
  return JSON.parse(renderProblem(kata)) as Record<string, unknown>
}

function checkFunction(kata: Kata): string {
  const lines = kata.tests.trimEnd().split('\n')
  const call = `assert ${kata.entryPoint}(`
  return `def check(candidate):\n${lines
    .map((line) => `    ${line.replace(call, 'assert candidate(')}\n`)
    .join('')}`
}
