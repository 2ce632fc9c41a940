import { createRandom } from '../../core/index.ts'
import { type Kata, streamKatas } from './generate-katas.ts'

export interface BaseCorpusOptions {
  /** Number of documents; default: until `bytes` are reached. */
  count?: number
  /** Stop after the document with which this many characters are reached. */
  bytes?: number
  /** Default 3407. */
  seed?: number
}

/**
 * Plain Python documents for a base model: one to three functions with docstrings from
 * combinations of the base split, at times followed by some of their assertions.
 */
export function* generateBaseCorpus(options: BaseCorpusOptions): Generator<string> {
  const {
    count = Number.POSITIVE_INFINITY,
    bytes = Number.POSITIVE_INFINITY,
    seed = 3407,
  } = options
  const katas = streamKatas('base', seed, false)
  let written = 0
  for (let number = 0; number < count && written < bytes; number++) {
    const random = createRandom(seed, 'document', number)
    const parts: string[] = []
    for (let rest = 1 + random.integer(3); rest > 0; rest--) {
      const next = katas.next()
      if (next.done) return
      parts.push(functionText(next.value, random.integer(3)))
    }
    const document = parts.join('\n\n')
    written += document.length
    yield document
  }
}

function functionText(kata: Kata, assertions: number): string {
  const code = kata.prompt + kata.canonicalSolution
  if (assertions === 0) return code
  const tests = kata.tests.split('\n').slice(0, assertions + 1)
  return `${code}\n\n${tests.join('\n')}\n`
}
