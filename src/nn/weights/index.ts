export { assertFinite, hasNonFinite } from './assert-finite.ts'
export {
  bytesPerElement,
  countElements,
  type DType,
  describeTensor,
  type TensorInfo,
  tensorBytes,
} from './dtype.ts'
export { type ModelFolder, openModelFolder, readModelConfig } from './model-folder.ts'
export { openSafetensors, type SafetensorsFile } from './read-safetensors.ts'
export { type ModelFolderContent, writeModelFolder } from './write-model-folder.ts'
export { type TensorData, type TensorToWrite, writeSafetensors } from './write-safetensors.ts'
