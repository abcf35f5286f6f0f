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

test('a batch waits for more rows, at most until it has as many as configured', async () => {
  const { timers } = fakeHost(1)
  const frame = (sequence: number): Frame => ({ header: { sequence, count: 10, bodyBytes: 10, rawBytes: 10 } }) as Frame
  let [slept, arrived] = [0, 0]
  const take = (): Promise<Frame[]> => Promise.resolve(arrived > slept / 1000 ? [] : [frame(++arrived)])
  const sleep = (ms: number): Promise<void> => Promise.resolve(void (slept += ms))
  const reader = { ready: take, next: take } as unknown as JournalReader
  const source = new RangeSource(reader, { ...timers, sleep }, () => Promise.resolve())
  const rows = async (events: number): Promise<number> => {
    const frames = await source.next({ events, bytes: MiB, waitMs: 5000 }, undefined, never)
    return frames === 'gone' ? 0 : frames.length * 10
  }
  // A frame arrives each second.
  expect([await rows(20), slept]).toEqual([20, 1000])
  slept = arrived = 0
  expect([await rows(1000), slept]).toEqual([60, 5000])
})
