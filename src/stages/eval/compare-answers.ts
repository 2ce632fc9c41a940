/** The answer that a program's output gives: the last number of its last line, or that line. */
export function readAnswer(output: string): string {
  const line = output
    .split('\n')
    .map((each) => each.trim())
    .findLast((each) => each !== '')
  if (line === undefined) return ''
  const numbers = line.match(/-?[\d,]*\.?\d+(?:e-?\d+)?/gi)
  return numbers?.at(-1) ?? line
}

/**
 * Whether an answer of GSM8K is right: numbers within 1e-4 of each other, other text when equal.
 * With `percent` a hundredth and a hundredfold of the reference are right too.
 */
export function acceptsAnswer(answer: string, reference: string, percent = false): boolean {
  const [left, right] = [toNumber(answer), toNumber(reference)]
  if (left === undefined || right === undefined) {
    const text = normalise(answer)
    return text !== '' && !notFinite.test(text) && text === normalise(reference)
  }
  const readings = percent ? [right, right / 100, right * 100] : [right]
  return readings.some((reading) => isClose(left, reading))
}

const notFinite = /^[-+]?(?:nan|inf|infinity)$/i

/** As Python's `math.isclose` with a relative tolerance alone. */
function isClose(left: number, right: number): boolean {
  return Math.abs(left - right) <= RELATIVE_TOLERANCE * Math.max(Math.abs(left), Math.abs(right))
}

const RELATIVE_TOLERANCE = 1e-4

function toNumber(text: string): number | undefined {
  const normal = normalise(text)
  if (!/^-?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(normal)) return undefined
  const value = Number(normal)
  return Number.isFinite(value) ? value : undefined
}

function normalise(text: string): string {
  return text.trim().replace(/[,$%]/g, '').replace(/\.$/, '')
}
