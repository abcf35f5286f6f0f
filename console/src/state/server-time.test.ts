import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type * as ServerTime from './server-time.ts'

let clock: typeof ServerTime
const server = Date.parse('2026-11-26T10:00:00.400Z')
const header = (ms: number): string => new Date(Math.floor(ms / 1000) * 1000).toUTCString()

beforeEach(async () => {
  vi.useFakeTimers()
  vi.resetModules()
  clock = await import('./server-time.ts')
})
afterEach(() => {
  vi.useRealTimers()
})

test.each([0, -300_000, 3_600_000])('with a browser that is %i ms ahead, now is the time of the server', (wrong) => {
  vi.setSystemTime(server + wrong)
  expect(clock.serverNow()).toBe(server + wrong)
  const own = Date.now()
  clock.noteServerTime(header(server), own, own + 20)
  expect(clock.serverNow() - server).toBeGreaterThanOrEqual(0)
  expect(clock.serverNow() - server).toBeLessThanOrEqual(1000)
  // Another response, just before a full second, narrows it.
  vi.advanceTimersByTime(590)
  clock.noteServerTime(header(server + 590), Date.now(), Date.now() + 5)
  expect(clock.serverNow() - (server + 590)).toBeLessThanOrEqual(10)
  expect(clock.serverNow() - (server + 590)).toBeGreaterThanOrEqual(0)
})

test('a browser clock that is set while the page is open is followed in both directions', () => {
  let now = server
  const answer = (wrong: number): void => {
    vi.setSystemTime(now + wrong)
    clock.noteServerTime(header(now), now + wrong, now + wrong)
  }
  for (const wrong of [0, -60_000, 90_000]) {
    now += 7000
    answer(wrong)
    expect(Math.abs(clock.serverNow() - now)).toBeLessThanOrEqual(1000)
  }
})

test('a response without a readable date changes nothing', () => {
  vi.setSystemTime(server)
  for (const date of [null, '', 'soon']) clock.noteServerTime(date, server - 5000, server)
  expect(clock.serverNow()).toBe(server)
})
