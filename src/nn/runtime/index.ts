export { releaseBuffer } from './release-buffer.ts'
export {
  createSession,
  type HostTensor,
  type Session,
  type SessionOptions,
  type TensorData,
} from './session.ts'
