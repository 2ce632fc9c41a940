/** Element types of safetensors that the project knows, named as the format names them. */
export type DType = keyof typeof bytesPerElement

/** What a tensor is: element type and shape, row-major. */
export interface TensorInfo {
  readonly dtype: DType
  readonly shape: readonly number[]
}

/** Size of one element in bytes. */
export const bytesPerElement = {
  F64: 8,
  I64: 8,
  U64: 8,
  F32: 4,
  I32: 4,
  U32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  U16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
} as const

/** Whether a name read from a file is a type of the table above. */
export function isDType(name: unknown): name is DType {
  return typeof name === 'string' && Object.hasOwn(bytesPerElement, name)
}

/** Number of elements of a shape; 1 for a scalar. */
export function countElements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Size of a tensor's data in bytes. */
export function tensorBytes({ dtype, shape }: TensorInfo): number {
  return countElements(shape) * bytesPerElement[dtype]
}

/** `F32 [2, 3]`, as messages show a tensor. */
export function describeTensor({ dtype, shape }: TensorInfo): string {
  return `${dtype} [${shape.join(', ')}]`
}
