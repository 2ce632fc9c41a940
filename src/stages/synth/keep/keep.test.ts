import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../../../core/index.ts'
import { createSandbox, type Sandbox } from '../../../sandbox/index.ts'
import { synthOptionsSchema } from '../options.ts'
import { checkPythonAnswer } from './check-python-answer.ts'
import { checkText } from './check-text.ts'
import { extractTests } from './extract-tests.ts'
import { findSecret } from './find-secret.ts'
import { mentionsReflection } from './mentions-reflection.ts'
import { decodeSignature, encodeSignature, minHash, similarity } from './min-hash.ts'
import { mutateProgram, stubProgram } from './mutate-program.ts'
import { mutatePython, stubPython } from './mutate-python.ts'
import { createGramIndex } from './shared-grams.ts'

const options = synthOptionsSchema.parse({ instructions: 'x', out: 'y' })

describe('extractTests', () => {
  it('takes the assertions of the last good program and what they call', () => {
    const cells = [
      {
        code: 'import math\ndef check(f):\n    assert f(4) == 2, f(4)\ndef root(x):\n    return x',
        ok: true,
      },
      { code: 'def root(x):\n    return math.isqrt(x)\ncheck(root)\n', ok: true },
      { code: 'print(root(9))', ok: true },
    ]
    expect(extractTests(cells, 'import math\ndef root(x):\n    return math.isqrt(x)')).toBe(
      'import math\ndef check(f):\n    assert f(4) == 2, f(4)\ncheck(root)',
    )
  })

  it('takes nothing from programs that failed or assert nothing', () => {
    const failed = [{ code: 'assert f(1) == 3', ok: false }]
    expect(extractTests(failed, 'def f(x): return x')).toBeUndefined()
    expect(extractTests([{ code: 'print(f(1))', ok: true }], 'def f(x): return x')).toBeUndefined()
    const uncalled = [{ code: 'def t():\n    assert f(1) == 3', ok: true }]
    expect(extractTests(uncalled, 'def f(x): return x')).toBeUndefined()
  })
})

describe('mutants', () => {
  const source =
    'class A:\n    def f(self, x: int = 0) -> int:\n        if x < 3 and True:\n            return x + 1\n        return -x\n\ndef g():\n    return [1]\n'

  it('stubs every function and method', () => {
    expect(stubPython(source)).toBe(
      'class A:\n    def f(self, x: int = 0) -> int: return None\n\ndef g(): return None\n',
    )
  })

  it('differ from the source in one place each', () => {
    const mutants = mutatePython(source, 20, createRandom(1, 'm'))
    expect(mutants.length).toBeGreaterThan(6)
    expect(new Set(mutants).size).toBe(mutants.length)
    for (const mutant of mutants) {
      expect(mutant).not.toBe(source)
      expect(mutant).toContain('x: int')
    }
    expect(mutants).toContain(source.replace('<', '<='))
    expect(mutants).toContain(source.replace('and', 'or'))
  })

  it.each([
    [
      'javascript',
      'const add = (a, b) => {\n  if (a) { return b }\n  return a\n}\nclass Box {\n  constructor(x) { this.x = x }\n  get(i) { return `{i}}` }\n}\nfunction sub(a, f = () => 1) { return /[{"]/.test(a) }',
      'const add = (a, b) => { return undefined;\n  if (a) { return b }\n  return a\n}\nclass Box {\n  constructor(x) { this.x = x }\n  get(i) { return undefined; return `{i}}` }\n}\nfunction sub(a, f = () => 1) { return undefined; return /[{"]/.test(a) }',
    ],
    [
      'typescript',
      'export function pick<T>(xs: T[], at: number): T | undefined {\n  return xs[at]\n}',
      'export function pick<T>(xs: T[], at: number): T | undefined { if (true) return undefined as any;\n  return xs[at]\n}',
    ],
    [
      'cpp',
      '#include <vector>\nusing namespace std;\nstruct Box {\n  Box(int x) : x(x) {}\n  int get() const { return x; }\n  int x;\n};\nstd::vector<std::pair<int, int>> pairs(const vector<int>& v) {\n  for (int i = 0; i < 3; i++) { }\n  return {};\n}\nstatic void sort_it(vector<int>& v)\n{\n}\nint main() { return 1; }',
      '#include <vector>\nusing namespace std;\nstruct Box {\n  Box(int x) : x(x) {}\n  int get() const { return {}; return x; }\n  int x;\n};\nstd::vector<std::pair<int, int>> pairs(const vector<int>& v) { return {};\n  for (int i = 0; i < 3; i++) { }\n  return {};\n}\nstatic void sort_it(vector<int>& v)\n{ return;\n}\nint main() { return 1; }',
    ],
    [
      'java',
      'class A {\n  A(int x) { this.x = x; }\n  static int[] two(int a, List<String> b) throws Error { return new int[] {a}; }\n  public boolean is(char c) { switch (c) { } return true; }\n}',
      'class A {\n  A(int x) { this.x = x; }\n  static int[] two(int a, List<String> b) throws Error { if (true) return null; return new int[] {a}; }\n  public boolean is(char c) { if (true) return false; switch (c) { } return true; }\n}',
    ],
    [
      'go',
      'func add(a, b int) int {\n\treturn a + b\n}\nfunc (s *Stack) Pop() (int, error) {\n\treturn 0, nil\n}\nfunc each(f func(int) bool) (n int) {\n}\nfunc main() {\n}',
      'func add(a, b int) int { if true { var stub0 int; return stub0 };\n\treturn a + b\n}\nfunc (s *Stack) Pop() (int, error) { if true { var stub0 int; var stub1 error; return stub0, stub1 };\n\treturn 0, nil\n}\nfunc each(f func(int) bool) (n int) { if true { return };\n}\nfunc main() {\n}',
    ],
    [
      'rust',
      "fn first<'a, T: Ord>(xs: &'a [T], f: impl Fn(&T) -> bool) -> Option<&'a T>\nwhere\n    T: Clone,\n{\n    let open = '{';\n    None\n}\n#[derive(Debug)]\nstruct A { b: i32 }",
      "fn first<'a, T: Ord>(xs: &'a [T], f: impl Fn(&T) -> bool) -> Option<&'a T>\nwhere\n    T: Clone,\n{ if true { return Default::default(); }\n    let open = '{';\n    None\n}\n#[derive(Debug)]\nstruct A { b: i32 }",
    ],
    [
      'bash',
      'twice() {\n  echo "$(( $1 * 2 )) }" # done }\n}\nfunction other { echo $#; }',
      'twice() { return 0;\n  echo "$(( $1 * 2 )) }" # done }\n}\nfunction other { return 0; echo $#; }',
    ],
  ] as const)('stub every outer function of %s', (language, program, stub) => {
    expect(stubProgram(program, language)).toBe(stub)
    expect(stubProgram('', language)).toBeUndefined()
  })

  it('leave strings and comments of other languages alone', () => {
    const program = 'int f(int a) { // a < 1\n  return a < 10 ? a + 1 : "a < b".size();\n}'
    const mutants = mutateProgram(program, 'cpp', 20, createRandom(1, 'm'))
    expect(mutants).toContain(program.replace('return a <', 'return a <='))
    for (const mutant of mutants) {
      expect(mutant).toContain('// a < 1\n')
      expect(mutant).toContain('"a < b"')
    }
  })
})

describe('checkPythonAnswer', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    sandbox = await createSandbox({ workers: 1 })
  })
  afterAll(() => sandbox.dispose())
  const check = (answer: string, tests: string, given?: string) =>
    checkPythonAnswer(
      answer,
      [{ code: `${answer}\n${tests}`, ok: true }],
      { id: 'i', instruction: '', extra: {}, ...(given === undefined ? {} : { tests: given }) },
      sandbox,
      options,
    )
  const answer = 'def add(a, b):\n    return a + b\n'

  it('keeps an answer whose tests can fail', async () => {
    expect(await check(answer, 'assert add(1, 2) == 3')).toBeUndefined()
    expect(await check(answer, '', 'assert add(2, 2) == 4')).toBeUndefined()
  })

  it.each([
    ['no-tests', 'print(add(1, 2))'],
    ['tests-accept-a-stub', 'assert True'],
    ['tests-accept-a-stub', 'try:\n    assert add(1, 2) == 5\nexcept AssertionError:\n    pass'],
    ['tests-accept-mutants', 'assert add(0, 0) is not None'],
    ['answer-fails-own-tests', 'assert add(1, 2) == 4'],
  ])('drops as %s', async (reason, tests) => {
    expect(await check(answer, tests)).toMatchObject({ reason })
  })

  it('names the part that fails', async () => {
    expect(await check('import nothing_of_that_name', 'assert 1')).toMatchObject({
      reason: 'answer-fails',
      detail: expect.stringContaining('ModuleNotFoundError'),
    })
    expect(await check(answer, 'assert add(1, 2) == 3', 'assert add(1, 2) == 4')).toMatchObject({
      reason: 'answer-fails-given-tests',
    })
  })
})

describe('texts', () => {
  it.each([
    ['AWS key id', 'key = "AKIAQ3EGPLK2ZZRTVB7N"'],
    ['private key', '-----BEGIN RSA PRIVATE KEY-----'],
    ['GitHub token', `ghp_${'aB3'.repeat(12)}`],
    ['API key', `sk-proj-${'q9Zt'.repeat(8)}`],
    ['password in a URL', 'postgres://admin:hunter2@db.internal/x'],
    ['e-mail address', 'write to maria.lopez@gmail.com'],
    ['IP address', 'host = "91.198.174.192"'],
    ['card number', '4539 1488 0343 6467'],
    ['social security number', 'ssn = "536-22-1843"'],
  ])('finds a %s', (detail, text) => {
    expect(findSecret(text)).toMatchObject({ detail })
  })

  it.each([
    'user@example.com, me@mail.example.org, a@b.com',
    '192.168.0.1 10.0.0.7 127.0.0.1 0.0.0.0 1.2.3.4 version 1.2.3.4.5',
    'AKIAIOSFODNN7EXAMPLE sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    '1234 5678 9012 3456, 4111 1111 1111 1111, 123-45-6789',
    '@decorator\nmatrix @ other.T',
  ])('lets %j through', (text) => {
    expect(findSecret(text)).toBeUndefined()
  })

  it('counts letters of other scripts', () => {
    const dialog = (text: string) => ({
      messages: [{ role: 'user' as const, content: [{ type: 'text' as const, content: text }] }],
      type: 'reflection',
    })
    const latin = { ...options, scripts: ['Latin', 'Greek'] }
    expect(checkText(dialog('Das Maß ist π mal so groß.'), latin)).toBeUndefined()
    expect(checkText(dialog('先写测试再写代码'), latin)).toMatchObject({ reason: 'other-script' })
    expect(checkText(dialog('先写测试再写代码'), options)).toBeUndefined()
    expect(checkText(dialog('x'.repeat(101)), { ...options, maxCharacters: 100 })).toMatchObject({
      reason: 'too-long-dialog',
    })
  })

  it('notices an answer that looks back', () => {
    const looks = [
      '# as shown above',
      '# fixed the bug',
      '# previous version failed',
      '# now passes',
    ]
    for (const text of looks) expect(mentionsReflection(text)).toBe(true)
    const ordinary = [
      'previous = None',
      '# the last element',
      'first_answer = 1',
      'def test(x): ...',
    ]
    for (const text of ordinary) expect(mentionsReflection(text)).toBe(false)
  })
})

describe('likeness', () => {
  const text = Array.from({ length: 120 }, (_, index) => `word${(index * 7) % 50}x${index}`).join(
    ' ',
  )

  it('estimates the Jaccard similarity of word 5-grams', () => {
    const other = text
      .split(' ')
      .map((word, index) => (index % 30 === 0 ? 'changed' : word))
      .join(' ')
    const grams = (from: string) => {
      const words = from.split(' ')
      return new Set(words.slice(4).map((_, at) => words.slice(at, at + 5).join(' ')))
    }
    const [a, b] = [grams(text), grams(other)]
    const shared = [...a].filter((gram) => b.has(gram)).length
    const exact = shared / (a.size + b.size - shared)
    expect(Math.abs(similarity(minHash(text), minHash(other)) - exact)).toBeLessThan(0.1)
    expect(similarity(minHash(text), minHash(text.toUpperCase()))).toBe(1)
    expect(similarity(minHash(text), minHash('nothing of it is the same at all'))).toBeLessThan(
      0.05,
    )
    expect(decodeSignature(encodeSignature(minHash(text)))).toEqual(minHash(text))
  })

  it('finds runs of words, and short texts as a whole', () => {
    const index = createGramIndex()
    index.add('long', 'return the sum of all even numbers in a list of integers', 8)
    index.add('short', 'reverse the words of it', 8)
    index.add('too short', 'add them', 8)
    expect(index.find('Please: RETURN the sum, of all even numbers in lists')).toBe('long')
    expect(index.find('return the sum of all odd numbers in a list')).toBeUndefined()
    expect(index.find('Now reverse the words of it!')).toBe('short')
    expect(index.find('add them')).toBeUndefined()
  })
})
