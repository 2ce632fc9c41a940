import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { applyAdapter, createDecoder, loadModel } from '../models/index.ts'
import { loadTokenizer, refuseOtherVocabulary, type Tokenizer } from '../tokenizer/index.ts'
import {
  type BatchOptions,
  type GenerationRequest,
  type GenerationResult,
  generateBatch,
} from './generate-batch.ts'

export interface GenerateOptions extends BatchOptions {
  /** Prompts continued at the same time. */
  readonly batchSize: number
  /** Sees each result when it is there, in the order of the requests. */
  readonly onFinish?: (result: GenerationResult) => void
}

/** A model with its tokenizer, ready to continue prompts. */
export interface Generator {
  readonly tokenizer: Tokenizer
  /** Results in the order of the requests. */
  generate(
    requests: readonly GenerationRequest[],
    options: GenerateOptions,
  ): Promise<GenerationResult[]>
  dispose(): Promise<void>
}

/**
 * Loads a model for generation on the embedded engine.
 *
 * @param threads processor threads; 0 or nothing takes all
 * @param adapter folder of an adapter that is merged into the model; its tokenizer is used if it has one
 * @throws `RC_TOKENIZER_MISMATCH` when the tokenizer knows more tokens than the embedding has rows,
 * and the errors of `loadModel` and `loadTokenizer`
 */
export async function loadGenerator(
  folder: string,
  threads = 0,
  adapter?: string,
): Promise<Generator> {
  const hasTokenizer = adapter !== undefined && (await isFile(join(adapter, 'tokenizer.json')))
  const tokenizer = await loadTokenizer(hasTokenizer ? adapter : folder)
  const base = await loadModel(folder)
  const model = adapter === undefined ? base : await applyAdapter(base, adapter)
  refuseOtherVocabulary(folder, tokenizer, { vocab_size: model.config.vocabularySize })
  const decoder = createDecoder(model, { threads })
  return {
    tokenizer,
    async generate(requests, { batchSize, onFinish, ...options }) {
      const results: GenerationResult[] = []
      for (let first = 0; first < requests.length; first += batchSize) {
        const batch = requests.slice(first, first + batchSize)
        for (const result of await generateBatch(decoder, model.config, batch, options)) {
          results.push(result)
          onFinish?.(result)
        }
      }
      return results
    },
    dispose: () => decoder.dispose(),
  }
}

const isFile = (path: string) =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  )
