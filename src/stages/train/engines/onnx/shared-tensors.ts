import type { Parameters } from '../../../../nn/models/index.ts'

/** Where each tensor of a table lies in a memory that threads share, all float32 end to end. */
export interface SharedTensors {
  readonly buffer: SharedArrayBuffer
  readonly shapes: readonly (readonly [name: string, shape: readonly number[]])[]
}

/** Room for the tensors of a table, zero. */
export function shareTensors(table: Parameters): SharedTensors {
  const shapes = [...table].map(([name, { shape }]) => [name, shape] as const)
  const length = shapes.reduce((sum, [, shape]) => sum + sizeOf(shape), 0)
  return { buffer: new SharedArrayBuffer(4 * length), shapes }
}

/** Copies a table into shared memory. */
export function writeShared(shared: SharedTensors, table: Parameters): void {
  for (const { name, view } of viewsOf(shared)) view.set(table.get(name)!.data)
}

/** A table of its own for this thread: ONNX Runtime takes no shared memory. */
export function createLocal({ shapes }: SharedTensors): Parameters {
  return new Map(
    shapes.map(([name, shape]) => [name, { data: new Float32Array(sizeOf(shape)), shape }]),
  )
}

/** Copies shared memory into a table. */
export function readShared(shared: SharedTensors, table: Parameters): void {
  for (const { name, view } of viewsOf(shared)) table.get(name)!.data.set(view)
}

/** Adds shared memory to a table; a tensor that it lacks counts as zero. */
export function addShared(shared: SharedTensors, table: Parameters): void {
  for (const { name, shape, view } of viewsOf(shared)) {
    const known = table.get(name)
    if (known === undefined) {
      table.set(name, { data: new Float32Array(view), shape })
      continue
    }
    const { data } = known
    for (let i = 0; i < data.length; i++) data[i]! += view[i]!
  }
}

function viewsOf({ buffer, shapes }: SharedTensors) {
  let offset = 0
  return shapes.map(([name, shape]) => {
    const view = new Float32Array(buffer, offset, sizeOf(shape))
    offset += view.byteLength
    return { name, shape, view }
  })
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1)
