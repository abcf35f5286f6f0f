import { isUtf8 } from 'node:buffer'
import { Fault } from './errors.ts'

export function encodeHeader(value: string): string {
  // eslint-disable-next-line no-control-regex
  if (!/[^!#$&-~]/.test(value)) return value
  let text = ''
  for (const byte of Buffer.from(value)) {
    text += byte > 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x25 ? String.fromCharCode(byte) : percent[byte]
  }
  return text
}

const percent: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
)

/** From Node (one character per byte). A percent sign without two hex digits is literal. */
export function decodeHeader(name: string, value: string): string {
  const quoted = value.startsWith('"') ? /^"(.*)"$/s.exec(value) : null
  const text = quoted === null ? value : (quoted[1] ?? '').replaceAll(/\\(.)/gs, '$1')
  // eslint-disable-next-line no-control-regex
  if (!/[%\x80-\uffff]/.test(text)) return text
  const bytes: number[] = []
  for (let at = 0; at < text.length; at++) {
    const hex = text[at] === '%' ? /^[0-9a-fA-F]{2}/.exec(text.slice(at + 1, at + 3))?.[0] : undefined
    if (hex !== undefined) at += 2
    bytes.push(hex === undefined ? text.charCodeAt(at) : Number.parseInt(hex, 16))
  }
  const decoded = Buffer.from(bytes)
  if (bytes.some((byte) => byte > 255) || !isUtf8(decoded))
    throw new Fault(`header ce-${name} is not UTF-8, percent-encoded`)
  return decoded.toString()
}
