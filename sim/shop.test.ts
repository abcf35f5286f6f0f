import { expect, test } from 'vitest'
import { addresses, isRolledOut, Shop } from './shop.ts'

test('every three minutes a release runs that does not reach the database', () => {
  const shop = new Shop(1, 'run')
  const answered: number[] = []
  const refused: number[] = []
  for (let at = 0; at < 300_000; at += 100) {
    for (const flow of shop.flows(at, 100)) {
      if (flow.src === addresses.database && flow.dst === addresses.api) answered.push(at)
      if (flow.src === addresses.apiRolledOut && flow.dst === addresses.database && flow.tcpFlags === 0x06)
        refused.push(at)
    }
  }
  const during = (at: number): boolean => (at >= 45_000 && at < 85_000) || (at >= 225_000 && at < 265_000)
  for (let at = 0; at < 300_000; at += 100) expect(isRolledOut(at)).toBe(during(at))
  expect(answered.some(during)).toBe(false)
  expect(refused.every(during)).toBe(true)
  expect(Math.min(answered.length, refused.length)).toBeGreaterThan(100)
})
