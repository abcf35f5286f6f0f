import { expect, test } from 'vitest'
import { fakeHost, type FakeHost } from '../../test/kit/fake-host.ts'
import { FlushTimer } from './flush-timer.ts'

/** Adds `rows` every `everyMs` for two seconds after a pause. Returns the times and rows of the units. */
async function unitsOf(afterMs: number | null, rows: number, everyMs: number, ms = 2000): Promise<number[][]> {
  const host = fakeHost(1)
  const { timer, units, add } = start(host, afterMs)
  for (let at = 0; at < ms; at += everyMs) {
    add(rows)
    await host.advance(everyMs)
  }
  timer.cancel()
  return units
}

function start(host: FakeHost, afterMs: number | null, accepts = (): boolean => true) {
  const units: number[][] = []
  let waiting = 0
  const timer = new FlushTimer(host, afterMs, () => {
    if (!accepts()) return false
    units.push([host.clock.monotonic(), waiting])
    waiting = 0
    timer.sent()
    return true
  })
  const add = (rows: number): void => timer.added((waiting += rows))
  return { timer, units, add }
}

test('at a low rate, units follow each other after 0.8 seconds, and the first after a pause waits 100 ms', async () => {
  expect(await unitsOf(null, 10, 20, 2000)).toEqual([
    [100, 50],
    [900, 400],
    [1700, 400],
  ])
})

test('1,000 rows wait 100 ms at most after the first one', async () => {
  expect((await unitsOf(null, 100, 20, 500)).slice(0, 3)).toEqual([
    [100, 500],
    [280, 1000],
    [480, 1000],
  ])
  expect((await unitsOf(null, 500, 10, 300)).slice(0, 2)).toEqual([
    [100, 5000],
    [200, 5000],
  ])
})

test('a set time is fixed', async () => {
  expect((await unitsOf(50, 1, 10, 200)).slice(0, 3)).toEqual([
    [50, 5],
    [100, 5],
    [150, 5],
  ])
})

test('a unit that cannot be sent is tried again, and an idle source has no timer', async () => {
  const host = fakeHost(1)
  let tries = 0
  const { units, add } = start(host, null, () => ++tries > 2)
  add(1)
  await host.advance(350)
  expect([units, host.timersPending]).toEqual([[[300, 1]], 0])
})
