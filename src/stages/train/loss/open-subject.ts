import { join } from 'node:path'
import { pathExists } from '../../../core/index.ts'
import {
  type Adapter,
  addTokenRows,
  loadModel,
  type Model,
  type Parameters,
  peftPrefix,
  readAdapter,
} from '../../../nn/models/index.ts'
import {
  loadTokenizer,
  refuseOtherVocabulary,
  type Tokenizer,
} from '../../../nn/tokenizer/index.ts'
import { readSourceConfig } from '../../../nn/weights/index.ts'

/** What a loss is measured of. */
export interface LossSubject {
  readonly model: Model
  readonly adapter?: Adapter
  /** What has a gradient: the model's tensors, or the adapter's. */
  readonly trained: Parameters
  /** Name of one of them in a file, as transformers or peft calls it. */
  fileName(parameter: string): string
}

/** The tokenizer of a model with the seven tokens; that of its adapter, where it has one. */
export async function openTokenizer({
  model,
  adapter,
}: {
  model: string
  adapter?: string | undefined
}): Promise<Tokenizer> {
  const hasOwn = adapter !== undefined && (await pathExists(join(adapter, 'tokenizer.json')))
  return loadTokenizer(hasOwn ? adapter : model)
}

/**
 * Loads a model, with rows for those of the seven tokens that it lacks, and its adapter, whose
 * dropout is for training alone.
 *
 * @throws `RC_TOKENIZER_MISMATCH`, and the errors of `loadModel` and `readAdapter`
 */
export async function openSubject(
  { model: path, adapter: adapterPath }: { model: string; adapter?: string | undefined },
  tokenizer: Tokenizer,
): Promise<LossSubject> {
  const own = adapterPath === undefined ? tokenizer : await loadTokenizer(path)
  refuseOtherVocabulary(path, own, await readSourceConfig(path))
  const base = addTokenRows(await loadModel(path), own.addedTokens)
  if (adapterPath === undefined) {
    return { model: base, trained: base.parameters, fileName: (parameter) => parameter }
  }
  const { model, adapter } = await readAdapter(adapterPath, base)
  const rows = { vocab_size: model.config.vocabularySize }
  refuseOtherVocabulary(path, { size: tokenizer.size, addedTokens: [] }, rows)
  return {
    model,
    adapter: { ...adapter, config: { ...adapter.config, dropout: 0 } },
    trained: adapter.parameters,
    fileName: (parameter) => `${peftPrefix}${parameter}`,
  }
}
