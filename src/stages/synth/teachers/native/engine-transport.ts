import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { hashFile } from '../../../../core/index.ts'
import { type Message, renderOpenDialog } from '../../../../data/dialog/index.ts'
import type { Generator } from '../../../../nn/infer/index.ts'
import type { SynthOptions } from '../../options.ts'
import type { DialogRequest, Sampling, Transport } from '../reply.ts'
import { resolveConcurrency } from '../teacher-spec.ts'
import { type WrittenBlock, writeBlocks } from './write-blocks.ts'

/** A tuned model on the embedded engine; dialogs that wait are continued together. */
export async function engineTransport(
  folder: string,
  options: SynthOptions,
): Promise<Transport<DialogRequest>> {
  const { loadGenerator } = await import('../../../../nn/infer/index.ts')
  const identity = { kind: 'engine', model: await hashModel(folder) }
  const generator = await loadGenerator(folder)
  const write = createBatcher(generator, resolveConcurrency(options), options.seed)
  return {
    identity,
    send: ({ messages, sampling, draw }) =>
      writeBlocks(messages, sampling.maxTokens, (open, index) =>
        write(open, sampling, `${draw} ${index}`),
      ),
    dispose: () => generator.dispose(),
  }
}

/** Of everything that decides what the model writes. */
async function hashModel(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) =>
    /\.(?:json|safetensors|gguf)$/.test(name),
  )
  return Promise.all(
    names.sort().map(async (name) => `${name} ${await hashFile(join(folder, name))}`),
  )
}

interface Waiting {
  readonly promptIds: number[]
  readonly sampling: Sampling
  readonly draw: string
  resolve(block: WrittenBlock): void
  reject(error: unknown): void
}

/** Gathers what is asked while the engine works, and continues it in one batch. */
function createBatcher(generator: Generator, batchSize: number, seed: number) {
  const { tokenizer } = generator
  const { specialIds, eosId, bosId } = tokenizer
  const stopIds = [eosId, specialIds['<|endofblock|>'], specialIds['<|endofmessage|>']]
  let waiting: Waiting[] = []
  let working = false
  const work = async () => {
    if (working) return
    working = true
    // What others ask in this turn of the event loop goes into the same batch.
    await new Promise((resolve) => setImmediate(resolve))
    while (waiting.length > 0) {
      const { sampling } = waiting[0] as Waiting
      const batch = waiting.filter((one) => isEqual(one.sampling, sampling)).slice(0, batchSize)
      waiting = waiting.filter((one) => !batch.includes(one))
      await continueBatch(batch, sampling).catch((error) => {
        for (const { reject } of batch) reject(error)
      })
    }
    working = false
  }
  const continueBatch = async (batch: readonly Waiting[], sampling: Sampling) => {
    const { temperature, topP, maxTokens } = sampling
    const results = await generator.generate(
      batch.map(({ draw, promptIds }) => ({ id: draw, promptIds })),
      { maxNewTokens: maxTokens, stopIds, temperature, topP, topK: 0, seed, batchSize },
    )
    for (const [index, { resolve, promptIds }] of batch.entries()) {
      const { ids = [], stop = 'length' } = results[index] ?? {}
      resolve({
        segments: tokenizer.decodeSegments(ids),
        cut: stop === 'length',
        usage: { inputTokens: promptIds.length, outputTokens: ids.length },
      })
    }
  }
  return (messages: readonly Message[], sampling: Sampling, draw: string) =>
    new Promise<WrittenBlock>((resolve, reject) => {
      const promptIds = [
        ...(bosId === undefined ? [] : [bosId]),
        ...tokenizer.encodeSegments(renderOpenDialog(messages)),
      ]
      waiting.push({ promptIds, sampling, draw, resolve, reject })
      void work()
    })
}

const isEqual = (a: Sampling, b: Sampling) =>
  a.temperature === b.temperature && a.topP === b.topP && a.maxTokens === b.maxTokens
