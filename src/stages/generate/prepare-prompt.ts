import { oneOffInstruction, type Problem } from '../../data/benchmarks/index.ts'
import { renderPrompt } from '../../data/dialog/index.ts'
import type { Tokenizer } from '../../nn/tokenizer/index.ts'

export type PromptStyle = 'chat' | 'completion'

/** A problem as tokens, and how to read what a model makes of it. */
export interface PreparedPrompt {
  promptIds: number[]
  /** The whole program of the new tokens. */
  readSolution(newIds: readonly number[]): string
}

/**
 * The tokens that a model continues. `chat` asks for one-off code and begins the answer with a
 * fence and the prompt, as the published evaluation does; `completion` is the prompt alone.
 *
 * The last tokens of the prompt are left to the model where a tokenizer would join them with what
 * follows: one that has a token for "\n    " never saw a line break alone before an indented line.
 */
export function preparePrompt(
  problem: Problem,
  style: PromptStyle,
  tokenizer: Tokenizer,
): PreparedPrompt {
  const opening = style === 'chat' ? fenceOpening : ''
  const given = opening + problem.prompt
  const encode = style === 'chat' ? tokenizer.encodeContinuation : tokenizer.encodeText
  const givenIds = stableIds(given, likelyContinuation(problem), {
    encode,
    decode: tokenizer.decode,
  })
  const givenText = tokenizer.decode(givenIds)
  const head =
    style === 'chat'
      ? tokenizer.encodeSegments([
          ...renderPrompt(oneOffInstruction(problem.prompt)),
          { special: '<|text|>' },
        ])
      : []
  const bos = tokenizer.bosId === undefined ? [] : [tokenizer.bosId]
  return {
    promptIds: [...bos, ...head, ...givenIds],
    readSolution(newIds) {
      // Decoding the new tokens alone would lose a space that a tokenizer puts before words.
      const continued = tokenizer.decode([...givenIds, ...newIds]).slice(givenText.length)
      const kept = given.slice(opening.length, givenText.length)
      return kept + cutContinuation(continued, style)
    },
  }
}

const fenceOpening = '```python\n'

/** The longest beginning of the text's tokens that stays the same when a continuation follows. */
function stableIds(
  text: string,
  continuation: string,
  { encode, decode }: Pick<Tokenizer, 'decode'> & { encode: Tokenizer['encodeText'] },
): number[] {
  const alone = encode(text)
  const continued = encode(text + continuation)
  let shared = 0
  while (shared < alone.length && alone[shared] === continued[shared]) shared++
  const stable = alone.slice(0, shared)
  return text.startsWith(decode(stable)) && shared > 0 ? stable : alone
}

/** A prompt that holds the function's head is followed by its body, another one by the function. */
function likelyContinuation({ prompt, entryPoint }: Problem): string {
  return prompt.includes(`def ${entryPoint}`) ? '    return x\n' : `def ${entryPoint}(x):\n`
}

/** Where a continuation is no longer the program that was asked for. */
const stopTexts: Record<PromptStyle, readonly string[]> = {
  chat: ['\n```'],
  completion: ['\ndef ', '\nclass ', '\nassert', '\n#', '\nprint', '\nif __name__', '\n```'],
}

/** Cuts at the first stop text; a line break before a closing fence stays. */
export function cutContinuation(text: string, style: PromptStyle): string {
  if (text.startsWith('```')) return ''
  const cuts = stopTexts[style].map((stop) => text.indexOf(stop)).filter((index) => index >= 0)
  return cuts.length === 0 ? text : text.slice(0, Math.min(...cuts) + 1)
}
