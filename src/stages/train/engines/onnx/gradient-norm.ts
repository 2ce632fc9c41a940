import { Graph, renderOnnx } from '../../../../nn/graph/index.ts'
import type { Parameters } from '../../../../nn/models/index.ts'
import { createSession, type SessionOptions } from '../../../../nn/runtime/index.ts'

/** The norm of gradients: its graph, loaded once. */
export interface GradientNorm {
  /** Square root of the sum of squares over all tensors; not finite where an element is not. */
  of(gradients: Parameters): Promise<number>
  dispose(): Promise<void>
}

/** Squares that are added in float32, with an error of some 1e-8; sums of rows in double precision. */
const rowElements = 1024

/** Smaller tensors are not worth a run of their own. */
const smallTensor = 2 ** 16

/** Where squares of float32 values may leave the range of float32: found in double precision. */
const [smallest, largest] = [1e-12, 1e15]

export async function createGradientNorm(options: SessionOptions): Promise<GradientNorm> {
  const graph = new Graph()
  const rows = graph.input('rows', ['rows', rowElements])
  const [squares] = graph.emit('ReduceSumSquare', [rows], [{ type: 'float32', shape: ['rows'] }], {
    attributes: { axes: [1], keepdims: 0 },
  })
  const session = await createSession(renderOnnx('norm', graph, { squares: squares! }), options)

  async function sumSquares(data: Float32Array): Promise<number> {
    if (data.length < smallTensor) return exactSum(data)
    const count = Math.floor(data.length / rowElements)
    const whole = data.subarray(0, count * rowElements)
    const results = await session.run({ rows: { data: whole, shape: [count, rowElements] } })
    return sum(results.squares!.data) + exactSum(data.subarray(whole.length))
  }

  return {
    async of(gradients) {
      const tensors = [...gradients.values()].map(({ data }) => data)
      let total = 0
      for (const data of tensors) total += await sumSquares(data)
      const norm = Math.sqrt(total)
      if (norm > smallest && norm < largest) return norm
      return Math.sqrt(sum(tensors.map(exactSum)))
    },
    dispose: session.dispose,
  }
}

function exactSum(data: Float32Array): number {
  let total = 0
  for (let index = 0; index < data.length; index++) total += data[index]! * data[index]!
  return total
}

function sum(values: ArrayLike<number>): number {
  let total = 0
  for (let index = 0; index < values.length; index++) total += values[index]!
  return total
}
