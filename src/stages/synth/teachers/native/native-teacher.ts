import { createRandom } from '../../../../core/index.ts'
import type { Block, Message } from '../../../../data/dialog/index.ts'
import { languageTable } from '../../languages.ts'
import type { SynthOptions } from '../../options.ts'
import { fillSlots } from '../../prompts/fill-slots.ts'
import type { PromptSet } from '../../prompts/load-prompts.ts'
import type { Teacher, TeacherProblem } from '../../teacher.ts'
import { stageSampling, sumUsage } from '../chat-teacher.ts'
import { readAnswer } from '../protocol.ts'
import type { DialogRequest, Reply, Transport } from '../reply.ts'

/**
 * A tuned model that writes the template itself: text and code blocks up to the end of a program;
 * the execution block is put in for it, and it goes on.
 */
export function nativeTeacher(
  transport: Transport<DialogRequest>,
  prompts: PromptSet,
  options: SynthOptions,
): Teacher {
  const { language, seed } = options
  return async ({ id, instruction }) => {
    const random = createRandom(seed, 'prompts', id)
    const slots = { instruction, language: languageTable[language].name }
    const request = fillSlots(random.pick(prompts.reflect), slots)
    const answerRequest = fillSlots(random.pick(prompts.answer), slots)
    const reflection: Message = { role: 'assistant', content: [] }
    const messages: Message[] = [userMessage(request), reflection]
    const replies: Reply[] = []
    let conclusion = ''
    const ask = async (stage: 'reflection' | 'answer'): Promise<Reply> => {
      const call = replies.length
      const open = structuredClone(
        stage === 'reflection' && call === 0 ? messages.slice(0, 1) : messages,
      )
      const reply = await transport.send(
        { messages: open, sampling: stageSampling(options, stage), draw: `${seed} ${id} ${call}` },
        { id, call },
      )
      replies.push(reply)
      return reply
    }
    return {
      request,
      answerRequest,
      get conclusion() {
        return conclusion
      },
      get spent() {
        return sumUsage(replies)
      },
      get replies() {
        return replies
      },
      async next(results) {
        const last = results.at(-1)
        if (last) reflection.content.push({ type: 'execution', content: last.output })
        const reply = await ask('reflection')
        const blocks = reply.blocks ?? []
        const problem = findFault(reply, blocks)
        if (problem) return problem
        reflection.content.push(...blocks.map((block) => ({ ...block })))
        const text = joinText(blocks)
        const code = blocks.find(({ type }) => type === 'code')?.content
        if (code !== undefined) return { text, code }
        conclusion = text
        return undefined
      },
      async answer() {
        messages.push(userMessage(answerRequest))
        const reply = await ask('answer')
        const blocks = reply.blocks ?? []
        const problem = findFault(reply, blocks)
        if (problem) return problem
        const bare = blocks.find(({ type }) => type === 'code')?.content
        if (bare !== undefined) return bare
        return readAnswer({ ...reply, text: joinText(blocks) }, language)
      },
    }
  }
}

const userMessage = (content: string): Message => ({
  role: 'user',
  content: [{ type: 'text', content }],
})

const joinText = (blocks: readonly Block[]) =>
  blocks
    .filter(({ type }) => type === 'text')
    .map(({ content }) => content)
    .join('\n')

function findFault(reply: Reply, blocks: readonly Block[]): TeacherProblem | undefined {
  if (reply.finish === 'length') return { problem: 'cut-off' }
  if (reply.finish === 'failed') return { problem: 'call-failed', detail: reply.text }
  if (reply.finish === 'endless') return { problem: 'endless-reply' }
  if (reply.finish === 'too-long') return { problem: 'too-long', detail: reply.text }
  if (reply.finish === 'refused') return { problem: 'refused', detail: reply.text }
  // The caller inserts executions; a model that writes one has made up an output.
  if (reply.text !== '' || blocks.some(({ type }) => type === 'execution')) {
    return { problem: 'broken-template', detail: reply.text.slice(0, 200) }
  }
  return undefined
}
