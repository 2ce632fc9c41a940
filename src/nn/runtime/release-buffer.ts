import { MessageChannel } from 'node:worker_threads'

const nobody = createClosedPort()

/** Smaller buffers are left to the collector. */
const worthwhileBytes = 2 ** 20

/**
 * Gives the memory of an array back at once; the array is empty afterwards. Left to the collector,
 * results of ONNX Runtime pile up by the gigabyte. Parts of a larger buffer are left alone.
 */
export function releaseBuffer({ buffer, byteLength }: Float32Array): void {
  if (byteLength < worthwhileBytes || byteLength !== buffer.byteLength) return
  if (buffer instanceof ArrayBuffer) nobody.postMessage(null, [buffer])
}

/** What is moved to a closed port is freed. */
function createClosedPort() {
  const { port1, port2 } = new MessageChannel()
  port1.close()
  port2.close()
  return port1
}
