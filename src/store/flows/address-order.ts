import { formatIp, mappedPrefix } from '../../model/ip.ts'
import { compareBytes } from '../../model/text-order.ts'

/** Key and row combine to a safe integer. */
const maxRows = 2 ** 21

/** Places of the octets' texts, each ended by a dot, in the order of the texts. */
const octetRanks: Uint32Array = (() => {
  const ranks = new Uint32Array(256)
  const texts = Array.from({ length: 256 }, (_, octet) => `${octet}.`)
  texts.toSorted().forEach((text, rank) => (ranks[Number.parseInt(text, 10)] = rank))
  return ranks
})()

/** Row numbers in the order of the texts of their addresses, four words each. IPv4 needs no texts. */
export function addressOrder(words: Uint32Array, count: number): Uint32Array {
  return count <= maxRows && isAllV4(words, count) ? orderV4(words, count) : orderTexts(words, count)
}

function isAllV4(words: Uint32Array, count: number): boolean {
  for (let at = 0; at < 4 * count; at += 4)
    if (words[at + 2] !== mappedPrefix || words[at + 1] !== 0 || words[at] !== 0) return false
  return true
}

function orderV4(words: Uint32Array, count: number): Uint32Array {
  const keys = new Float64Array(count)
  for (let row = 0; row < count; row++) {
    const word = words[4 * row + 3]!
    const key =
      (octetRanks[word >>> 24]! << 24) |
      (octetRanks[(word >>> 16) & 255]! << 16) |
      (octetRanks[(word >>> 8) & 255]! << 8) |
      octetRanks[word & 255]!
    keys[row] = (key >>> 0) * maxRows + row
  }
  keys.sort()
  const order = new Uint32Array(count)
  for (let at = 0; at < count; at++) order[at] = keys[at]! % maxRows
  return order
}

function orderTexts(words: Uint32Array, count: number): Uint32Array {
  const texts = Array.from({ length: count }, (_, row) => formatIp(words, 4 * row))
  return Uint32Array.from({ length: count }, (_, row) => row).sort((a, b) => compareBytes(texts[a]!, texts[b]!))
}
