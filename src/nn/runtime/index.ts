export { releaseBuffer } from './release-buffer.ts'
export {
  createSession,
  type DimensionSizes,
  type HostTensor,
  type Session,
  type SessionOptions,
  type TensorData,
} from './session.ts'
