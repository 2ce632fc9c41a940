import { add } from './elementwise.ts'
import { gradients } from './gradients.ts'
import type { Graph } from './graph.ts'
import { linearProduct, weightGradient } from './matrix.ts'
import { applyOperation, type InputGradient, type Operation } from './operation.ts'
import { scan } from './parts.ts'
import { reduceSum } from './reduce.ts'
import { reshape } from './shape-operations.ts'
import type { Dimension, Value } from './value.ts'

/** What a function makes of rows. */
interface BlockResults {
  /** [rows, …] */
  readonly output: Value
  /**
   * What the gradient is cheaply made from, not differentiable outside the function: [rows, …], or of
   * several blocks [blocks, rows of a block, …], because a graph's inputs and outputs under another
   * shape are copies.
   */
  readonly kept: readonly Value[]
}

/** Each row of the results depends on the same row of the inputs and on the graph around. */
type OfRows = (rows: readonly Value[]) => BlockResults

/** The function on one block: the body of a Scan. */
interface Block extends BlockResults {
  readonly body: Graph
  readonly rows: readonly Value[]
}

interface BlockwiseAttributes {
  readonly count: number
  readonly compute: OfRows
  readonly block: Block
}

/** Inputs are the rows, then the weights: all that operations of the body read of the graph around. */
const blockwiseOperation: Operation<BlockwiseAttributes> = {
  name: 'Blockwise',
  emit(inputs, { count, block }) {
    const rows = inputs.slice(0, block.rows.length).map((row) => stackBlocks(row, count))
    const body = { body: block.body, outputs: [block.output, ...block.kept] }
    const [output, ...kept] = scan(rows, body)
    return [joinBlocks(output!, block.output, inputs[0]!), ...kept]
  },
  gradient({ inputs, outputs, cotangents: [dy, ...others], attributes }) {
    if (!dy || others.some((cotangent) => cotangent !== null)) {
      throw new Error('what blocks keep is not differentiable')
    }
    const count = attributes.block.rows.length
    const [rows, weights] = [inputs.slice(0, count), inputs.slice(count)]
    const [ofRows, ofWeights] = blockGradients(rows, weights, outputs.slice(1), dy, attributes)
    return [...ofRows, ...ofWeights]
  },
}

/**
 * A weight that only linear layers read has its gradient from one product over all rows: the layers'
 * inputs and cotangents leave the Scan. Of any other weight each block gives its part.
 */
function blockGradients(
  rows: readonly Value[],
  weights: readonly Value[],
  kept: readonly Value[],
  dy: Value,
  { count, compute }: BlockwiseAttributes,
): [InputGradient[], InputGradient[]] {
  const block = traceBlock(rows, count, compute)
  const { body } = block
  const layers = body.applications.flatMap((application) => linearProduct(application) ?? [])
  const shared = weights.filter((weight) =>
    body.applications.some(
      (application) =>
        application.inputs.includes(weight) && linearProduct(application)?.weight !== weight,
    ),
  )
  const cotangent = body.input('dy', block.output.shape)
  const differentiated = block.rows.filter(({ type }) => type === 'float32')
  const wanted = [...differentiated, ...layers.map(({ y }) => y), ...shared]
  const made = gradients([{ output: block.output, cotangent }], wanted)
  const gradientOf = (value: Value) => made[wanted.indexOf(value)]!

  /** Values of the body by what they are of all rows, and stacked. */
  const whole = new Map([
    ...block.rows.map((row, index) => [row, rows[index]!] as const),
    [cotangent, dy] as const,
  ])
  const stacked = new Map([
    ...[...whole].map(([value, all]) => [value, stackBlocks(all, count)] as const),
    ...block.kept.map((value, index) => [value, kept[index]!] as const),
  ])
  const leaving = [...new Set([...made, ...layers.map(({ x }) => x)])].filter(
    (value) => !stacked.has(value),
  )
  const given = [...stacked.values()]
  const outputs = leaving.map((value) => beforeReshape(body, value))
  const left = scan(given, { body, outputs, given: block.kept })
  leaving.forEach((value, index) => {
    stacked.set(value, left[index]!)
  })
  rows[0]!.graph.held.push(...left)
  const wholeOf = (value: Value) =>
    whole.get(value) ?? joinBlocks(stacked.get(value)!, value, rows[0]!)

  const ofWeight = (weight: Value) => {
    if (shared.includes(weight)) {
      return reshape(reduceSum(stacked.get(gradientOf(weight))!, [0]), weight.shape)
    }
    return layers
      .filter((layer) => layer.weight === weight)
      .map(({ x, y }) => weightGradient(wholeOf(gradientOf(y)), wholeOf(x)))
      .reduce(add)
  }
  return [
    block.rows.map((row) => (row.type === 'float32' ? wholeOf(gradientOf(row)) : null)),
    weights.map((weight) => () => ofWeight(weight)),
  ]
}

/**
 * Computes a function of rows one block of rows after the other, so that what stands between its
 * first and its last step is as small as a block and stays in the cache of the processor.
 *
 * @param rows of one number of rows, a multiple of `count`
 * @param count number of blocks; a single one is computed without a Scan
 */
export function inBlocks(rows: readonly Value[], count: number, compute: OfRows): BlockResults {
  if (count === 1) return compute(rows)
  const { graph } = rows[0]!
  const block = traceBlock(rows, count, compute)
  const read = block.body.applications.flatMap(({ inputs }) => inputs)
  const weights = [...new Set(read)].filter((value) => value.graph === graph)
  const attributes = { count, compute, block }
  const [output, ...kept] = applyOperation(blockwiseOperation, [...rows, ...weights], attributes)
  return { output: output!, kept }
}

function traceBlock(rows: readonly Value[], count: number, compute: OfRows): Block {
  const body = rows[0]!.graph.subgraph()
  const inputs = rows.map(({ shape: [size, ...rest], type }, index) =>
    body.input(`row${index}`, [blockSize(size!, count), ...rest], type),
  )
  return { body, rows: inputs, ...compute(inputs) }
}

const blockSize = (rows: Dimension, count: number): Dimension =>
  typeof rows === 'number' ? rows / count : `${rows}/${count}`

/** [rows, …] as [blocks, rows of a block, …]. */
function stackBlocks(x: Value, count: number): Value {
  const [size, ...rest] = x.shape
  return reshape(x, [count, blockSize(size!, count), ...rest])
}

/**
 * Stacked blocks as [rows, …].
 *
 * @param block one of them
 * @param like of as many rows
 */
function joinBlocks(stacked: Value, block: Value, like: Value): Value {
  return reshape(stacked, [like.shape[0]!, ...block.shape.slice(1)])
}

/** The same elements before they got their shape: a Reshape at the end of a body is a copy. */
function beforeReshape(body: Graph, value: Value): Value {
  const node = body.nodes.find(({ outputs }) => outputs.includes(value))
  return node?.type === 'Reshape' ? beforeReshape(body, node.inputs[0]!) : value
}
