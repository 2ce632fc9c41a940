import { negate } from './elementwise.ts'
import { type Operation, operationFunction } from './operation.ts'
import { reshape } from './shape-operations.ts'
import type { Value } from './value.ts'

/**
 * Rotary position embedding (Su et al. 2021) in the half-split form of Hugging Face models, as ONNX
 * Runtime's RotaryEmbedding. The inverse rotation is its gradient.
 */
const rotaryOperation: Operation<undefined> = {
  name: 'RotaryEmbedding',
  emit: ([x, positions, cosine, sine]) =>
    x!.graph.emit(
      'RotaryEmbedding',
      [x!, positions!, cosine!, sine!],
      [{ type: 'float32', shape: x!.shape }],
      { domain: 'com.microsoft' },
    ),
  gradient: ({ inputs: [, positions, cosine, sine], cotangents: [dy] }) => [
    callRotary([dy!, positions!, cosine!, negate(sine!)], undefined),
    null,
    null,
    null,
  ],
}
const callRotary: (inputs: readonly Value[], attributes: undefined) => Value =
  operationFunction(rotaryOperation)

/**
 * Rotates every head of each token by the angles of its position.
 *
 * @param x [tokens, heads · size]
 * @param positions int64 [1, tokens], rows of the tables
 * @param cosine [positions, size / 2], of every position there is
 * @param sine like `cosine`
 */
export function rotary(x: Value, positions: Value, cosine: Value, sine: Value): Value {
  const batch = reshape(x, [1, ...x.shape])
  return reshape(callRotary([batch, positions, cosine, sine], undefined), x.shape)
}
