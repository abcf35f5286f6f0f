import fc from 'fast-check'
import { expect, it } from 'vitest'
import { formatIp } from '../../model/ip.ts'
import { addressOrder } from './address-order.ts'

const word = fc.oneof(fc.nat({ max: 0xffff_ffff }), fc.constantFrom(0, 1, 0x0a00_0001, 0x0a00_000a, 0x6400_0001))
const v4 = word.map((last) => [0, 0, 0xffff, last])
const v6 = fc.tuple(fc.constantFrom(0, 0x2001_0db8), word, word, word).map((words) => [...words])

/** Byte order of Parquet texts. */
function sortedTexts(addresses: readonly number[][]): string[] {
  return addresses.map((words) => formatIp(Uint32Array.from(words))).toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

it.each([
  ['IPv4', v4],
  ['both families', fc.oneof(v4, v6)],
])('addresses are in the order of their texts: %s', (_, address) => {
  fc.assert(
    fc.property(fc.array(address, { maxLength: 300 }), (addresses) => {
      const order = addressOrder(Uint32Array.from(addresses.flat()), addresses.length)
      expect([...order].map((row) => formatIp(Uint32Array.from(addresses[row]!)))).toEqual(sortedTexts(addresses))
      expect(new Set(order).size).toBe(addresses.length)
    }),
  )
})
