import fc from 'fast-check'
import { isIP } from 'node:net'
import { expect, test } from 'vitest'
import { covers, formatAddress, parseAddress, parseCidr } from './addresses.ts'

const words = (text: string): Uint32Array => {
  const into = new Uint32Array(4)
  if (!parseAddress(text, into)) throw new Error(`${text} was not read`)
  return into
}

test.each([
  ['10.0.0.1', '10.0.0.1'], ['255.255.255.255', '255.255.255.255'], ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'], ['::', '::'], ['::1', '::1'], ['fe80::1%eth0', 'fe80::1'],
  ['1:0:0:2:0:0:0:3', '1:0:0:2::3'], ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'], ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
])('%s is written %s', (text, canonical) => {
  expect(formatAddress(words(text))).toBe(canonical)
})

test.each(['', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1.2.3.x', ':', ':::', '1:2', '1::2::3', '1:2:3:4:5:6:7:8:9', '12345::', '1.2.3.4::', '::1.2.3.400', 'host'])('"%s" is no address', (text) => {
  expect(parseAddress(text, new Uint32Array(4))).toBe(false)
})

test('an address that is written is read back the same, and Node agrees that it is one', () => {
  fc.assert(fc.property(fc.array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffffffff)), { minLength: 4, maxLength: 4 }), (raw) => {
    const before = Uint32Array.from(raw)
    const text = formatAddress(before)
    expect(isIP(text)).not.toBe(0)
    expect(words(text)).toEqual(before)
  }))
})

test.each([
  ['10.1.2.3/8', 104, '10.0.0.0'], ['10.1.2.3', 128, '10.1.2.3'], ['0.0.0.0/0', 96, '0.0.0.0'],
  ['2001:db8:ffff::1/33', 33, '2001:db8:8000::'], ['::/0', 0, '::'],
])('the prefix %s has %i bits and begins at %s', (text, bits, first) => {
  const prefix = parseCidr(text)
  expect(prefix?.bits).toBe(bits)
  expect(formatAddress(prefix?.words ?? new Uint32Array(4))).toBe(first)
})

test.each(['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/-1', '10.0.0.0/8/8', 'x/8', '10.0.0.0/1x'])('"%s" is no prefix', (text) => {
  expect(parseCidr(text)).toBeUndefined()
})

test('a prefix covers exactly the addresses inside it', () => {
  const cases: [string, string, boolean][] = [
    ['10.0.0.0/8', '10.255.0.1', true], ['10.0.0.0/8', '11.0.0.0', false], ['10.0.0.0/8', '::a00:1', false],
    ['::/0', '10.0.0.1', true], ['2001:db8::/33', '2001:db8:7fff::', true], ['2001:db8::/33', '2001:db8:8000::', false],
    ['192.0.2.1', '192.0.2.1', true], ['192.0.2.1', '192.0.2.2', false],
  ]
  for (const [text, address, inside] of cases) {
    const prefix = parseCidr(text)
    expect([text, address, prefix !== undefined && covers(prefix, words(address), 0)]).toEqual([text, address, inside])
  }
})
