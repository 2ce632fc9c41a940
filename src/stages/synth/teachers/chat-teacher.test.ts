import { describe, expect, it } from 'vitest'
import { type Language, languages } from '../languages.ts'
import { type SynthOptions, synthOptionsSchema } from '../options.ts'
import { chatTeacher } from './chat-teacher.ts'
import { resolvePrompts } from './create-teacher.ts'
import type { ChatRequest, Transport } from './reply.ts'

/** What a teacher is told about how to work, for several instructions. */
async function systemMessages(more: Partial<SynthOptions>): Promise<Set<string>> {
  const options = synthOptionsSchema.parse({
    instructions: 'x',
    out: 'y',
    teacher: 'endpoint:m',
    ...more,
  })
  const prompts = await resolvePrompts(options)
  if (!prompts) throw new Error('no prompts')
  const seen = new Set<string>()
  const usage = { inputTokens: 1, outputTokens: 1 }
  const transport: Transport = {
    identity: {},
    async send({ messages }: ChatRequest) {
      seen.add(messages[0]?.content ?? '')
      return { text: 'No more to say.', finish: 'stop', usage }
    },
  }
  for (let number = 0; number < 24; number++) {
    const session = await chatTeacher(
      transport,
      prompts,
      options,
    )({ id: `i${number}`, instruction: 'Add.', extra: {} })
    await session?.next([])
  }
  return seen
}

const cases = languages.flatMap((language) =>
  (['fences', 'tools'] as const).map((protocol): [Language, SynthOptions['protocol']] => [
    language,
    protocol,
  ]),
)

describe('what a teacher is told', () => {
  it.each(cases)(
    'about %s with %s comes in two phrasings, both whole',
    async (language, protocol) => {
      const told = await systemMessages({ language, protocol })
      expect(told.size).toBe(2)
      for (const text of told) {
        expect(text).not.toContain('{{')
        expect(text).toMatch(/standard input/)
        expect(text).toMatch(/as arguments|are arguments/)
        if (language === 'go') expect(text).toContain('`panic(value)`')
        if (language === 'python') expect(text).toContain('1 s of CPU time')
        else expect(text).toMatch(/`(?:#|\/\/) --- tests ---`/)
      }
    },
  )

  it('names the CPU time that was set', async () => {
    for (const text of await systemMessages({ cellCpuMs: 2500 })) {
      expect(text).toContain('2.5 s of CPU time')
    }
  })
})
