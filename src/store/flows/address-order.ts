import { formatIp, mappedPrefix } from '../../model/ip.ts'
import { compareBytes } from '../../model/text-order.ts'

/** Places of the octets' texts, each ended by a dot, in the order of the texts. */
const octetRanks: Uint32Array = (() => {
  const ranks = new Uint32Array(256)
  const texts = Array.from({ length: 256 }, (_, octet) => `${octet}.`)
  texts.toSorted().forEach((text, rank) => (ranks[Number.parseInt(text, 10)] = rank))
  return ranks
})()

/** Row numbers in the order of the texts of their addresses, four words each. IPv4 needs no texts. */
export function addressOrder(words: Uint32Array, count: number): Uint32Array {
  return isAllV4(words, count) ? orderV4(words, count) : orderTexts(words, count)
}

function isAllV4(words: Uint32Array, count: number): boolean {
  for (let at = 0; at < 4 * count; at += 4)
    if (words[at + 2] !== mappedPrefix || words[at + 1] !== 0 || words[at] !== 0) return false
  return true
}

function orderV4(words: Uint32Array, count: number): Uint32Array {
  let [keys, rows] = [new Uint32Array(count), new Uint32Array(count)]
  for (let row = 0; row < count; row++) {
    const word = words[4 * row + 3]!
    keys[row] =
      (octetRanks[word >>> 24]! << 24) |
      (octetRanks[(word >>> 16) & 255]! << 16) |
      (octetRanks[(word >>> 8) & 255]! << 8) |
      octetRanks[word & 255]!
    rows[row] = row
  }
  let [nextKeys, nextRows] = [new Uint32Array(count), new Uint32Array(count)]
  for (let shift = 0; shift < 32; shift += digitBits) {
    sortByDigit(keys, rows, nextKeys, nextRows, shift)
    ;[keys, nextKeys] = [nextKeys, keys]
    ;[rows, nextRows] = [nextRows, rows]
  }
  return rows
}

const digitBits = 8
const starts = new Uint32Array((1 << digitBits) + 1)

/** Keys of equal digits keep their order. */
function sortByDigit(
  keys: Uint32Array,
  rows: Uint32Array,
  nextKeys: Uint32Array,
  nextRows: Uint32Array,
  shift: number,
) {
  const mask = (1 << digitBits) - 1
  starts.fill(0)
  for (let at = 0; at < keys.length; at++) starts[((keys[at]! >>> shift) & mask) + 1]!++
  for (let digit = 0; digit < mask; digit++) starts[digit + 1]! += starts[digit]!
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]!
    const to = starts[(key >>> shift) & mask]!++
    nextKeys[to] = key
    nextRows[to] = rows[at]!
  }
}

function orderTexts(words: Uint32Array, count: number): Uint32Array {
  const texts = Array.from({ length: count }, (_, row) => formatIp(words, 4 * row))
  return Uint32Array.from({ length: count }, (_, row) => row).sort((a, b) => compareBytes(texts[a]!, texts[b]!))
}
