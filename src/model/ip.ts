/** Addresses are four 32-bit words in network order, IPv4 mapped to ::ffff:a.b.c.d. Text follows RFC 5952. */

/** Word 2 of every mapped IPv4 address; words 0 and 1 are then 0. */
export const mappedPrefix = 0xffff

export function isSpecified(words: Uint32Array, offset: number): boolean {
  const third = words[offset + 2]
  return !(
    words[offset] === 0 &&
    words[offset + 1] === 0 &&
    (third === 0 || third === mappedPrefix) &&
    words[offset + 3] === 0
  )
}

const octets: readonly string[] = Array.from({ length: 256 }, (_, value) => String(value))

export function formatIp(words: Uint32Array, offset = 0): string {
  const w0 = words[offset] ?? 0
  const w1 = words[offset + 1] ?? 0
  const w2 = words[offset + 2] ?? 0
  const w3 = words[offset + 3] ?? 0
  if (w0 === 0 && w1 === 0 && w2 === mappedPrefix) {
    return `${octets[w3 >>> 24]}.${octets[(w3 >>> 16) & 255]}.${octets[(w3 >>> 8) & 255]}.${octets[w3 & 255]}`
  }
  return formatGroups([w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff])
}

function formatGroups(groups: readonly number[]): string {
  let bestStart = -1
  let bestLength = 1
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > bestLength) {
      bestStart = start
      bestLength = length
    }
    if (length > 0) start += length
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':')
  return bestStart < 0 ? hex(0, 8) : `${hex(0, bestStart)}::${hex(bestStart + bestLength, 8)}`
}

/** Strict: no leading zeros in dotted quads (some parsers read octal), no zone, brackets or prefix length. */
export function parseIp(text: string): Uint32Array | undefined {
  if (!text.includes(':')) {
    const quad = parseQuad(text)
    return quad === undefined ? undefined : Uint32Array.of(0, 0, mappedPrefix, quad)
  }
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] ?? '', halves.length === 1 ? 'end' : 'start')
  const tail = halves.length === 1 ? [] : parseGroups(halves[1] ?? '', 'end')
  if (head === undefined || tail === undefined) return undefined
  const given = head.length + tail.length
  if (halves.length === 1 ? given !== 8 : given > 7) return undefined
  const groups = [...head, ...Array<number>(8 - given).fill(0), ...tail]
  return Uint32Array.from({ length: 4 }, (_, word) => ((groups[2 * word] ?? 0) << 16) | (groups[2 * word + 1] ?? 0))
}

/** A dotted quad may end the text and counts as two. */
function parseGroups(text: string, position: 'start' | 'end'): number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16))
      continue
    }
    const quad = position === 'end' && index === parts.length - 1 ? parseQuad(part) : undefined
    if (quad === undefined) return undefined
    groups.push(quad >>> 16, quad & 0xffff)
  }
  return groups
}

function parseQuad(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let word = 0
  for (const part of parts) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined
    word = (word << 8) | Number(part)
  }
  return word >>> 0
}
