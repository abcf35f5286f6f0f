import { expect, test } from 'vitest'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import { defaultFailureLimits, FailedLogins } from './failed-logins.ts'

const { perAddress, perAddressMs, inAll, inAllMs } = defaultFailureLimits

test('an address has a budget of failures that refills with time', async () => {
  const host = fakeHost(1)
  const failed = new FailedLogins(host.clock)
  for (let count = 0; count < perAddress; count++) {
    expect(failed.wait('192.0.2.1')).toBe(0)
    failed.failed('192.0.2.1')
  }
  expect([failed.wait('192.0.2.1'), failed.wait('192.0.2.2')]).toEqual([perAddressMs, 0])
  await host.advance(perAddressMs - 1)
  expect(failed.wait('192.0.2.1')).toBe(1)
  await host.advance(1)
  expect(failed.wait('192.0.2.1')).toBe(0)
  failed.failed('192.0.2.1')
  expect(failed.wait('192.0.2.1')).toBe(perAddressMs)
  await host.advance(perAddress * perAddressMs)
  for (let count = 0; count < perAddress; count++) failed.failed('192.0.2.1')
  expect(failed.wait('192.0.2.1')).toBe(perAddressMs)
})

test('all addresses share a budget, which delays logins but not programs at other addresses', async () => {
  const host = fakeHost(1)
  const failed = new FailedLogins(host.clock)
  for (let count = 0; count < inAll; count++) failed.failed(`192.0.2.${count % 200}`)
  expect([failed.wait('198.51.100.7'), failed.wait('198.51.100.7', 'alone')]).toEqual([inAllMs, 0])
  await host.advance(inAllMs)
  expect(failed.wait('198.51.100.7')).toBe(0)
})

test('an IPv6 /64 counts as one address', () => {
  const failed = new FailedLogins(fakeHost(1).clock)
  for (let count = 0; count < perAddress; count++) failed.failed(`2001:db8:1:2::${count.toString(16)}`)
  expect([failed.wait('2001:db8:1:2:ffff::1'), failed.wait('2001:db8:1:3::1'), failed.wait('::1')]).toEqual([
    perAddressMs,
    0,
    0,
  ])
})

test('the number of tracked addresses is bounded: refilled ones leave first, then the oldest failure', async () => {
  const host = fakeHost(1)
  const failed = new FailedLogins(host.clock, { ...defaultFailureLimits, addresses: 3, perAddress: 1 })
  for (const address of ['a', 'b', 'c', 'd']) failed.failed(address)
  expect([failed.size, failed.wait('a', 'alone'), failed.wait('b', 'alone')]).toEqual([3, 0, perAddressMs])
  await host.advance(10 * perAddressMs)
  failed.failed('e')
  expect(failed.size).toBe(1)
})
