import { describe, expect, it } from 'vitest'
import { createRandom } from '../../core/index.ts'
import { createSession, type HostTensor } from '../runtime/index.ts'
import {
  add,
  addToColumn,
  attention,
  batchMatmul,
  concatenate,
  divide,
  expandLike,
  exponential,
  Graph,
  gatedUnit,
  gemm,
  gradients,
  inBlocks,
  joinParts,
  linear,
  logarithm,
  logSoftmax,
  multiply,
  negate,
  reduceSum,
  reduceTo,
  renderOnnx,
  reshape,
  rmsNorm,
  rotary,
  scale,
  selectColumn,
  sigmoid,
  softmax,
  split,
  splitParts,
  squareRoot,
  subtract,
  takeRows,
  transpose,
  type Value,
} from './index.ts'

interface Case {
  /** Shapes of the differentiated inputs. */
  shapes: number[][]
  build: (graph: Graph, inputs: Value[]) => Value
  /** Draws positive inputs, for logarithms and roots. */
  positive?: boolean
}

const indices = (graph: Graph) => graph.constant([2, 0, 3], [3, 1], 'int64')

const cases: Record<string, Case> = {
  add: { shapes: [[2, 3], [3]], build: (_, [a, b]) => add(a!, b!) },
  'add with broadcasting in the middle': {
    shapes: [
      [2, 1, 3],
      [4, 1],
    ],
    build: (_, [a, b]) => add(a!, b!),
  },
  subtract: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (_, [a, b]) => subtract(a!, b!),
  },
  multiply: {
    shapes: [
      [2, 3],
      [1, 3],
    ],
    build: (_, [a, b]) => multiply(a!, b!),
  },
  divide: { shapes: [[2, 3], [3]], build: (_, [a, b]) => divide(a!, b!), positive: true },
  negate: { shapes: [[5]], build: (_, [x]) => negate(x!) },
  scale: { shapes: [[5]], build: (_, [x]) => scale(x!, -2.5) },
  exponential: { shapes: [[5]], build: (_, [x]) => exponential(x!) },
  logarithm: { shapes: [[5]], build: (_, [x]) => logarithm(x!), positive: true },
  squareRoot: { shapes: [[5]], build: (_, [x]) => squareRoot(x!), positive: true },
  sigmoid: { shapes: [[5]], build: (_, [x]) => sigmoid(x!) },
  reduceSum: { shapes: [[2, 3, 4]], build: (_, [x]) => reduceSum(x!, [0, 2]) },
  reduceTo: { shapes: [[2, 3, 4]], build: (_, [x]) => reduceTo(x!, [3, 1]) },
  expandLike: {
    shapes: [[3, 1]],
    build: (graph, [x]) => expandLike(x!, graph.constant([0, 0, 0, 0, 0, 0], [3, 2])),
  },
  reshape: { shapes: [[2, 6]], build: (_, [x]) => reshape(x!, [3, 4]) },
  transpose: { shapes: [[2, 3, 4]], build: (_, [x]) => transpose(x!, [2, 0, 1]) },
  split: {
    shapes: [[2, 5]],
    build: (_, [x]) => {
      const [left, right] = split(x!, 1, [2, 3]) as [Value, Value]
      return add(reduceSum(multiply(left, left), [1]), reduceSum(right, [1]))
    },
  },
  concatenate: {
    shapes: [
      [2, 3],
      [2, 1],
    ],
    build: (_, [a, b]) => concatenate([a!, b!], 1),
  },
  gemm: {
    shapes: [
      [2, 3],
      [3, 4],
    ],
    build: (_, [a, b]) => gemm(a!, b!),
  },
  'gemm with both transposed': {
    shapes: [
      [3, 2],
      [4, 3],
    ],
    build: (_, [a, b]) => gemm(a!, b!, { transposeA: true, transposeB: true }),
  },
  'gemm with the first transposed': {
    shapes: [
      [3, 2],
      [3, 4],
    ],
    build: (_, [a, b]) => gemm(a!, b!, { transposeA: true }),
  },
  linear: { shapes: [[2, 3], [4, 3], [4]], build: (_, [x, w, b]) => linear(x!, w!, b!) },
  'linear without bias': {
    shapes: [
      [2, 3],
      [4, 3],
    ],
    build: (_, [x, w]) => linear(x!, w!),
  },
  batchMatmul: {
    shapes: [
      [2, 2, 3],
      [2, 3, 4],
    ],
    build: (_, [a, b]) => batchMatmul(a!, b!, { alpha: 0.5 }),
  },
  'batchMatmul with the second transposed': {
    shapes: [
      [2, 2, 3],
      [2, 4, 3],
    ],
    build: (_, [a, b]) => batchMatmul(a!, b!, { transposeB: true, alpha: 0.3 }),
  },
  'batchMatmul with both transposed': {
    shapes: [
      [2, 3, 2],
      [2, 4, 3],
    ],
    build: (_, [a, b]) => batchMatmul(a!, b!, { transposeA: true, transposeB: true }),
  },
  rmsNorm: { shapes: [[3, 6], [6]], build: (_, [x, w]) => rmsNorm(x!, w!, 1e-6) },
  softmax: { shapes: [[3, 4]], build: (_, [x]) => softmax(x!) },
  logSoftmax: { shapes: [[3, 4]], build: (_, [x]) => logSoftmax(x!) },
  'softmax of masked scores': {
    shapes: [[2, 2, 3]],
    build: (graph, [x]) => {
      const hidden = Number.NEGATIVE_INFINITY
      return softmax(add(x!, graph.constant([0, 0, hidden, 0, 0, 0], [2, 3])))
    },
  },
  rotary: {
    shapes: [[3, 8]],
    build: (graph, [x]) => {
      const angles = [0, 0, 0.3, 0.1, 0.6, 0.2, 0.9, 0.3]
      const table = (of: (angle: number) => number) => graph.constant(angles.map(of), [4, 2])
      const positions = graph.constant([0, 3, 1], [1, 3], 'int64')
      return rotary(x!, positions, table(Math.cos), table(Math.sin))
    },
  },
  gatedUnit: {
    shapes: [
      [3, 4],
      [3, 4],
    ],
    build: (_, [gate, up]) => gatedUnit(gate!, up!),
  },
  'gatedUnit in parts': {
    shapes: [
      [3, 4],
      [3, 4],
    ],
    build: (_, [gate, up]) => gatedUnit(gate!, up!, 2),
  },
  'linear onto a residual stream': {
    shapes: [
      [2, 3],
      [4, 3],
      [2, 4],
    ],
    build: (_, [x, w, residual]) => linear(x!, w!, residual!),
  },
  'linear to many more columns': {
    shapes: [
      [3, 2],
      [7, 2],
    ],
    build: (_, [x, w]) => linear(x!, w!),
  },
  'a gated layer in blocks': {
    shapes: [[6, 3], [3], [4, 3], [4, 3], [3, 4], [3]],
    build: (_, [x, norm, gateWeight, upWeight, downWeight, bias]) => {
      const { output } = inBlocks([x!], 3, ([rows]) => {
        const normal = rmsNorm(rows!, norm!, 1e-6)
        const gate = linear(normal, gateWeight!)
        const up = linear(normal, upWeight!)
        const shift = linear(gatedUnit(gate, up), downWeight!, bias!)
        return { output: add(rows!, shift), kept: [gate, up] }
      })
      return output
    },
  },
  'layers that share a weight and lead back to the rows, in blocks': {
    shapes: [
      [4, 3],
      [4, 3],
      [3, 3],
    ],
    build: (_, [x, residual, weight]) => {
      const { output } = inBlocks([x!, residual!], 2, ([rows, other]) => {
        const once = linear(rows!, weight!, other!)
        return { output: linear(multiply(once, once), weight!, rows!), kept: [once] }
      })
      return output
    },
  },
  attention: {
    shapes: [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 4],
    ],
    build: (graph, [queries, keys, values]) => {
      const far = 1e30
      const hidden = [0, 0, far, far, far, 0, 0, 0, far, far, 0, 0, 0, 0, 0]
      const mask = graph.constant(hidden, [3, 1, 5])
      return attention([queries!, keys!, values!], mask, { group: 1, scale: 0.5 })
    },
  },
  'attention of groups of rows': {
    shapes: [
      [2, 6, 4],
      [2, 3, 4],
      [2, 3, 4],
    ],
    build: (graph, [queries, keys, values]) => {
      const mask = graph.constant([0, 1e30, 1e30, 0, 0, 0], [2, 1, 3])
      return attention([queries!, keys!, values!], mask, { group: 3, scale: 0.5 })
    },
  },
  'splitParts and joinParts': {
    shapes: [[2, 5]],
    build: (graph, [x]) => {
      const sizes = graph.constant([2, 1, 2], [3], 'int64')
      const [a, b, c] = splitParts(x!, 1, sizes, ['a', 'b', 'c']) as [Value, Value, Value]
      return joinParts([multiply(a, a), b, exponential(c)], 1, sizes, 5)
    },
  },
  takeRows: {
    shapes: [[4, 3]],
    build: (graph, [x]) => takeRows(x!, graph.constant([3, 0], [2], 'int64')),
  },
  selectColumn: { shapes: [[3, 4]], build: (graph, [x]) => selectColumn(x!, indices(graph)) },
  addToColumn: {
    shapes: [
      [3, 4],
      [3, 1],
    ],
    build: (graph, [x, update]) => addToColumn(x!, indices(graph), update!),
  },
}

describe('gradients of operations', () => {
  for (const [name, definition] of Object.entries(cases)) {
    it(`${name} agrees with central differences`, async () => {
      const { analytic, numeric } = await compareGradients(name, definition)
      // fp32 forward passes: rounding 6e-8 over a step of 1e-2 and a curvature term of 1e-4.
      expect(Math.abs(analytic - numeric)).toBeLessThan(2e-3 * (1 + Math.abs(numeric)))
    })
  }
})

/** ⟨gradient, direction⟩ of ⟨output, weights⟩, by the graph and by central differences. */
async function compareGradients(name: string, { shapes, build, positive }: Case) {
  const random = createRandom(1, name)
  const graph = new Graph()
  const inputs = shapes.map((shape, index) => graph.input(`x${index}`, shape))
  const output = build(graph, inputs)
  const cotangent = graph.input('cotangent', output.shape)
  const forward = await createSession(renderOnnx(name, graph, { output }))
  const results = gradients([{ output, cotangent }], inputs)
  const named = Object.fromEntries(results.map((value, index) => [`d${index}`, value]))
  const backward = await createSession(renderOnnx(`${name}-gradient`, graph, named))

  const draw = (shape: readonly number[], fill: () => number): HostTensor<Float32Array> => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, fill),
  })
  const point = shapes.map((shape) =>
    draw(shape, () => (positive ? 0.8 + random.float() : random.normal())),
  )
  const direction = shapes.map((shape) => draw(shape, () => random.normal()))
  const moved = (step: number) =>
    Object.fromEntries(
      point.map(({ data, shape }, index) => [
        `x${index}`,
        { shape, data: data.map((x, i) => x + step * direction[index]!.data[i]!) },
      ]),
    )
  const weights = draw(output.shape as number[], () => random.normal())
  const value = async (step: number) =>
    dot((await forward.run(moved(step))).output!.data, weights.data)
  const step = 1e-2
  const numeric = ((await value(step)) - (await value(-step))) / (2 * step)
  const gradient = await backward.run({ ...moved(0), cotangent: weights })
  const analytic = direction.reduce(
    (sum, { data }, index) => sum + dot(gradient[`d${index}`]!.data, data),
    0,
  )
  await forward.dispose()
  await backward.dispose()
  return { analytic, numeric }
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, index) => sum + x * b[index]!, 0)
}
