import { headParameter, type Model } from './parameters.ts'
import { extendRows } from './room-for-rows.ts'

export interface AddedToken {
  readonly id: number
  /** Ids that the token's text had before it was one token. */
  readonly sourceIds: readonly number[]
}

/**
 * Gives new tokens their rows in the input and the output embedding: each the mean of the rows of
 * its source ids. Spare rows of a matrix that is larger than the vocabulary are used; it never
 * shrinks. Tied matrices are changed once. The matrices are changed in place where they have room,
 * so that they are not in memory twice: use the model that is returned, no longer the one given.
 */
export function addTokenRows(model: Model, addedTokens: readonly AddedToken[]): Model {
  const { config } = model
  const vocabularySize = Math.max(config.vocabularySize, ...addedTokens.map(({ id }) => id + 1))
  const parameters = new Map(model.parameters)
  for (const name of new Set(['model.embed_tokens.weight', headParameter(config)])) {
    const old = parameters.get(name)!
    const width = old.shape[1]!
    const rows = addedTokens.map(({ sourceIds }) => meanRow(old.data, width, sourceIds))
    const data = extendRows(old.data, vocabularySize * width)
    addedTokens.forEach(({ id }, index) => {
      data.set(rows[index]!, id * width)
    })
    parameters.set(name, { data, shape: [vocabularySize, width] })
  }
  return { ...model, config: { ...config, vocabularySize }, parameters }
}

function meanRow(rows: Float32Array, width: number, ids: readonly number[]): Float32Array {
  return Float32Array.from({ length: width }, (_, column) => {
    const sum = ids.reduce((total, id) => total + rows[id * width + column]!, 0)
    return sum / ids.length
  })
}
