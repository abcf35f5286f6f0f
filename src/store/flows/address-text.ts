import type { Bytes } from '../../codecs/parquet/bits.ts'
import { formatIp, mappedPrefix } from '../../model/ip.ts'

/** Texts of the octets, each ended by a dot, and their lengths. */
const octetWidth = 4
const octetTexts = new Uint8Array(256 * octetWidth)
const octetLengths = new Uint8Array(256)
for (let octet = 0; octet < 256; octet++) {
  const text = `${octet}.`
  octetLengths[octet] = text.length
  for (let i = 0; i < text.length; i++) octetTexts[octet * octetWidth + i] = text.charCodeAt(i)
}

const lengthBytes = 4
const mostBytes = lengthBytes + 5 * octetWidth

/** Appends an address of four words as `Bytes.text` does with its text. IPv4 makes no text. */
export function putAddress(words: Uint32Array, offset: number, out: Bytes): void {
  if (words[offset + 2] !== mappedPrefix || words[offset + 1] !== 0 || words[offset] !== 0) {
    out.text(formatIp(words, offset))
    return
  }
  out.room(mostBytes)
  const { bytes } = out
  const word = words[offset + 3]!
  let at = out.at + lengthBytes
  for (let shift = 24; shift >= 0; shift -= 8) {
    const octet = (word >>> shift) & 255
    const from = octet * octetWidth
    for (let i = 0; i < octetWidth; i++) bytes[at + i] = octetTexts[from + i]!
    at += octetLengths[octet]!
  }
  const length = at - 1 - out.at - lengthBytes
  out.u32(length)
  out.at += length
}
