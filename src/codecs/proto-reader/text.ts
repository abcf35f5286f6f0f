const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** Shorter texts are read here; a call of the decoder takes longer. */
const short = 24

/** Text of UTF-8; undefined: the bytes are no UTF-8. */
export function strictText(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from <= short) {
    let text = ''
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!
      if (byte > 127) return decoded(bytes, from, to)
      text += String.fromCharCode(byte)
    }
    return text
  }
  return decoded(bytes, from, to)
}

function decoded(bytes: Uint8Array, from: number, to: number) {
  try {
    return strict.decode(bytes.subarray(from, to))
  } catch {
    return undefined
  }
}
