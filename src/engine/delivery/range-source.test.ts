import { expect, test } from 'vitest'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import type { Frame, JournalReader } from '../../journal/types.ts'
import { RangeSource } from './range-source.ts'

const never = new AbortController().signal
const MiB = 2 ** 20

function sourceOf(count: number, bodyBytes: number, rawBytes: number): RangeSource {
  let ready = Array.from(
    { length: count },
    (_, index) => ({ header: { sequence: index + 1, bodyBytes, rawBytes } }) as Frame,
  )
  const take = (): Promise<Frame[]> => {
    const all = ready
    ready = []
    return Promise.resolve(all)
  }
  return new RangeSource({ ready: take, next: take } as unknown as JournalReader, fakeHost(1).timers, () =>
    Promise.resolve(),
  )
}

async function taken(source: RangeSource, until?: number): Promise<number[]> {
  const frames = await source.next({ events: 1000, bytes: 4 * MiB, waitMs: 0 }, until, never)
  return frames === 'gone' ? [] : frames.map(({ header }) => header.sequence)
}

test('a range is limited by its size in memory, not only in the journal', async () => {
  const small = sourceOf(20, 1000, MiB)
  expect(await taken(small)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(small.aheadBytes).toBe(12_000)
  expect(await taken(small)).toEqual([9, 10, 11, 12, 13, 14, 15, 16])
  expect(await taken(small)).toEqual([17, 18, 19, 20])
  expect((await taken(sourceOf(9, MiB, MiB))).length).toBe(4)
  expect((await taken(sourceOf(100, 10, 10))).length).toBe(64)
  expect(await taken(sourceOf(1, 10, 100 * MiB))).toEqual([1])
})

test('a range that was begun before is repeated to its end, however large', async () => {
  const source = sourceOf(20, 1000, MiB)
  expect((await taken(source, 15)).length).toBe(15)
  expect(await taken(source)).toEqual([16, 17, 18, 19, 20])
})
