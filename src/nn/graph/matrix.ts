import type { Application } from './graph.ts'
import { type Operation, operationFunction } from './operation.ts'
import { reduceSum } from './reduce.ts'
import { reshape, transpose } from './shape-operations.ts'
import type { Dimension, Value } from './value.ts'

interface GemmAttributes {
  readonly transposeA: boolean
  readonly transposeB: boolean
}

/**
 * Product of two matrices, each transposed first if asked. The first is turned round by a node of its
 * own: ONNX Runtime would do it anew for every 128 columns of the second.
 */
const gemmOperation: Operation<GemmAttributes> = {
  name: 'Gemm',
  emit: ([a, b], { transposeA, transposeB }) => {
    const left = transposeA ? transpose(a!, [1, 0]) : a!
    const columns = b!.shape[transposeB ? 0 : 1] as Dimension
    const output = { type: 'float32', shape: [left.shape[0] as Dimension, columns] } as const
    return a!.graph.emit('Gemm', [left, b!], [output], {
      attributes: { transB: Number(transposeB) },
    })
  },
  gradient: ({ inputs: [a, b], cotangents: [dy], attributes: { transposeA, transposeB } }) => [
    transposeA
      ? gemm(b!, dy!, { transposeA: transposeB, transposeB: true })
      : gemm(dy!, b!, { transposeA: false, transposeB: !transposeB }),
    transposeB
      ? gemm(dy!, a!, { transposeA: true, transposeB: transposeA })
      : gemm(a!, dy!, { transposeA: !transposeA, transposeB: false }),
  ],
}
const callGemm = operationFunction(gemmOperation)
export function gemm(a: Value, b: Value, options: Partial<GemmAttributes> = {}): Value {
  return callGemm([a, b], { transposeA: false, transposeB: false, ...options })
}

/** dyᵀ · x, the gradient of a weight [out, in]; of a wide dy the product is turned round instead. */
export function weightGradient(dy: Value, x: Value): Value {
  const [out, columns] = [dy.shape[1], x.shape[1]]
  const wide = typeof out === 'number' && typeof columns === 'number' && out > 2 * columns
  if (!wide) return gemm(dy, x, { transposeA: true })
  return transpose(gemm(x, dy, { transposeA: true }), [1, 0])
}

/** x · weightᵀ + bias, for x [rows, in], weight [out, in] and bias [out] or [rows, out]. */
const linearWithBiasOperation: Operation<undefined> = {
  name: 'Linear',
  emit: ([x, weight, bias]) =>
    x!.graph.emit(
      'Gemm',
      [x!, weight!, bias!],
      [{ type: 'float32', shape: [x!.shape[0] as Dimension, weight!.shape[0] as Dimension] }],
      { attributes: { transB: 1 } },
    ),
  gradient: ({ inputs: [x, weight, bias], cotangents: [dy] }) => [
    gemm(dy!, weight!),
    weightGradient(dy!, x!),
    bias!.shape.length === 2 ? dy! : reshape(reduceSum(dy!, [0]), bias!.shape),
  ],
}
const callLinearWithBias = operationFunction(linearWithBiasOperation)

const linearOperation: Operation<undefined> = {
  name: 'LinearWithoutBias',
  emit: ([x, weight]) => [gemm(x!, weight!, { transposeB: true })],
  gradient: ({ inputs: [x, weight], cotangents: [dy] }) => [
    gemm(dy!, weight!),
    weightGradient(dy!, x!),
  ],
}
const callLinear = operationFunction(linearOperation)

/**
 * A linear layer with weight [out, in] as PyTorch stores it.
 *
 * @param bias [out], or [rows, out] for a residual stream
 */
export function linear(x: Value, weight: Value, bias?: Value): Value {
  return bias
    ? callLinearWithBias([x, weight, bias], undefined)
    : callLinear([x, weight], undefined)
}

/** x · weightᵀ of a use of `linear`, and what the layer gives; undefined for other operations. */
export function linearProduct({ operation, inputs: [x, weight], outputs: [y] }: Application) {
  if (operation !== linearOperation && operation !== linearWithBiasOperation) return undefined
  return { x: x!, weight: weight!, y: y! }
}

interface BatchMatmulAttributes extends GemmAttributes {
  /** Factor on the product. */
  readonly alpha: number
}

/** alpha · A · B over equal leading dimensions, the last two transposed first if asked. */
const batchMatmulOperation: Operation<BatchMatmulAttributes> = {
  name: 'FusedMatMul',
  emit: ([a, b], { transposeA, transposeB, alpha }) => {
    const rank = a!.shape.length
    const rows = a!.shape[rank - (transposeA ? 1 : 2)] as Dimension
    const columns = b!.shape[rank - (transposeB ? 2 : 1)] as Dimension
    const shape = [...a!.shape.slice(0, -2), rows, columns]
    return a!.graph.emit('FusedMatMul', [a!, b!], [{ type: 'float32', shape }], {
      domain: 'com.microsoft',
      attributes: {
        transA: Number(transposeA),
        transB: Number(transposeB),
        alpha: { float: alpha },
      },
    })
  },
  gradient: ({ inputs: [a, b], cotangents: [dy], attributes }) => {
    const { transposeA, transposeB, alpha } = attributes
    return [
      transposeA
        ? batchMatmul(b!, dy!, { transposeA: transposeB, transposeB: true, alpha })
        : batchMatmul(dy!, b!, { transposeA: false, transposeB: !transposeB, alpha }),
      transposeB
        ? batchMatmul(dy!, a!, { transposeA: true, transposeB: transposeA, alpha })
        : batchMatmul(a!, dy!, { transposeA: !transposeA, transposeB: false, alpha }),
    ]
  },
}
const callBatchMatmul = operationFunction(batchMatmulOperation)
export function batchMatmul(
  a: Value,
  b: Value,
  options: Partial<BatchMatmulAttributes> = {},
): Value {
  return callBatchMatmul([a, b], { transposeA: false, transposeB: false, alpha: 1, ...options })
}
