import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cutCompletion } from './cut-completion.ts'
import { evaluate } from './evaluate.ts'
import { readVerdicts } from './read-verdicts.ts'

describe('cutCompletion', () => {
  const cut = (language: 'cpp' | 'js' | 'rs', cutting: 'first' | 'last' | 'none', text: string) =>
    cutCompletion(
      { taskId: 't', prompt: 'P:', tests: '', stopTokens: language === 'js' ? ['\n//'] : ['\n}'] },
      text,
      language,
      cutting,
    )

  it('cuts before the first stop token of any kind', () => {
    expect(cut('cpp', 'first', ' a\n}\nint b() {\n}\n')).toBe('P: a')
    expect(cut('js', 'first', ' a\n}\n// more\n}')).toBe('P: a\n}')
  })

  it('cuts before the last of each stop text, those of the language first', () => {
    expect(cut('cpp', 'last', ' a\n}\nint b() {\n}\nint main() {\n}')).toBe('P: a\n}\nint b() {')
    expect(cut('rs', 'last', ' a\n}\nfn main() {\n}')).toBe('P: a')
    expect(cut('js', 'last', ' a\n// keeps\n}\nmore\n}')).toBe('P: a\n// keeps\n}\nmore\n}')
  })

  it('leaves a completion as it is when told so', () => {
    expect(cut('cpp', 'none', ' a\n}\n')).toBe('P: a\n}\n')
  })
})

interface Language {
  prompt: string
  tests: string
  stop: string
  completions: [completion: string, status: string][]
}

/** Small problems as MultiPL-E writes them. */
const languages: Record<string, Language> = {
  sh: {
    prompt: '#!/bin/bash\n# doubles $1\ndouble() {\n',
    tests:
      '}\n\ncandidate() {\n    double "$@"\n}\n\nset -e\nrun_test() {\n    [[ $(candidate "4") = "8" ]]\n}\n\nrun_test',
    stop: '\n}',
    completions: [
      ['    echo $(( $1 * 2 ))\n}\nfollowing prose', 'pass'],
      ['    echo $1\n}\n', 'fail'],
      ['    exit 0\n}\n', 'fail'],
      ['    while ((\n}\n', 'fail'],
    ],
  },
  js: {
    prompt: '//doubles x\nfunction double(x){\n',
    tests:
      "const assert = require('node:assert');\n\nfunction test() {\n  let candidate = double;\n  assert.deepEqual(candidate(4),8);\n}\n\ntest();",
    stop: '\nconsole.log',
    completions: [
      ['    return 2 * x;\n}\nconsole.log(double(1) +', 'pass'],
      ['    return x;\n}\n', 'fail'],
      ['    return 2 * x;\n', 'fail'],
    ],
  },
  cpp: {
    prompt: '#include<assert.h>\n#include<bits/stdc++.h>\nlong doubled(long x) {\n',
    tests:
      '}\nint main() {\n    auto candidate = doubled;\n    assert(candidate((4)) == (8));\n}\n',
    stop: '\n}',
    completions: [
      ['    return 2 * x;\n}\nint main() {}', 'pass'],
      ['    return x;\n}', 'fail'],
      ['    return y;\n}', 'fail'],
    ],
  },
}

describe('evaluating other languages', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'translated-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function write(name: string, records: readonly object[]): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, records.map((record) => JSON.stringify(record)).join('\n'))
    return path
  }

  it.each(Object.entries(languages))('judges %s', async (language, each) => {
    const benchmark = await write(
      `${language}.jsonl`,
      each.completions.map((_, index) => ({
        name: `HumanEval_${index}_double`,
        language,
        prompt: each.prompt,
        tests: each.tests,
        stop_tokens: [each.stop],
      })),
    )
    const samples = await write(
      `${language}-samples.jsonl`,
      each.completions.map(([completion], index) => ({
        task_id: `HumanEval_${index}_double`,
        completion,
      })),
    )
    const out = join(folder, language)
    const summary = await evaluate({ benchmark, samples, out }).catch((error) => error)
    if (summary instanceof Error) {
      // Without a compiler the evaluation must say which package brings it.
      expect(summary).toMatchObject({ code: 'RC_LANGUAGE_MISSING', status: 3 })
      expect((summary as { hint?: string }).hint).toMatch(/apt-get install -y \S/)
      return
    }
    const verdicts = await readVerdicts(out)
    expect(verdicts.map(({ base }) => base.status)).toEqual(each.completions.map(([, s]) => s))
    expect(verdicts.every(({ plus }) => plus === undefined)).toBe(true)
    expect(verdicts[1]?.base.failure?.error).not.toBe('')
    expect(summary.passAtK).toEqual({ base: { 'pass@1': 1 / each.completions.length } })
    if (language === 'cpp') {
      expect(verdicts[2]?.base.failure?.error).toMatch(/^does not compile: [\s\S]*‘?'?y/)
    }
  })

  it('takes whole functions from a folder of files', async () => {
    const { mkdir } = await import('node:fs/promises')
    const { prompt, tests } = languages.sh as Language
    const benchmark = await write('folder.jsonl', [
      { name: 'HumanEval_0_double', language: 'sh', prompt, tests, stop_tokens: ['\n}'] },
    ])
    const samples = join(folder, 'whole')
    await mkdir(join(samples, 'HumanEval_0_double'), { recursive: true })
    await writeFile(join(samples, 'HumanEval_0_double/0.sh'), `${prompt}    echo $(( $1 + $1 ))\n`)
    const summary = await evaluate({ benchmark, samples, out: join(folder, 'whole-out') })
    expect(summary.passAtK).toEqual({ base: { 'pass@1': 1 } })
  })
})
