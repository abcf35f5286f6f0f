import { expect, test } from 'vitest'
import { Shop, type ShopEvent } from './shop.ts'

test('every three minutes a change keeps the API from its database, and another one puts it right', () => {
  const shop = new Shop(1, 'run')
  const answered: number[] = []
  const refused: number[] = []
  const policies: { at: number; event: ShopEvent }[] = []
  for (let at = 0; at < 300_000; at += 100) {
    for (const flow of shop.flows(at, 100)) {
      if (flow.src === '10.20.2.31' && flow.dst === '10.20.1.21') answered.push(at)
      if (flow.dst === '10.20.2.31' && flow.tcpFlags === 0x06) refused.push(at)
    }
    for (const event of shop.events(at, at)) if (event.type.endsWith('change') && event.subject === 'networkpolicies/database') policies.push({ at, event })
  }
  expect(policies.map(({ at }) => at)).toEqual([45_000, 85_000, 225_000, 265_000])
  const during = (at: number): boolean => (at >= 45_000 && at < 85_000) || (at >= 225_000 && at < 265_000)
  expect(answered.some(during)).toBe(false)
  expect(refused.every(during)).toBe(true)
  expect(Math.min(answered.length, refused.length)).toBeGreaterThan(100)
  const [began, ended] = policies.map(({ event }) => event.data as { by: string; from: string; to: string })
  expect(ended).toMatchObject({ by: began?.by, from: began?.to, to: began?.from })
})
