import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Problem } from '../../data/benchmarks/index.ts'
import type { SampleVerdict, SetVerdict } from './verdicts.ts'

/** Python text of one input of a problem, converted as the judge converts it. */
export async function showInput(
  problem: Problem,
  set: 'base' | 'plus',
  index: number,
): Promise<string> {
  const running = promisify(execFile)('python3', ['-S', '-B', '-c', showing], {
    cwd: fileURLToPath(new URL('./judge', import.meta.url)),
    maxBuffer: 2 ** 28,
  })
  const { taskId, dataset } = problem
  const inputs = set === 'base' ? problem.baseInput : problem.plusInput
  running.child.stdin?.end(JSON.stringify({ taskId, dataset, inputs, index }))
  return (await running).stdout.trimEnd()
}

const showing = `
import json, sys
sys.path.insert(0, '')
from judge_inputs import read_inputs
order = json.load(sys.stdin)
sys.set_int_max_str_digits(0)
print(list(read_inputs(order['inputs'], order['dataset'], order['taskId'])[order['index']]))
`

/** A Python file: the program, and below it the call at which it fails, beside the reference. */
export function renderPythonFailure(
  problem: Problem,
  verdict: SampleVerdict,
  set: 'base' | 'plus',
  failed: SetVerdict,
  input: string | undefined,
): string {
  const { taskId, sample } = verdict
  const place = failed.failure === undefined ? '' : ` at input ${failed.failure.index}`
  const why = failed.failure?.error ?? failed.error ?? failed.failure?.note
  const head = [
    `${taskId}, sample ${sample}: ${failed.status} on the ${set} inputs${place}`,
    ...(why === undefined ? [] : why.split('\n')),
  ]
  const program = verdict.program.endsWith('\n') ? verdict.program : `${verdict.program}\n`
  const comment = head.map((line) => `# ${line}\n`).join('')
  return input === undefined
    ? `${comment}${program}`
    : `${comment}${program}${renderCall(problem, input)}`
}

function renderCall({ prompt, canonicalSolution, entryPoint }: Problem, input: string): string {
  return `

# The call at which it fails, and what the reference returns there.
if __name__ == "__main__":
    import copy
    import sys

    sys.set_int_max_str_digits(0)
    inf, nan = float("inf"), float("nan")
    arguments = ${input}
    reference = {}
    exec(${pythonText(prompt + canonicalSolution)}, reference)
    expected = reference[${pythonText(entryPoint)}](*copy.deepcopy(arguments))
    print("input   ", arguments)
    print("expected", repr(expected))
    got = ${entryPoint}(*arguments)
    print("got     ", repr(got))
    sys.exit(0 if got == expected else 1)
`
}

/** A Python literal of a text. JSON's is one, but for characters beyond the first plane. */
function pythonText(text: string): string {
  return JSON.stringify(text)
}
