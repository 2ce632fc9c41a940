import { InputError } from '../../core/index.ts'
import { type AdapterConfig, type AdapterTarget, adapterTargets } from './adapter.ts'
import type { DecoderConfig } from './decoder-config.ts'

/** The adapter_config.json of an adapter. */
export function renderAdapterConfig(
  { rank, alpha, dropout, targets, tokenIds }: AdapterConfig,
  { tiedEmbeddings }: DecoderConfig,
  baseModel: string,
): Record<string, unknown> {
  const matrices = tiedEmbeddings ? ['embed_tokens'] : ['embed_tokens', 'lm_head']
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: baseModel,
    inference_mode: true,
    r: rank,
    lora_alpha: alpha,
    lora_dropout: dropout,
    target_modules: [...targets],
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    modules_to_save: null,
    use_dora: false,
    use_rslora: false,
    trainable_token_indices:
      tokenIds.length === 0
        ? null
        : Object.fromEntries(matrices.map((name) => [name, [...tokenIds]])),
  }
}

/**
 * Reads adapter_config.json.
 *
 * @throws `RC_BAD_ADAPTER` naming the file and the field, also for parts that are not known here
 */
export function parseAdapterConfig(file: string, json: Record<string, unknown>): AdapterConfig {
  const fail = (field: string, expected: string) =>
    badAdapter(`${file}: ${field} should be ${expected}, got ${JSON.stringify(json[field])}`)
  const known: [field: string, values: unknown[], text: string][] = [
    ['peft_type', ['LORA'], '"LORA"'],
    ['bias', [undefined, 'none'], '"none"'],
    ['use_dora', [undefined, false], 'false'],
    ['use_rslora', [undefined, false], 'false'],
    ['modules_to_save', [undefined, null], 'null'],
    ['fan_in_fan_out', [undefined, false], 'false'],
  ]
  for (const [field, values, text] of known) {
    if (!values.includes(json[field])) throw fail(field, text)
  }
  for (const field of ['rank_pattern', 'alpha_pattern']) {
    if (Object.keys((json[field] as object | null) ?? {}).length > 0) throw fail(field, 'empty')
  }
  const { r: rank, lora_alpha: alpha, lora_dropout: dropout = 0, target_modules: targets } = json
  if (!Number.isInteger(rank) || (rank as number) < 1) throw fail('r', 'a whole number above 0')
  if (typeof alpha !== 'number') throw fail('lora_alpha', 'a number')
  const isKnown = (name: unknown): name is AdapterTarget =>
    Object.hasOwn(adapterTargets, name as string)
  if (!Array.isArray(targets) || !targets.every(isKnown)) {
    throw fail('target_modules', `a list of ${Object.keys(adapterTargets).join(', ')}`)
  }
  const order = Object.keys(adapterTargets)
  return {
    rank: rank as number,
    alpha,
    dropout: dropout as number,
    targets: targets.toSorted((a, b) => order.indexOf(a) - order.indexOf(b)),
    tokenIds: parseTokenIds(json.trainable_token_indices, () =>
      fail('trainable_token_indices', 'the same neighbouring ids for embed_tokens and lm_head'),
    ),
  }
}

function parseTokenIds(value: unknown, fail: () => InputError): number[] {
  if (value === null || value === undefined) return []
  const lists = Array.isArray(value) ? [value] : Object.values(value as Record<string, number[]>)
  const ids = lists[0] as number[]
  const isSame = lists.every((list) => Array.isArray(list) && list.join() === ids.join())
  const areNeighbours = ids.every((id, index) => Number.isInteger(id) && id === ids[0]! + index)
  if (!isSame || !areNeighbours) throw fail()
  return ids
}

/** An adapter folder that cannot be used. */
export function badAdapter(message: string, cause?: unknown): InputError {
  return new InputError(message, {
    code: 'RC_BAD_ADAPTER',
    hint: 'Give the folder of a LoRA adapter for a causal language model, as peft writes it.',
    cause,
  })
}
