export function snappyCompress(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(maxCompressedLength(bytes.length))
  let at = writeVarint(out, 0, bytes.length)
  const table = new Uint16Array(1 << tableBits)
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const end = Math.min(start + blockBytes, bytes.length)
    if (start > 0) table.fill(0)
    at = compressBlock(bytes.subarray(start, end), out, at, table)
  }
  return out.slice(0, at)
}

/** Offsets of copies then fit into 16 bits. */
const blockBytes = 65_536
const tableBits = 14
/** No match starts within this many bytes of the end. */
const inputMargin = 15

function maxCompressedLength(length: number) {
  return 32 + length + Math.ceil(length / 6)
}

function compressBlock(bytes: Uint8Array, out: Uint8Array, outStart: number, table: Uint16Array): number {
  const end = bytes.length
  let at = outStart
  let literal = 0
  const limit = end - inputMargin
  let position = 1
  // Steps grow where nothing matches: 32 attempts at each position, then each second, …
  let skip = 32
  while (position < limit) {
    const word = word32(bytes, position)
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - tableBits)
    const candidate = table[slot]!
    table[slot] = position
    if (candidate >= position || word32(bytes, candidate) !== word) {
      position += skip >>> 5
      skip++
      continue
    }
    at = writeLiteral(bytes, literal, position, out, at)
    let length = 4
    while (position + length < end && bytes[candidate + length] === bytes[position + length]) length++
    at = writeCopies(out, at, position - candidate, length)
    position += length
    literal = position
    skip = 32
    if (position < limit) {
      const before = word32(bytes, position - 1)
      table[Math.imul(before, 0x1e35a7bd) >>> (32 - tableBits)] = position - 1
    }
  }
  return writeLiteral(bytes, literal, end, out, at)
}

function word32(bytes: Uint8Array, at: number) {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function writeLiteral(bytes: Uint8Array, from: number, to: number, out: Uint8Array, outStart: number): number {
  let at = outStart
  const length = to - from
  if (length === 0) return at
  const code = length - 1
  if (code < 60) out[at++] = code << 2
  else if (code < 256) {
    out[at++] = 60 << 2
    out[at++] = code
  } else {
    out[at++] = 61 << 2
    out[at++] = code & 255
    out[at++] = code >>> 8
  }
  if (length > 32) out.set(bytes.subarray(from, to), at)
  else for (let i = 0; i < length; i++) out[at + i] = bytes[from + i]!
  return at + length
}

/** Two-byte copies reach 4 to 11 bytes at an offset below 2048, three-byte copies 1 to 64 bytes. */
function writeCopies(out: Uint8Array, outStart: number, offset: number, total: number): number {
  let at = outStart
  let length = total
  while (length > 0) {
    if (length >= 4 && length <= 11 && offset < 2048) {
      out[at++] = 1 | ((length - 4) << 2) | ((offset >>> 8) << 5)
      out[at++] = offset & 255
      return at
    }
    const part = Math.min(length, 64)
    out[at++] = 2 | ((part - 1) << 2)
    out[at++] = offset & 255
    out[at++] = offset >>> 8
    length -= part
  }
  return at
}

function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value
  while (rest > 127) {
    out[at++] = (rest % 128) | 128
    rest = Math.floor(rest / 128)
  }
  out[at++] = rest
  return at
}
