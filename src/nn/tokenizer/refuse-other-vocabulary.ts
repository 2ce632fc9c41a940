import { InputError } from '../../core/index.ts'
import type { Tokenizer } from './tokenizer.ts'

/**
 * Refuses a tokenizer that knows more tokens than the model has rows for.
 *
 * @param config configuration of the model, with its `vocab_size`
 * @throws `RC_TOKENIZER_MISMATCH`
 */
export function refuseOtherVocabulary(
  model: string,
  { size, addedTokens }: Pick<Tokenizer, 'size' | 'addedTokens'>,
  { vocab_size: rows }: Readonly<Record<string, unknown>>,
): void {
  // Tokens that are still to be added get rows of their own.
  const known = size - addedTokens.length
  if (typeof rows !== 'number' || known <= rows) return
  throw new InputError(
    `${model}: the tokenizer does not match the embedding: it has ${known} tokens, the embedding ${rows} rows`,
    {
      code: 'RC_TOKENIZER_MISMATCH',
      hint: 'The tokenizer belongs to another model; fetch both again from one place.',
    },
  )
}
