import { describe, expect, it } from 'vitest'
import type { TranslatedProblem } from '../../data/benchmarks/index.ts'
import { cutCompletion } from './cut-completion.ts'

const problem = (prompt: string) =>
  ({ prompt, stopTokens: ['\n}'] }) as unknown as TranslatedProblem
const fenced = (name: string, code: string) => `Here:\n\`\`\`${name}\n${code}\`\`\`\nDone.`

describe('cutting what an instructed model wrote', () => {
  it('takes the function up to its brace, without main, after the other lines of the prompt', () => {
    const prompt = '#include <string>\nlong f(long x) {\n'
    const code = '#include <vector>\nlong f(long x) {\n  return x;\n}\n\nint main() {\n  f(1);\n}\n'
    expect(cutCompletion(problem(prompt), fenced('cpp', code), 'cpp', 'fenced')).toBe(
      '#include <string>\nlong f(long x) {\n  return x;\n',
    )
  })

  it('closes the function again where the tests do not', () => {
    const code = 'function f(x) {\n  return x\n}\n'
    expect(
      cutCompletion(
        problem('//Says x\nfunction f(x){\n'),
        fenced('javascript', code),
        'js',
        'fenced',
      ),
    ).toBe('//Says x\nfunction f(x) {\n  return x\n}\n')
  })

  it('ends an indented method at the brace of its own indent', () => {
    const prompt = 'class Problem {\n    public static long f(long x) {\n'
    const code =
      'class Problem {\n    public static long f(long x) {\n        return x;\n    }\n}\n'
    expect(cutCompletion(problem(prompt), fenced('Java', code), 'java', 'fenced')).toBe(
      'class Problem {\npublic static long f(long x) {\n        return x;\n',
    )
  })

  it('continues the prompt where there is no block', () => {
    expect(cutCompletion(problem('f() {\n'), '  echo 1\n}', 'sh', 'fenced')).toBe(
      'f() {\n\n  echo 1\n}',
    )
  })
})
