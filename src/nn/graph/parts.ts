import type { Subgraph } from './graph.ts'
import { reshape } from './shape-operations.ts'
import type { Value } from './value.ts'

/** Makes tensors of the shape of those that it is given, elementwise. */
type Elementwise = (inputs: readonly Value[]) => readonly Value[]

/**
 * Computes elementwise functions one row of the first axis after the other, so that what stands
 * between their first and their last step stays in the cache of the processor. Every row of a result
 * may take the memory of the same row of an input. Not differentiable by itself.
 *
 * @param inputs of one shape; `compute` may read values of their graph beside its own inputs
 */
export function overRows(inputs: readonly Value[], compute: Elementwise): Value[] {
  const { graph, shape } = inputs[0]!
  const body = graph.subgraph()
  const outputs = compute(inputs.map((_, index) => body.input(`row${index}`, shape.slice(1))))
  return scan(inputs, { body, outputs })
}

/** Runs a body on each row of the first axis of its inputs, and puts its outputs on such an axis. */
export function scan(inputs: readonly Value[], body: Subgraph): Value[] {
  const { graph, shape } = inputs[0]!
  return graph.emit(
    'Scan',
    inputs,
    body.outputs.map((output) => ({ type: output.type, shape: [shape[0]!, ...output.shape] })),
    { attributes: { body, num_scan_inputs: inputs.length } },
  )
}

/**
 * As `overRows`, in parts of tensors of any shape.
 *
 * @param count number of parts, a divisor of the last size of the shape
 */
export function inParts(inputs: readonly Value[], count: number, compute: Elementwise): Value[] {
  if (count === 1) return [...compute(inputs)]
  const { shape } = inputs[0]!
  // Sizes of one name are one size to ONNX Runtime.
  const part = `${shape.join('·')}/${count}`
  const rows = inputs.map((x) => reshape(x, [count, part]))
  return overRows(rows, compute).map((x) => reshape(x, shape))
}
