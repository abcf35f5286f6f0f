import { mappedPrefix, parseIp } from './ip.ts'

export type Cidr = Readonly<{
  /** Four words in network order, host bits cleared; IPv4 mapped. */
  words: Uint32Array
  /** Prefix length over all 128 bits: an IPv4 /8 is 104. */
  bits: number
}>

/** `10.0.0.0/8`, `2001:db8::/32`, or a single address; undefined if invalid. Host bits are cleared. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const words = parseIp(address)
  if (words === undefined) return undefined
  const widest = address.includes(':') ? 128 : 32
  const given = slash < 0 ? String(widest) : text.slice(slash + 1)
  if (!/^(?:0|[1-9]\d{0,2})$/.test(given) || Number(given) > widest) return undefined
  const bits = Number(given) + 128 - widest
  for (let word = 0; word < 4; word++) words[word] = (words[word] ?? 0) & wordMask(bits - 32 * word)
  return { words, bits }
}

export function isIpv4Range({ words, bits }: Cidr): boolean {
  return bits >= 96 && isIpv4(words, 0)
}

/** True if the prefix covers the address at `offset`. Address families are separate: `::/0` covers no IPv4 address. */
export function covers(prefix: Cidr, words: Uint32Array, offset: number): boolean {
  if (prefix.bits < 96 && isIpv4(words, offset)) return false
  for (let word = 0; 32 * word < prefix.bits; word++) {
    const differ = (prefix.words[word] ?? 0) ^ (words[offset + word] ?? 0)
    if ((differ & wordMask(prefix.bits - 32 * word)) !== 0) return false
  }
  return true
}

function isIpv4(words: Uint32Array, offset: number) {
  return words[offset] === 0 && words[offset + 1] === 0 && words[offset + 2] === mappedPrefix
}

function wordMask(bits: number) {
  return bits <= 0 ? 0 : bits >= 32 ? 0xffffffff : 0xffffffff << (32 - bits)
}
