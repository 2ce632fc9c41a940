import { createRandom } from '../../../../core/index.ts'
import type { Block, Message } from '../../../../data/dialog/index.ts'
import { languageTable } from '../../languages.ts'
import type { SynthOptions } from '../../options.ts'
import { fillSlots } from '../../prompts/fill-slots.ts'
import type { PromptSet } from '../../prompts/load-prompts.ts'
import { isProblem, type Teacher, type TeacherProblem } from '../../teacher.ts'
import { askingSession, openCalls, problemOfEnd, stageSampling } from '../asking-session.ts'
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
    const calls = openCalls(transport, id)
    const ask = async (stage: 'reflection' | 'answer'): Promise<Written | TeacherProblem> => {
      const call = calls.replies.length
      const open = structuredClone(
        stage === 'reflection' && call === 0 ? messages.slice(0, 1) : messages,
      )
      const sampling = stageSampling(options, stage)
      return readBlocks(
        await calls.ask({ messages: open, sampling, draw: `${seed} ${id} ${call}` }),
      )
    }
    return askingSession(calls, {
      request,
      answerRequest,
      async next(results) {
        const last = results.at(-1)
        if (last) reflection.content.push({ type: 'execution', content: last.output })
        const written = await ask('reflection')
        if (isProblem(written)) return written
        reflection.content.push(...written.blocks.map((block) => ({ ...block })))
        return written
      },
      async answer() {
        messages.push(userMessage(answerRequest))
        const written = await ask('answer')
        if (isProblem(written)) return written
        return written.code ?? readAnswer({ ...written.reply, text: written.text }, language)
      },
    })
  }
}

/** A turn of a model, up to a program or the end of its message. */
interface Written {
  readonly reply: Reply
  readonly blocks: readonly Block[]
  readonly text: string
  readonly code?: string
}

function readBlocks(reply: Reply): Written | TeacherProblem {
  const { blocks = [] } = reply
  const problem = findFault(reply, blocks)
  if (problem) return problem
  const text = blocks
    .filter(({ type }) => type === 'text')
    .map(({ content }) => content)
    .join('\n')
  const code = blocks.find(({ type }) => type === 'code')?.content
  return { reply, blocks, text, ...(code === undefined ? {} : { code }) }
}

const userMessage = (content: string): Message => ({
  role: 'user',
  content: [{ type: 'text', content }],
})

function findFault(reply: Reply, blocks: readonly Block[]): TeacherProblem | undefined {
  if (reply.finish === 'length') return { problem: 'cut-off' }
  const problem = problemOfEnd(reply)
  if (problem) return problem
  // The caller inserts executions; a model that writes one has made up an output.
  if (reply.text !== '' || blocks.some(({ type }) => type === 'execution')) {
    return { problem: 'broken-template', detail: reply.text.slice(0, 200) }
  }
  return undefined
}
