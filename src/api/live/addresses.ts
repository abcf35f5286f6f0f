/** Text of addresses that columns hold as words. RFC 5952 for IPv6; a v4-mapped address is written as IPv4. */
export function ipText(words: Uint32Array, offset: number): string {
  const [a = 0, b = 0, c = 0, d = 0] = words.subarray(offset, offset + 4)
  if (a === 0 && b === 0 && c === 0xffff) return `${d >>> 24}.${(d >>> 16) & 255}.${(d >>> 8) & 255}.${d & 255}`
  const groups = [a, b, c, d].flatMap((word) => [word >>> 16, word & 0xffff])
  const zeros = longestZeros(groups)
  const hex = (from: number, to: number): string => groups.slice(from, to).map((group) => group.toString(16)).join(':')
  if (zeros.length < 2) return hex(0, 8)
  return `${hex(0, zeros.start)}::${hex(zeros.start + zeros.length, 8)}`
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue
    if (i - start > best.length) best = { start, length: i - start }
    start = i + 1
  }
  return best
}

/** Six bytes as aa:bb:cc:dd:ee:ff from the two words of a mac column (low word first). */
export function macText(words: Uint32Array, offset: number): string {
  const low = words[offset] ?? 0
  const high = words[offset + 1] ?? 0
  const bytes = [high >>> 8, high, low >>> 24, low >>> 16, low >>> 8, low]
  return bytes.map((byte) => (byte & 255).toString(16).padStart(2, '0')).join(':')
}
