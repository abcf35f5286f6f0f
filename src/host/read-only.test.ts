import { expect, test } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { readOnlyHost } from './read-only.ts'

test('files are read, and neither written nor created', async () => {
  const host = fakeHost(1)
  const file = await host.disk.open('a', 'create')
  await file.write(Buffer.from('text'), 0)
  await file.close()
  const { disk } = readOnlyHost(host)
  expect(Buffer.from(await disk.readFile('a')).toString()).toBe('text')
  const opened = await disk.open('a', 'read')
  expect(await opened.size()).toBe(4)
  await opened.close()
  for (const act of [
    () => disk.open('a', 'write'),
    () => disk.open('b', 'create'),
    () => disk.rename('a', 'b'),
    () => disk.remove('a'),
    () => disk.makeDirectory('c'),
  ])
    await expect(act()).rejects.toThrow('is not written')
})

test('the clock stands until it is set, and no timer fires', async () => {
  const host = fakeHost(1)
  const still = readOnlyHost(host)
  still.clock.set(5)
  let fired = 0
  still.timers.after(1, () => fired++)
  still.timers.every(1, () => fired++)
  await host.advance(10_000)
  expect({ now: still.clock.now(), fired }).toEqual({ now: 5, fired: 0 })
  const stop = new AbortController()
  const slept = still.timers.sleep(1, stop.signal)
  stop.abort()
  await expect(slept).resolves.toBeUndefined()
})
