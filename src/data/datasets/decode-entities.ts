import { decodeHTML } from 'entities'

/**
 * Replaces HTML character references as Python's `html.unescape` does, with which the published data
 * was prepared: the HTML 5 rules, except that references to control and non-characters vanish.
 */
export function decodeEntities(text: string): string {
  return text.replace(reference, (whole, hexadecimal?: string, decimal?: string) => {
    if (hexadecimal === undefined && decimal === undefined) return decodeHTML(whole)
    const code = hexadecimal === undefined ? Number(decimal) : Number.parseInt(hexadecimal, 16)
    return vanishes(code) ? '' : decodeHTML(whole.endsWith(';') ? whole : `${whole};`)
  })
}

const reference = /&(?:#[xX]([0-9a-fA-F]+);?|#([0-9]+);?|[^\t\n\f <&#;]{1,32};?)/g

function vanishes(code: number): boolean {
  if (code > 0x10ffff) return false
  const control = (code >= 0x1 && code <= 0x8) || code === 0xb || (code >= 0xe && code <= 0x1f)
  return (
    control || code === 0x7f || (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) === 0xfffe
  )
}
