/**
 * Addresses as four 32-bit words in network order; IPv4 is mapped (::ffff:a.b.c.d), so that one column,
 * one comparison and one prefix table serve both families.
 */
export const mappedPrefix = 0x0000ffff

/** Is the address at `offset` an IPv4 one? */
export function isMapped(words: Uint32Array, offset: number): boolean {
  return words[offset] === 0 && words[offset + 1] === 0 && words[offset + 2] === mappedPrefix
}

/** Reads an IPv4 or IPv6 address (RFC 4291 text; a zone is left out) into four words; false, with nothing written, when it is none. */
export function parseAddress(text: string, into: Uint32Array, offset = 0): boolean {
  if (!text.includes(':')) {
    const v4 = parseV4(text)
    if (v4 < 0) return false
    into[offset] = 0
    into[offset + 1] = 0
    into[offset + 2] = mappedPrefix
    into[offset + 3] = v4
    return true
  }
  const zone = text.indexOf('%')
  const groups = parseV6(zone < 0 ? text : text.slice(0, zone))
  if (groups === undefined) return false
  for (let word = 0; word < 4; word++) {
    into[offset + word] = (groups[2 * word] ?? 0) * 0x10000 + (groups[2 * word + 1] ?? 0)
  }
  return true
}

/** Shortest text of an address (RFC 5952); a mapped one as dotted IPv4. */
export function formatAddress(words: Uint32Array, offset = 0): string {
  const last = words[offset + 3] ?? 0
  if (isMapped(words, offset)) return `${last >>> 24}.${(last >>> 16) & 255}.${(last >>> 8) & 255}.${last & 255}`
  const groups: number[] = []
  for (let word = 0; word < 4; word++) {
    const value = words[offset + word] ?? 0
    groups.push(value >>> 16, value & 0xffff)
  }
  const { start, length } = longestZeros(groups)
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':')
  if (length < 2) return hex(groups)
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`
}

export interface Cidr {
  /** Four words, host bits cleared. */
  readonly words: Uint32Array
  /** Prefix length over all 128 bits: an IPv4 /8 is 104. */
  readonly bits: number
}

/** `10.0.0.0/8`, `2001:db8::/32`, or a single address; undefined when it is none. Host bits are cleared. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const words = new Uint32Array(4)
  const address = slash < 0 ? text : text.slice(0, slash)
  if (!parseAddress(address, words)) return undefined
  const widest = address.includes(':') ? 128 : 32
  let bits = widest
  if (slash >= 0) {
    const given = text.slice(slash + 1)
    if (!/^\d{1,3}$/.test(given)) return undefined
    bits = Number(given)
    if (bits > widest) return undefined
  }
  const all = bits + 128 - widest
  for (let word = 0; word < 4; word++) {
    const kept = Math.min(32, Math.max(0, all - 32 * word))
    words[word] = kept === 0 ? 0 : (words[word] ?? 0) & (0xffffffff << (32 - kept))
  }
  return { words, bits: all }
}

/** Does the prefix cover the address at `offset`? */
export function covers(prefix: Cidr, words: Uint32Array, offset: number): boolean {
  for (let word = 0, left = prefix.bits; left > 0; word++, left -= 32) {
    const differ = (prefix.words[word] ?? 0) ^ (words[offset + word] ?? 0)
    if (left >= 32 ? differ !== 0 : differ >>> (32 - left) !== 0) return false
  }
  return true
}

function parseV4(text: string): number {
  const parts = text.split('.')
  if (parts.length !== 4) return -1
  let value = 0
  for (const part of parts) {
    // A leading zero is refused: some readers take it as octal.
    if (!/^(?:0|[1-9]\d{0,2})$/.test(part)) return -1
    const byte = Number(part)
    if (byte > 255) return -1
    value = value * 256 + byte
  }
  return value
}

function parseV6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [front, back] = halves.map((half, index) => (half === '' ? [] : groupsOf(half, index === halves.length - 1)))
  if (front === undefined) return undefined
  if (halves.length === 1) return front.length === 8 ? front : undefined
  if (back === undefined || front.length + back.length > 7) return undefined
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back]
}

function groupsOf(text: string, last: boolean): number[] | undefined {
  const groups: number[] = []
  const parts = text.split(':')
  for (const [index, part] of parts.entries()) {
    if (last && index === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part)
      if (v4 < 0) return undefined
      groups.push(v4 >>> 16, v4 & 0xffff)
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16))
    } else {
      return undefined
    }
  }
  return groups
}

function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}
