import { createDecoder, loadModel } from '../models/index.ts'
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
 * Loads a Hugging Face folder for generation on the embedded engine.
 *
 * @param threads processor threads; 0 or nothing takes all
 * @throws `RC_TOKENIZER_MISMATCH` when the tokenizer knows more tokens than the embedding has rows,
 * and the errors of `loadModel` and `loadTokenizer`
 */
export async function loadGenerator(folder: string, threads = 0): Promise<Generator> {
  const tokenizer = await loadTokenizer(folder)
  const model = await loadModel(folder)
  refuseOtherVocabulary(folder, tokenizer, { vocab_size: model.config.vocabularySize })
  const decoder = createDecoder(model, threads > 0 ? { threads } : {})
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
