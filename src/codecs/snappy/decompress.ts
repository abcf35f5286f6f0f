const shortCopy = 16
/** The longest copy, 64 bytes, takes three. */
const maxRatio = 22

/**
 * Decompresses a block. Throws if it is malformed, or longer than `limit` bytes when decompressed. `reserve` is called
 * before memory is allocated.
 */
export function snappyDecompress(
  bytes: Uint8Array,
  limit: number,
  reserve: (bytes: number) => void = () => {},
): Uint8Array {
  let [length, at] = [0, 0]
  for (let shift = 1; ; shift *= 128) {
    const byte = bytes[at++]
    if (byte === undefined || at > 5) throw new Error('the length is malformed')
    length += (byte & 127) * shift
    if (byte < 128) break
  }
  if (length > limit) throw new SnappyTooLarge(length, limit)
  if (length > maxRatio * bytes.length) throw new Error('the block ends early')
  reserve(length)
  const out = new Uint8Array(length)
  let end = 0
  while (at < bytes.length) {
    const tag = bytes[at++]!
    let [size, offset] = [0, 0]
    if ((tag & 3) === 0) {
      size = (tag >>> 2) + 1
      if (size > 60) {
        const more = size - 60
        size = 1 + littleEndian(bytes, at, more)
        at += more
      }
      if (at + size > bytes.length || end + size > length) throw new Error('a literal exceeds the block')
      out.set(bytes.subarray(at, at + size), end)
      at += size
      end += size
      continue
    }
    if ((tag & 3) === 1) {
      size = ((tag >>> 2) & 7) + 4
      offset = ((tag >>> 5) << 8) | littleEndian(bytes, at++, 1)
    } else {
      const more = (tag & 3) === 2 ? 2 : 4
      size = (tag >>> 2) + 1
      offset = littleEndian(bytes, at, more)
      at += more
    }
    if (offset === 0 || offset > end || end + size > length) throw new Error('a copy exceeds the block')
    if (offset >= size && size > shortCopy) {
      out.copyWithin(end, end - offset, end - offset + size)
      end += size
    } else for (let copied = 0; copied < size; copied++, end++) out[end] = out[end - offset]!
  }
  if (end !== length) throw new Error('the block ends early')
  return out
}

export class SnappyTooLarge extends Error {
  constructor(length: number, limit: number) {
    super(`${length} bytes exceed the limit of ${limit}`)
  }
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0
  for (let index = count - 1; index >= 0; index--) {
    const byte = bytes[at + index]
    if (byte === undefined) throw new Error('the block ends early')
    value = value * 256 + byte
  }
  return value
}
