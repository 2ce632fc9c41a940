import type { Attribute, Constant, Graph, OnnxNode, Subgraph } from './graph.ts'
import { attributeTypes, dataTypes, ModelProto } from './onnx-schema.ts'
import type { ElementType, Value } from './value.ts'

/** A finished graph: the ONNX file and the names it is fed and fetched by. */
export interface GraphModel {
  readonly name: string
  readonly bytes: Uint8Array
  readonly inputs: readonly GraphPort[]
  readonly outputs: readonly GraphPort[]
  /** Values between that may be fetched, into memory that is there already: they are large. */
  readonly held: readonly GraphPort[]
  /** Tensor of an output before the others that has no value; see `Session.run`. */
  readonly end: string
}

/** Name of an input or output, and the tensor of the file that holds it. */
export interface GraphPort extends Pick<Value, 'type' | 'shape'> {
  readonly name: string
  readonly tensor: string
}

/**
 * Writes the part of a graph that leads to `outputs` as an ONNX model (opset 17). Inputs that no
 * output needs are left out, and `inputs` of the result says which remain. Values that are `given`
 * are fed under their names instead of being computed.
 */
export function renderOnnx(
  name: string,
  graph: Graph,
  outputs: Readonly<Record<string, Value>>,
  given: Readonly<Record<string, Value>> = {},
): GraphModel {
  const { nodes, used } = neededNodes(graph, Object.values(outputs), Object.values(given))
  const inputs = [
    ...graph.inputs.map((value) => [value.name, value] as const),
    ...Object.entries(given),
  ].filter(([, value]) => used.has(value))
  const constants = [...graph.constants.values()].filter(({ value }) => used.has(value))
  const held = graph.held
    .filter((value) => used.has(value))
    .map((value, index) => [`held ${index}`, value] as const)
  const named = [...Object.entries(outputs), ...held]
  const renamed = outputTensors(nodes, named)
  const message = ModelProto.create({
    ir_version: 8,
    producer_name: 'reflectioncoder',
    opset_import: [
      { domain: '', version: 17 },
      { domain: 'com.microsoft', version: 1 },
    ],
    graph: {
      name,
      node: [
        ...nodes.map((node) => renderNode(node, renamed)),
        ...named.flatMap(([name, value]) => renderOutputNode(name, value, renamed)),
        { op_type: 'SequenceEmpty', output: [endTensor] },
      ],
      initializer: constants.map(renderConstant),
      input: inputs.map(([, value]) => renderSignature(value.name, value)),
      output: [
        // First, because the binding gives results in this order.
        endSignature,
        ...named.map(([outputName, value]) => renderSignature(outputTensor(outputName), value)),
      ],
    },
  })
  return {
    name,
    bytes: ModelProto.encode(message).finish(),
    inputs: inputs.map(([inputName, value]) => portOf(inputName, value, value.name)),
    outputs: Object.entries(outputs).map(outputPort),
    held: held.map(outputPort),
    end: endTensor,
  }
}

const outputPort = ([name, value]: readonly [string, Value]): GraphPort =>
  portOf(name, value, outputTensor(name))

const portOf = (name: string, { type, shape }: Value, tensor: string): GraphPort => ({
  name,
  tensor,
  type,
  shape,
})

const endTensor = 'end'

const endSignature = {
  name: endTensor,
  type: { sequence_type: { elem_type: { tensor_type: { elem_type: dataTypes.float32 } } } },
}

function neededNodes(graph: Graph, outputs: readonly Value[], given: readonly Value[]) {
  const used = new Set(outputs)
  const nodes: OnnxNode[] = []
  for (const node of [...graph.nodes].reverse()) {
    const isWanted = (value: Value) => used.has(value) && !given.includes(value)
    if (!node.outputs.some(isWanted)) continue
    const needed = neededOutputs(node, isWanted)
    nodes.push(needed)
    for (const value of inputsOf(needed)) if (value) used.add(value)
  }
  return { nodes: nodes.reverse(), used }
}

/** A node with a body without the outputs of both that nothing reads. */
function neededOutputs(node: OnnxNode, isWanted: (value: Value) => boolean): OnnxNode {
  const { body } = node.attributes
  if (body === undefined || !isSubgraph(body)) return node
  const wanted = node.outputs.map(isWanted)
  return {
    ...node,
    outputs: node.outputs.filter((_, index) => wanted[index]),
    attributes: {
      ...node.attributes,
      body: { ...body, outputs: body.outputs.filter((_, index) => wanted[index]) },
    },
  }
}

/** What a node reads, those values included that only a graph in its attributes reads. */
function inputsOf({ inputs, attributes }: OnnxNode): (Value | null)[] {
  const bodies = Object.values(attributes).filter(isSubgraph)
  return [...inputs, ...bodies.flatMap((body) => neededInside(body).flatMap(inputsOf))]
}

const neededInside = ({ body, outputs, given = [] }: Subgraph) =>
  neededNodes(body, outputs, given).nodes

/** Values that a node makes as an output of the graph, by the name that they bear in the file. */
type Renamed = ReadonlyMap<Value, string>

function outputTensors(
  nodes: readonly OnnxNode[],
  named: readonly (readonly [string, Value])[],
): Renamed {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs))
  const renamed = new Map<Value, string>()
  for (const [name, value] of named) {
    if (made.has(value) && !renamed.has(value)) renamed.set(value, outputTensor(name))
  }
  return renamed
}

function renderNode({ type, domain, inputs, outputs, attributes }: OnnxNode, renamed: Renamed) {
  return {
    op_type: type,
    domain,
    input: inputs.map((value) => (value ? (renamed.get(value) ?? value.name) : '')),
    output: outputs.map((value) => renamed.get(value) ?? value.name),
    attribute: Object.entries(attributes).map(([name, value]) => renderAttribute(name, value)),
  }
}

/** An output may bear the name of an input: they are two tensors in the file. */
const outputTensor = (name: string) => `out:${name}`

/** A copy, for an input that is an output as well, or a value that is two outputs. */
function renderOutputNode(name: string, value: Value, renamed: Renamed) {
  const from = renamed.get(value)
  if (from === outputTensor(name)) return []
  return [{ op_type: 'Identity', input: [from ?? value.name], output: [outputTensor(name)] }]
}

function renderAttribute(name: string, value: Attribute): Record<string, unknown> {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: value }
  if (typeof value === 'string') {
    return { name, type: attributeTypes.string, s: Buffer.from(value, 'utf8') }
  }
  if (isSubgraph(value)) return { name, type: attributeTypes.graph, g: renderSubgraph(name, value) }
  if ('float' in value) return { name, type: attributeTypes.float, f: value.float }
  return { name, type: attributeTypes.ints, ints: [...value] }
}

const isSubgraph = (value: Attribute): value is Subgraph =>
  typeof value === 'object' && 'body' in value

function renderSubgraph(name: string, subgraph: Subgraph) {
  const { body, outputs, given = [] } = subgraph
  const inputs = [...body.inputs, ...given]
  return {
    name,
    node: neededInside(subgraph).map((node) => renderNode(node, new Map())),
    initializer: [...body.constants.values()].map(renderConstant),
    input: inputs.map((value) => renderSignature(value.name, value)),
    output: outputs.map((value) => renderSignature(value.name, value)),
  }
}

function renderConstant({ value, data }: Constant) {
  return {
    name: value.name,
    dims: value.shape,
    data_type: dataTypes[value.type],
    raw_data: rawData(value.type, data),
  }
}

function rawData(type: ElementType, data: readonly number[]): Uint8Array {
  if (type === 'float32') return new Uint8Array(Float32Array.from(data).buffer)
  if (type === 'int64') return new Uint8Array(BigInt64Array.from(data, BigInt).buffer)
  return Uint8Array.from(data)
}

function renderSignature(name: string, { type, shape }: Value) {
  const dim = shape.map((size) =>
    typeof size === 'number' ? { dim_value: size } : { dim_param: size },
  )
  return { name, type: { tensor_type: { elem_type: dataTypes[type], shape: { dim } } } }
}
