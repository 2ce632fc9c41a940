export { assertFinite, hasNonFinite } from './assert-finite.ts'
export {
  bytesPerElement,
  countElements,
  type DType,
  describeTensor,
  type TensorInfo,
  tensorBytes,
} from './dtype.ts'
export type { GgufMetadata } from './gguf/parse-gguf.ts'
export { readGgufMetadata } from './gguf/read-gguf.ts'
export { openModelFolder } from './model-folder.ts'
export {
  hashSourceConfig,
  isGgufPath,
  openModelSource,
  readSourceConfig,
} from './model-source.ts'
export { openSafetensors, type SafetensorsFile } from './read-safetensors.ts'
export type { ModelSource, StoredTensor } from './source-tensors.ts'
export { badGguf } from './weights-errors.ts'
export { type ModelFolderContent, writeModelFolder } from './write-model-folder.ts'
export { type TensorData, type TensorToWrite, writeSafetensors } from './write-safetensors.ts'
