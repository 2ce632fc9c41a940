import {
  blockTokens,
  type DialogSegment,
  formatSegments,
  type Message,
  renderOpenDialog,
  type SpecialToken,
  specialTokens,
} from '../../../../data/dialog/index.ts'
import type { SynthOptions } from '../../options.ts'
import type { EndpointClient } from '../endpoint/endpoint-client.ts'
import { BrokenStreamError, refuseWebPage } from '../endpoint/explain-failure.ts'
import { createRetryingCalls } from '../endpoint/retrying-calls.ts'
import type { DialogRequest, Reply, Transport } from '../reply.ts'
import { guessTokens, isEndless } from '../reply-limits.ts'
import { escapeText } from './escape-text.ts'
import { writeBlocks } from './write-blocks.ts'

/**
 * A tuned model behind a raw completions endpoint (vLLM, llama.cpp). The server makes tokens of the
 * text, so what spells a special token inside content is sent with a blank in it.
 */
export function completionsTransport(
  endpoint: EndpointClient,
  model: string,
  options: SynthOptions & { concurrency: number },
  stop: AbortSignal,
): Transport<DialogRequest> {
  const calls = createRetryingCalls(
    endpoint,
    model,
    { ...options, stream: false },
    () => false,
    stop,
  )
  const writeBlock = async (
    messages: readonly Message[],
    { maxTokens, temperature, topP }: DialogRequest['sampling'],
  ) => {
    const prompt = formatSegments(renderOpenDialog(messages).map(escapeText))
    const reply = await calls.call(async ({ signal }): Promise<Reply> => {
      const request = endpoint.client.completions.create(
        {
          model,
          prompt,
          max_tokens: maxTokens,
          temperature,
          ...(topP === 1 ? {} : { top_p: topP }),
          stop: ['<|endofblock|>', '<|endofmessage|>'],
          // vLLM leaves special tokens out of the text otherwise.
          ...{ skip_special_tokens: false, spaces_between_special_tokens: false },
        },
        { signal },
      )
      const { data: completion, response } = await request.withResponse()
      refuseWebPage(response.headers)
      const [choice] = completion.choices ?? []
      if (choice === undefined) throw new BrokenStreamError('a reply without choices')
      const { text, finish_reason: reason } = choice
      const usage = {
        inputTokens: completion.usage?.prompt_tokens ?? guessTokens(prompt.length),
        outputTokens: completion.usage?.completion_tokens ?? guessTokens(text.length),
      }
      if (isEndless(text.length, maxTokens)) return { text: '', finish: 'endless', usage }
      // An empty text is how the end of a message looks here.
      return { text: text || endMark, finish: reason === 'length' ? 'length' : 'stop', usage }
    })
    const failed = reply.finish !== 'stop' && reply.finish !== 'length'
    return {
      ...(failed ? { failure: reply } : {}),
      segments: reply.text === endMark ? [] : splitTokens(reply.text),
      cut: reply.finish === 'length',
      usage: reply.usage,
    }
  }
  return {
    identity: { kind: 'completions', model, baseUrl: endpoint.baseUrl },
    send: ({ messages, sampling }) =>
      writeBlocks(messages, sampling.maxTokens, (open) => writeBlock(open, sampling)),
  }
}

const endMark = '<|endofmessage|>'

/** A type token at the beginning is one; whatever comes later is found and told apart too. */
function splitTokens(text: string): DialogSegment[] {
  const trimmed = Object.values(blockTokens).some((token) => text.trimStart().startsWith(token))
    ? text.trimStart()
    : text
  const pattern = new RegExp(
    `(${specialTokens.map((token) => token.replaceAll('|', '\\|')).join('|')})`,
  )
  return trimmed
    .split(pattern)
    .filter((part) => part !== '' && part !== '</s>' && part !== '<|endoftext|>')
    .map((part) =>
      (specialTokens as readonly string[]).includes(part)
        ? { special: part as SpecialToken }
        : { text: part },
    )
}
