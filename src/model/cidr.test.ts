import { expect, test } from 'vitest'
import { covers, parseCidr } from './cidr.ts'
import { formatIp, parseIp } from './ip.ts'

test.each([
  ['10.1.2.3/8', 104, '10.0.0.0'],
  ['10.1.2.3', 128, '10.1.2.3'],
  ['0.0.0.0/0', 96, '0.0.0.0'],
  ['2001:db8:ffff::1/33', 33, '2001:db8:8000::'],
  ['2001:db8::1', 128, '2001:db8::1'],
  ['::/0', 0, '::'],
])('the prefix %s has %i bits and begins at %s', (text, bits, first) => {
  const prefix = parseCidr(text)
  expect(prefix?.bits).toBe(bits)
  expect(formatIp(prefix?.words ?? new Uint32Array(4))).toBe(first)
})

test.each([
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '10.0.0.0/08',
  'x/8',
  '10.0.0.0/1x',
  '',
])('"%s" is no prefix', (text) => {
  expect(parseCidr(text)).toBeUndefined()
})

test.each([
  ['10.0.0.0/8', '10.255.0.1', true],
  ['10.0.0.0/8', '11.0.0.0', false],
  ['10.0.0.0/8', '::a00:1', false],
  ['::/0', '10.0.0.1', false],
  ['::/0', '2001:db8::1', true],
  ['::ffff:0:0/96', '10.0.0.1', true],
  ['2001:db8::/33', '2001:db8:7fff::', true],
  ['2001:db8::/33', '2001:db8:8000::', false],
  ['192.0.2.1', '192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
  ['2001:db8::/64', '2001:db8:0:1::', false],
])('%s covers %s: %s', (text, address, inside) => {
  const prefix = parseCidr(text)
  const words = parseIp(address)
  if (prefix === undefined || words === undefined) throw new Error('not read')
  expect(covers(prefix, words, 0)).toBe(inside)
})
