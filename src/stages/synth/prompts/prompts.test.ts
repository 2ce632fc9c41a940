import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { generateKatas, toInstruction } from '../../../data/katas/index.ts'
import { truncateOutput } from '../notebook/truncate-output.ts'
import { synthOptionsSchema } from '../options.ts'
import { scriptedTeacher } from '../scripted-teacher.ts'
import { findFences } from '../teachers/find-fences.ts'
import { fillSlots } from './fill-slots.ts'
import { loadPrompts, promptSets } from './load-prompts.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prompts-'))
})
afterAll(() => rm(folder, { recursive: true }))

const withFile = async (name: string, text: string) => {
  const own = await mkdtemp(join(folder, 'p-'))
  await writeFile(join(own, name), text)
  return own
}

describe('prompts', () => {
  it.each(promptSets)('ships the set %s, with its slots', async (name) => {
    const prompts = await loadPrompts(name, 'code')
    for (const text of prompts.reflect) expect(text).toContain('{{instruction}}')
    expect(prompts.output.every((text) => text.includes('{{output}}'))).toBe(true)
  })

  it('asks for katas as the scripted teacher does, so that its pupil understands', async () => {
    const [kata] = generateKatas({ split: 'train', count: 1, seed: 1 }).map(toInstruction)
    if (!kata) throw new Error('no kata')
    const options = synthOptionsSchema.parse({ instructions: 'x', out: 'y' })
    const { id, instruction, answer, tests, ...extra } = kata
    const session = await scriptedTeacher(options)({
      id,
      instruction,
      answer,
      tests,
      extra: { ...extra },
    })
    const [phrasing = ''] = (await loadPrompts('kata', 'code')).reflect
    expect(fillSlots(phrasing, { instruction })).toBe(session?.request)
  })

  it('draws from several phrasings', async () => {
    expect((await loadPrompts('code', 'code')).reflect.length).toBeGreaterThan(2)
    for (const name of ['code', 'program']) {
      const { system, systemTools } = await loadPrompts(name, 'code')
      expect([system.length, systemTools.length]).toEqual([2, 2])
    }
  })

  it('takes single files from a folder of the user', async () => {
    const own = await withFile('reflect.md', 'A: {{instruction}}\n---\nB: {{instruction}}\n')
    const prompts = await loadPrompts(own, 'math')
    expect(prompts.reflect).toEqual(['A: {{instruction}}', 'B: {{instruction}}'])
    expect(prompts.answer).toEqual((await loadPrompts('math', 'math')).answer)
  })

  it.each([
    ['reflect.md', 'no slot', 'RC_BAD_PROMPT', '{{instruction}}'],
    ['system.md', 'Hello {{nobody}}', 'RC_BAD_PROMPT', '{{nobody}}'],
    ['reflect.md', '{{instruction}}\n---\n', 'RC_BAD_PROMPT', 'empty'],
    ['reflekt.md', '{{instruction}}', 'RC_UNKNOWN_PROMPT', 'reflekt.md'],
  ])('refuses %s with %j', async (name, text, code, part) => {
    const own = await withFile(name, text)
    await expect(loadPrompts(own, 'code')).rejects.toMatchObject({
      code,
      status: 2,
      message: expect.stringContaining(part),
    })
  })

  it('fills slots with texts that look like slots', () => {
    expect(fillSlots('{{a}} {{b}}', { a: '{{b}} $& $1', b: 'x' })).toBe('{{b}} $& $1 x')
  })
})

describe('truncateOutput', () => {
  it('leaves out the middle of a long text at line ends, and says so', () => {
    const text = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('')
    const shown = truncateOutput(text, 200)
    const left = Number(/\[… (\d+) characters left out …\]/.exec(shown)?.[1])
    expect(shown).toMatch(/^line 0\n[\s\S]*line \d+\n\[…[^\n]*\]\nline \d+\n[\s\S]*line 99\n$/)
    expect(left + shown.length - (/\n\[…[^\n]*\]\n/.exec(shown)?.[0].length ?? 0)).toBe(text.length)
  })

  it('cuts no character in two', () => {
    for (let limit = 64; limit < 70; limit++) {
      const shown = truncateOutput('😀'.repeat(100), limit)
      expect(Buffer.from(shown).toString()).toBe(shown)
    }
  })

  it('marks what no text has, and keeps a short one as it is', () => {
    expect(truncateOutput('a\r\nb\0\u001b[31m\t', 100)).toBe('a\nb\ufffd\ufffd[31m\t')
  })
})

describe('findFences', () => {
  it('reads tags, indented and longer fences, and an open one', () => {
    const text =
      'x\n```Python title="a"\n1\n```\n- item\n   ```\n   2\n   ```\n````md\n```\n3\n```\n````\n~~~js\n4'
    expect(findFences(text).map(({ tag, code, closed }) => [tag, code, closed])).toEqual([
      ['python', '1', true],
      ['', '2', true],
      ['md', '```\n3\n```', true],
      ['js', '4', false],
    ])
  })

  it('does not take inline code for a fence', () => {
    expect(findFences('```x``` and ```y```')).toEqual([])
  })
})
