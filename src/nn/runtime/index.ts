export { releaseBuffer } from './release-buffer.ts'
export {
  createSession,
  type DimensionSizes,
  type HostTensor,
  type RunOptions,
  type Session,
  type SessionOptions,
  type TensorData,
} from './session.ts'
export { createWorkMemory, type WorkMemory } from './work-memory.ts'
