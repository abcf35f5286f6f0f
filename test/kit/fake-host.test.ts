import { expect, it } from 'vitest'
import { fakeHost, startOfTime } from './fake-host.ts'

it('timers run in order of time, each after the effects of the previous one settled', async () => {
  const host = fakeHost(1)
  const seen: string[] = []
  host.timers.after(20, () => seen.push(`b ${host.clock.now() - startOfTime}`))
  host.timers.after(10, () => {
    seen.push('a')
    void host.timers.sleep(5).then(() => seen.push('after a'))
  })
  const every = host.timers.every(8, () => seen.push('tick'))
  await host.advance(24)
  expect(seen).toEqual(['tick', 'a', 'after a', 'tick', 'b 20', 'tick'])
  every.cancel()
  await host.advance(100)
  expect(seen).toHaveLength(6)
  expect(host.clock.monotonic()).toBe(124)
  expect(host.timersPending).toBe(0)
})

it('a sleep ends at once when its signal aborts', async () => {
  const host = fakeHost(1)
  const abort = new AbortController()
  const sleeping = host.timers.sleep(1000, abort.signal)
  abort.abort()
  await sleeping
  await host.timers.sleep(1000, abort.signal)
  expect(host.clock.monotonic()).toBe(0)
})

it('a jump of the clock moves the time of day and no duration', async () => {
  const host = fakeHost(1)
  let rang = false
  host.timers.after(1000, () => {
    rang = true
  })
  host.jump(-3_600_000)
  expect(host.clock.now()).toBe(startOfTime - 3_600_000)
  await host.advance(999)
  expect(rang).toBe(false)
  await host.advance(1)
  expect(rang).toBe(true)
})

it('settling waits for everything that takes no time: disk calls and yields in any number', async () => {
  const host = fakeHost(2)
  let steps = 0
  const work = async (): Promise<void> => {
    await host.disk.makeDirectory('/a')
    for (let i = 0; i < 50; i++) {
      const file = await host.disk.open(`/a/${i}`, 'create')
      await file.write(Uint8Array.of(i), 0)
      await file.sync()
      await host.timers.yield()
      steps++
    }
  }
  void work()
  await host.settle()
  expect(steps).toBe(50)
})

it('after a crash the old life stops, and time continues', async () => {
  const host = fakeHost(3)
  await host.advance(500)
  let rang = 0
  host.timers.every(10, () => rang++)
  await host.disk.makeDirectory('/data')
  await host.disk.syncDirectory('/')
  const next = host.crash()
  await next.advance(100)
  await host.advance(100)
  expect(rang).toBe(0)
  expect(next.clock.now()).toBe(startOfTime + 700)
  await expect(host.disk.list('/data')).rejects.toMatchObject({ code: 'ECRASHED' })
  expect(await next.disk.list('/')).toEqual(['data'])
})

it('the same seed produces the same numbers', () => {
  const draw = (seed: number): string => {
    const { random } = fakeHost(seed)
    return [random.next(), random.integer(1, 1000), ...random.bytes(4)].join()
  }
  expect(draw(5)).toBe(draw(5))
  expect(draw(5)).not.toBe(draw(6))
})
