import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIp, parseIp } from './ip.ts'

const words = fc
  .tuple(
    fc.constantFrom('mapped', 'any', 'zeros'),
    fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }),
    fc.nat(255),
  )
  .map(([shape, groups, mask]) => {
    const shaped = groups.map((group, index) => (shape === 'zeros' && (mask >> index) & 1 ? 0 : group))
    const pair = (i: number): number => (((shaped[i] ?? 0) << 16) | (shaped[i + 1] ?? 0)) >>> 0
    return shape === 'mapped'
      ? Uint32Array.of(0, 0, 0xffff, pair(6))
      : Uint32Array.of(pair(0), pair(2), pair(4), pair(6))
  })

test('formatting and parsing returns every address', () => {
  fc.assert(
    fc.property(words, (address) => {
      const text = formatIp(address)
      expect(parseIp(text)).toEqual(address)
      expect(isIPv4(text) || isIPv6(text)).toBe(true)
    }),
  )
})

test("IPv6 text equals the platform's URL parser, except mapped addresses", () => {
  fc.assert(
    fc.property(
      words.filter((w) => !(w[0] === 0 && w[1] === 0)),
      (address) => {
        expect(`[${formatIp(address)}]`).toBe(new URL(`http://[${formatIp(address)}]/`).hostname)
      },
    ),
  )
})

test('a text parses exactly if the platform accepts it as an address without a zone', () => {
  const piece = fc.constantFrom('0', '00', '1', '255', '256', 'ffff', 'fffff', 'G', '.', ':', '::', '1.2.3.4', '01')
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 17 }).map((pieces) => pieces.join('')),
      (text) => {
        expect(parseIp(text) !== undefined).toBe(isIPv4(text) || isIPv6(text))
      },
    ),
    { numRuns: 2000 },
  )
})

test.each([
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:0DB8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
  ['0:0:0:0:0:0:0:0', '::'],
  ['::1', '::1'],
  ['fe80::', 'fe80::'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ['192.0.2.1', '192.0.2.1'],
])('%s is written %s', (read, written) => {
  expect(formatIp(parseIp(read) ?? Uint32Array.of())).toBe(written)
})

test('an address is read at its offset in a column', () => {
  expect(formatIp(Uint32Array.of(9, 9, 9, 9, 0, 0, 0xffff, 0x0a000001), 4)).toBe('10.0.0.1')
})
