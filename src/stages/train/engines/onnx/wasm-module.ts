/** One function of a WebAssembly module; its parameters are an i32 and then f32 or f64 numbers. */
export interface WasmFunction {
  readonly name: string
  readonly parameters: readonly WasmType[]
  readonly result?: WasmType
  /** Locals beside the parameters. */
  readonly locals: readonly WasmType[]
  /** Instructions, without the closing `end`. */
  readonly body: readonly number[]
}

export type WasmType = keyof typeof types

const types = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const

/** What TypeScript's library for Node leaves out. */
interface WasmApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: object }
}
const { Module, Instance } = (globalThis as unknown as { WebAssembly: WasmApi }).WebAssembly

/**
 * Makes a module of functions and an instance of it, with a memory of so many pages of 64 KiB.
 *
 * @returns its functions, and its memory as `memory`
 */
export function instantiateWasm(functions: readonly WasmFunction[], pages: number): object {
  const signature = ({ parameters, result }: WasmFunction) => [
    0x60,
    ...vector(parameters.map((type) => [types[type]])),
    ...vector(result ? [[types[result]]] : []),
  ]
  const code = ({ locals, body }: WasmFunction) => {
    const bytes = [...vector(locals.map((type) => [1, types[type]])), ...body, instructions.end]
    return [...unsigned(bytes.length), ...bytes]
  }
  const exported = ({ name }: WasmFunction, index: number) => [...text(name), 0, ...unsigned(index)]
  const module = new Module(
    Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...section(1, vector(functions.map(signature))),
      ...section(3, vector(functions.map((_, index) => unsigned(index)))),
      ...section(5, vector([[0, ...unsigned(pages)]])),
      ...section(7, vector([...functions.map(exported), [...text('memory'), 2, 0]])),
      ...section(10, vector(functions.map(code))),
    ]),
  )
  return new Instance(module).exports
}

/** Instructions by their names in the specification (WebAssembly 2.0, section 5.4). */
export const instructions = {
  loop: [0x03, 0x40],
  end: 0x0b,
  branchIf: (depth: number) => [0x0d, depth],
  get: (local: number) => [0x20, local],
  set: (local: number) => [0x21, local],
  i32: (value: number) => [0x41, ...signed(value)],
  i32Add: [0x6a],
  i32LessUnsigned: [0x49],
  v128Load: (offset: number) => [0xfd, 0x00, 4, ...unsigned(offset)],
  v128Store: (offset: number) => [0xfd, 0x0b, 4, ...unsigned(offset)],
  f32x4Splat: [0xfd, 0x13],
  f32x4Sqrt: simd(0xe3),
  f32x4Add: simd(0xe4),
  f32x4Subtract: simd(0xe5),
  f32x4Multiply: simd(0xe6),
  f32x4Divide: simd(0xe7),
  f64x2PromoteLow: [0xfd, 0x5f],
  f64x2Add: simd(0xf0),
  f64x2Multiply: simd(0xf2),
  f64x2Extract: (lane: number) => [0xfd, 0x21, lane],
  f64Add: [0xa0],
  /** The upper two of four f32, as the lower two. */
  upperHalf: [0xfd, 0x0d, ...[8, 9, 10, 11, 12, 13, 14, 15], ...[8, 9, 10, 11, 12, 13, 14, 15]],
} as const

function simd(code: number): number[] {
  return [0xfd, ...unsigned(code)]
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content]
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function text(value: string): number[] {
  return vector([...Buffer.from(value, 'utf8')].map((byte) => [byte]))
}

/** LEB128 */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)]
}

function signed(value: number): number[] {
  const rest = value >> 7
  const isLast = (rest === 0 && (value & 0x40) === 0) || (rest === -1 && (value & 0x40) !== 0)
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(rest)]
}
