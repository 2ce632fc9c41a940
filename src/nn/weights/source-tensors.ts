/** A tensor as it lies in a file: element type (as the format names it) and shape, row-major. */
export interface StoredTensor {
  readonly dtype: string
  readonly shape: readonly number[]
}

/** Configuration and weights of a model under Hugging Face names, wherever they lie. */
export interface ModelSource {
  readonly path: string
  /** `config.json`, or what the metadata of a GGUF file says in its words. */
  readonly config: Readonly<Record<string, unknown>>
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** The file that holds a tensor. */
  fileOf(name: string): string
  /**
   * A tensor of floats as float32, row-major, in `target` or a buffer of its own. The file is read
   * and widened piece by piece, so nothing of it is in memory twice.
   */
  readFloat32(name: string, target?: Float32Array<ArrayBuffer>): Promise<Float32Array<ArrayBuffer>>
  close(): Promise<void>
}
