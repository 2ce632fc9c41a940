import type { Operation } from './operation.ts'
import type { ElementType, Shape, Value } from './value.ts'

export type Attribute = number | string | readonly number[] | { float: number } | Subgraph

/** A graph that a node runs, the body of a Scan: it has an output for each output of the node. */
export interface Subgraph {
  readonly body: Graph
  readonly outputs: readonly Value[]
  /** Values that come in after the inputs of the graph instead of being computed. */
  readonly given?: readonly Value[]
}

/** One node as it will stand in the ONNX file. */
export interface OnnxNode {
  readonly type: string
  readonly domain: '' | 'com.microsoft'
  readonly inputs: readonly (Value | null)[]
  readonly outputs: readonly Value[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** One use of an operation, kept so that it can be differentiated. */
export interface Application {
  readonly operation: Operation
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly attributes: unknown
}

export interface Constant {
  readonly value: Value
  readonly data: readonly number[]
}

interface Signature {
  readonly type: ElementType
  readonly shape: Shape
}

/** A tensor program under construction; nodes stand in an order in which they can run. */
export class Graph {
  readonly inputs: Value[] = []
  readonly nodes: OnnxNode[] = []
  readonly constants = new Map<string, Constant>()
  readonly applications: Application[] = []
  /** Large values for which a session may bring memory that stays; see `GraphModel.held`. */
  readonly held: Value[] = []
  readonly #prefix: string
  #names = 0

  constructor(prefix = '') {
    this.#prefix = prefix
  }

  /** A graph for `Subgraph`: its names are none of this one's. */
  subgraph(): Graph {
    return new Graph(`${this.#freshName('g')}:`)
  }

  /** Adds a tensor that is fed at every run. */
  input(name: string, shape: Shape, type: ElementType = 'float32'): Value {
    const value = { graph: this, name: this.#prefix + name, type, shape }
    this.inputs.push(value)
    return value
  }

  /** A constant; equal constants are stored once. */
  constant(data: readonly number[], shape: Shape, type: ElementType = 'float32'): Value {
    const key = `${type}:${shape.join(',')}:${data.map((x) => (Object.is(x, -0) ? '-0' : x)).join(',')}`
    const known = this.constants.get(key)
    if (known) return known.value
    const value = { graph: this, name: this.#freshName('c'), type, shape }
    this.constants.set(key, { value, data })
    return value
  }

  /** A constant without dimensions. */
  scalar(value: number): Value {
    return this.constant([value], [])
  }

  /** Appends an ONNX node and returns its outputs. */
  emit(
    type: string,
    inputs: readonly (Value | null)[],
    outputs: readonly Signature[],
    options: { domain?: OnnxNode['domain']; attributes?: OnnxNode['attributes'] } = {},
  ): Value[] {
    const values = outputs.map((signature) => ({
      graph: this,
      name: this.#freshName('v'),
      ...signature,
    }))
    const { domain = '', attributes = {} } = options
    this.nodes.push({ type, domain, inputs, outputs: values, attributes })
    return values
  }

  #freshName(prefix: string): string {
    this.#names += 1
    return `${this.#prefix}${prefix}${this.#names}`
  }
}
