import { expect, it } from 'vitest'
import { costColumns } from '../model/cost-columns.ts'
import { finalBytes, merged, nextMerge } from './merge.ts'
import { dayOf, msPerHour } from './names.ts'
import type { StoredFile } from './record.ts'
import { expired, type Retain } from './retention.ts'
import { columnSet } from './schema.ts'

const hour = 490_000
const during = hour * msPerHour + 1000
const after = (hour + 2) * msPerHour

function file(index: number, more: Partial<StoredFile> = {}): StoredFile {
  return {
    name: `f${index}`,
    stream: 'flows',
    hour,
    firstSequence: index * 10,
    lastSequence: index * 10 + 9,
    schema: 1,
    rows: 5,
    bytes: 1000,
    timeMin: index,
    timeMax: index + 1,
    receivedMin: index,
    receivedMax: index,
    ...more,
  }
}

const files = (count: number): StoredFile[] => Array.from({ length: count }, (_, index) => file(index))
const names = (run: readonly StoredFile[] | undefined): string | undefined => run?.map(({ name }) => name).join(' ')

it('an open hour waits for sixteen small files', () => {
  expect(nextMerge(files(15), new Set(), during)).toBeUndefined()
  expect(nextMerge(files(16), new Set(), during)).toHaveLength(16)
})

it('an hour that is over merges the remaining files in journal order', () => {
  expect(names(nextMerge([file(2), file(0), file(1)], new Set(), after))).toBe('f0 f1 f2')
  expect(nextMerge([file(0)], new Set(), after)).toBeUndefined()
})

it('only neighbours are merged: a final file, another schema or an unreadable file separates them', () => {
  expect(names(nextMerge([file(0), file(1, { bytes: finalBytes }), file(2), file(3)], new Set(), after))).toBe('f2 f3')
  expect(names(nextMerge([file(0), file(1, { schema: 2 }), file(2, { schema: 2 })], new Set(), after))).toBe('f1 f2')
  expect(names(nextMerge(files(4), new Set(['f1']), after))).toBe('f2 f3')
  expect(
    nextMerge([file(0), file(1, { stream: 'events' }), file(2, { hour: hour + 1 })], new Set(), after),
  ).toBeUndefined()
})

it('files of an earlier version without columns of costs are not merged with later ones', () => {
  const columns = columnSet('events', costColumns)!
  const costs = { stream: 'events', families: ['cost'] } as const
  const others = { stream: 'events', families: ['audit'] } as const
  expect(names(nextMerge([file(0, costs), file(1, others), file(2, { ...costs, columns })], new Set(), after))).toBe(
    'f0 f1',
  )
  expect(
    names(
      nextMerge([file(0, { ...costs, columns }), file(1, others), file(2, { ...costs, columns })], new Set(), after),
    ),
  ).toBe('f0 f1 f2')
})

it('a merge stays within the memory of the writer', () => {
  const large = Array.from({ length: 20 }, (_, index) => file(index, { bytes: finalBytes - 1 }))
  expect(nextMerge(large, new Set(), after)).toHaveLength(8)
})

it('sixteen files of a tier become one of the next tier', () => {
  const grown = file(0, { bytes: 40_000 })
  expect(names(nextMerge([grown, ...files(17).slice(1)], new Set(), during))).toBe(names(files(17).slice(1)))
  expect(nextMerge([grown, ...files(16).slice(1)], new Set(), during)).toBeUndefined()
  const many = Array.from({ length: 16 }, (_, index) => file(index, { bytes: 40_000 }))
  expect(nextMerge([...many, file(16)], new Set(), during)).toHaveLength(17)
})

it('files from half a megabyte are merged when the result is large enough, and final files never again', () => {
  const large = Array.from({ length: 7 }, (_, index) => file(index, { bytes: 5 << 20 }))
  expect(nextMerge(large.slice(0, 6), new Set(), during)).toBeUndefined()
  expect(nextMerge(large, new Set(), during)).toHaveLength(7)
  expect(nextMerge([file(0, { bytes: finalBytes }), ...large.slice(1, 3)], new Set(), during)).toBeUndefined()
})

function amplification(bytesPerCommit: number): number {
  let live: StoredFile[] = []
  let written = 0
  const settle = (now: number): void => {
    for (let run = nextMerge(live, new Set(), now); run !== undefined; run = nextMerge(live, new Set(), now)) {
      const bytes = run.reduce((sum, one) => sum + one.bytes, 0)
      written += bytes
      live = [...live.filter((one) => !run.includes(one)), { ...merged(run), name: `m${written}`, bytes }]
    }
  }
  for (let second = 0; second < 900; second++) {
    live.push(file(second, { bytes: bytesPerCommit }))
    written += bytesPerCommit
    settle(during)
  }
  settle(after)
  return written / (900 * bytesPerCommit)
}

it.each([
  [1000, 5],
  [20_000, 5],
  [100_000, 4],
  [600_000, 3],
  [4 << 20, 2],
  [9 << 20, 1],
])('rows of commits of %i bytes are written at most %i times', (bytes, times) => {
  expect(amplification(bytes)).toBeLessThanOrEqual(times)
})

it('the merged file spans the ranges of its inputs', () => {
  expect(merged([file(3), file(4, { timeMin: null, timeMax: null })])).toMatchObject({
    firstSequence: 30,
    lastSequence: 49,
    rows: 10,
    timeMin: 3,
    timeMax: 4,
    receivedMin: 3,
    receivedMax: 4,
  })
})

it('hours expire when their newest row is old enough', () => {
  const all = [file(0), file(1, { stream: 'events' }), file(2, { hour: hour + 1 })]
  const end = (hour + 1) * msPerHour
  expect(expired(all, { ageMs: 1000 }, end + 999)).toEqual([])
  expect(expired(all, { ageMs: 1000 }, end + 1000)).toMatchObject([
    { reason: 'age', hour, files: [{ name: 'f0' }, { name: 'f1' }] },
  ])
})

it('endpoints expire with the last flows of their day, but those of the newest day only by age', () => {
  const day = dayOf(hour)
  const yesterday = file(0, { stream: 'endpoints', hour: day - 24 })
  const today = file(1, { stream: 'endpoints', hour: day })
  const [early, late, now] = [file(2, { hour: day - 3 }), file(3, { hour: day - 2 }), file(4, { hour })]
  const names = (files: readonly StoredFile[], retain: Retain, at: number): string[] =>
    expired(files, retain, at * msPerHour).flatMap((one) => one.files.map(({ name }) => name))
  expect(names([yesterday, today, early, late, now], { ageMs: 5 * msPerHour }, day + 3)).toEqual(['f2'])
  expect(names([yesterday, today, late, now], { ageMs: 5 * msPerHour }, day + 4)).toEqual(['f3', 'f0'])
  expect(names([yesterday, today, early, late, now], { bytes: 2000 }, hour)).toEqual(['f2', 'f3', 'f0'])
  expect(names([yesterday, today, now], {}, hour)).toEqual(['f0'])
  expect(names([today], { ageMs: 5 * msPerHour }, day + 28)).toEqual([])
  expect(names([today], { ageMs: 5 * msPerHour }, day + 29)).toEqual(['f1'])
})

it('endpoints of a day are merged as those of an open hour until the day is over', () => {
  const two = [file(0, { stream: 'endpoints', hour: dayOf(hour) }), file(1, { stream: 'endpoints', hour: dayOf(hour) })]
  expect(nextMerge(two, new Set(), (dayOf(hour) + 24) * msPerHour)).toBeUndefined()
  expect(nextMerge(two, new Set(), (dayOf(hour) + 25) * msPerHour)).toHaveLength(2)
})

it('hours expire by size, oldest first, except the hour being written', () => {
  const all = [0, 1, 2].map((index) => file(index, { hour: hour + index }))
  const now = (hour + 2) * msPerHour + 5
  expect(expired(all, { bytes: 2000 }, now).map((one) => [one.reason, one.hour])).toEqual([['size', hour]])
  expect(expired(all, { bytes: 0 }, now).map((one) => one.hour)).toEqual([hour, hour + 1])
})
