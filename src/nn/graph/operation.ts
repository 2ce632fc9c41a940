import type { Value } from './value.ts'

/** What a gradient rule sees of one use of its operation. */
export interface GradientCall<Attributes> {
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: Attributes
  /** d loss / d output, one for each output; null where nothing depends on it. */
  readonly cotangents: readonly (Value | null)[]
}

/** d loss / d input, or how to make it if it is wanted; null where it is zero or not defined. */
export type InputGradient = Value | (() => Value) | null

/** An operation: how it is written as ONNX nodes, and how it is differentiated. */
// biome-ignore lint/suspicious/noExplicitAny: attributes are typed where an operation is defined
export interface Operation<Attributes = any> {
  readonly name: string
  emit(inputs: readonly Value[], attributes: Attributes): Value[]
  /** One for each input. */
  gradient(call: GradientCall<Attributes>): InputGradient[]
}

/**
 * Uses an operation on values of one graph. Operations that `emit` uses are not differentiated on
 * their own: the gradient rule of this one stands for them.
 */
export function applyOperation<Attributes>(
  operation: Operation<Attributes>,
  inputs: readonly Value[],
  attributes: Attributes,
): Value[] {
  const graph = (inputs[0] as Value).graph
  const before = graph.applications.length
  const outputs = operation.emit(inputs, attributes)
  graph.applications.length = before
  graph.applications.push({ operation, inputs, outputs, attributes })
  return outputs
}

/** Makes a function of an operation with one output. */
export function operationFunction<Attributes = undefined>(operation: Operation<Attributes>) {
  return (inputs: readonly Value[], attributes: Attributes): Value =>
    applyOperation(operation, inputs, attributes)[0] as Value
}
