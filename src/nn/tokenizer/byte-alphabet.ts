/**
 * The characters that stand for the 256 bytes in a byte-level vocabulary (GPT-2's
 * `bytes_to_unicode`): printable Latin-1 bytes stand for themselves, the others follow from U+0100.
 */
export const byteAlphabet: readonly string[] = createByteAlphabet()

const byteOfCharacter = new Map(byteAlphabet.map((character, byte) => [character, byte]))

const encoder = new TextEncoder()

/** Text as byte-level characters; lone surrogates become U+FFFD first, as in any UTF-8 encoder. */
export function toByteCharacters(text: string): string {
  let characters = ''
  for (const byte of encoder.encode(text)) characters += byteAlphabet[byte]
  return characters
}

/** The bytes that a byte-level token stands for; `undefined` for a token outside the alphabet. */
export function fromByteCharacters(token: string): Uint8Array | undefined {
  const bytes: number[] = []
  for (const character of token) {
    const byte = byteOfCharacter.get(character)
    if (byte === undefined) return undefined
    bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}

function createByteAlphabet(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) =>
    String.fromCodePoint(isPrintable(byte) ? byte : next++),
  )
}
