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
import { BrokenStreamError } from '../endpoint/explain-failure.ts'
import { createRetryingCalls } from '../endpoint/retrying-calls.ts'
import type { DialogRequest, Reply, Transport } from '../reply.ts'
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
    const reply = await calls.call(async ({ signal }): Promise<Reply> => {
      const completion = await endpoint.client.completions.create(
        {
          model,
          prompt: formatSegments(renderOpenDialog(messages).map(escapeText)),
          max_tokens: maxTokens,
          temperature,
          ...(topP === 1 ? {} : { top_p: topP }),
          stop: ['<|endofblock|>', '<|endofmessage|>'],
          // vLLM leaves special tokens out of the text otherwise.
          ...{ skip_special_tokens: false, spaces_between_special_tokens: false },
        },
        { signal },
      )
      const [choice] = completion.choices ?? []
      if (choice === undefined) throw new BrokenStreamError('a reply without choices')
      const { prompt_tokens: inputTokens = 0, completion_tokens: outputTokens = 0 } =
        completion.usage ?? {}
      return {
        // An empty text is how the end of a message looks here.
        text: choice.text === '' ? endMark : choice.text,
        finish: choice.finish_reason === 'length' ? 'length' : 'stop',
        usage: { inputTokens, outputTokens },
      }
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
    send: ({ messages, sampling }) => writeBlocks(messages, (open) => writeBlock(open, sampling)),
  }
}

const endMark = '<|endofmessage|>'

function escapeText(segment: DialogSegment): DialogSegment {
  if ('special' in segment) return segment
  return {
    text: segment.text.replace(
      /<\|(user|assistant|text|code|execution|endofblock|endofmessage)\|>/g,
      '<| $1|>',
    ),
  }
}

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
