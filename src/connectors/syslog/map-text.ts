/** Text of bytes in an encoding that the sender does not state. */

const [lead, continuation] = [0xc0, 0x80]
const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & lead) === continuation

/** In front of a text of RFC 5424 that is UTF-8. */
const utf8Mark = '\uFEFF'

/** UTF-8, else Latin-1. A cut character at the end does not make the text Latin-1. */
export function textOfBytes(bytes: Uint8Array): string {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  try {
    const text = utf8.decode(bytes, { stream: true })
    const length = Buffer.byteLength(text)
    if (length === bytes.length) return text
    // A single last byte behind ASCII is a letter of Latin-1, such as é.
    const isUtf8 = isContinuation(bytes.at(-1)) || length !== text.length
    if (isUtf8) return `${text}\uFFFD`
  } catch {
    // Not UTF-8.
  }
  if (Buffer.from(bytes).includes(utf8Mark)) return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  return new TextDecoder('windows-1252').decode(bytes)
}
