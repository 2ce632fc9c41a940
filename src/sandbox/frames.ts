import type { Duplex } from 'node:stream'

/** One message of the fork server: a JSON head and raw bytes. */
export interface Frame {
  head: unknown
  body: Buffer
}

/** Sends a message: length of the head, length of the body, both as JSON; no body: no bytes. */
export function sendFrame(channel: Duplex, head: unknown, body?: unknown): void {
  const text = Buffer.from(JSON.stringify(head), 'utf8')
  const data = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body), 'utf8')
  const lengths = Buffer.alloc(8)
  lengths.writeUInt32BE(text.length, 0)
  lengths.writeUInt32BE(data.length, 4)
  channel.write(Buffer.concat([lengths, text, data]))
}

/** Calls `onFrame` for each whole message that arrives. */
export function readFrames(channel: Duplex, onFrame: (frame: Frame) => void): void {
  let chunks: Buffer[] = []
  let available = 0
  let needed = 8
  channel.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    available += chunk.length
    while (available >= needed) {
      const data = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
      chunks = [data]
      const headEnd = 8 + data.readUInt32BE(0)
      needed = headEnd + data.readUInt32BE(4)
      if (available < needed) return
      const frame = {
        head: JSON.parse(data.toString('utf8', 8, headEnd)) as unknown,
        body: data.subarray(headEnd, needed),
      }
      chunks = [data.subarray(needed)]
      available -= needed
      needed = 8
      onFrame(frame)
    }
  })
}
