import { MessageChannel } from 'node:worker_threads'

const nobody = createClosedPort()

/** Smaller buffers are left to the collector. */
export const worthwhileBytes = 2 ** 20

const owners = new WeakMap<ArrayBufferLike, (array: Float32Array) => void>()

/** Parts of the buffer are given back to its owner when they are released. */
export function ownBuffer(buffer: ArrayBuffer, giveBack: (array: Float32Array) => void): void {
  owners.set(buffer, giveBack)
}

/**
 * Gives the memory of an array back at once, to its owner or to the system; nobody may read it any
 * more. Left to the collector, results of ONNX Runtime pile up by the gigabyte. Other parts of a
 * larger buffer are left alone.
 */
export function releaseBuffer(array: Float32Array): void {
  const { buffer, byteLength } = array
  const giveBack = owners.get(buffer)
  if (giveBack) giveBack(array)
  else if (byteLength < worthwhileBytes || byteLength !== buffer.byteLength) return
  else if (buffer instanceof ArrayBuffer) nobody.postMessage(null, [buffer])
}

/** What is moved to a closed port is freed. */
function createClosedPort() {
  const { port1, port2 } = new MessageChannel()
  port1.close()
  port2.close()
  return port1
}
