import { expect, test } from 'vitest'
import { lostTimes } from './losses.ts'
import { fileName, hourOf, msPerHour, type Stream } from './names.ts'
import type { StoredFile } from './record.ts'

const hour = hourOf(Date.UTC(2026, 10, 20, 8))
const start = hour * msPerHour

function file(stream: Stream, first: number, last: number, more: Partial<StoredFile> = {}): StoredFile {
  return {
    name: fileName(stream, hour, first, last, '0'),
    stream,
    hour,
    firstSequence: first,
    lastSequence: last,
    schema: 1,
    rows: 1,
    bytes: 1,
    timeMin: start + first,
    timeMax: start + last,
    receivedMin: start + 1000 + first,
    receivedMax: start + 1000 + last,
    ...more,
  }
}

const lost = { lost: true } as const
const none = new Set<string>()
const first = { occurred: { from: start + 1, to: start + 5 }, received: { from: start + 1001, to: start + 1005 } }

test('without lost files nothing is reported', () => {
  expect(lostTimes([file('flows', 1, 5), file('endpoints', 1, 5, lost)], none)).toBeUndefined()
})

test('events of a lost file are missing in their families; an early entry may have had any', () => {
  const lostFamilies = (more: Partial<StoredFile>) => lostTimes([file('events', 1, 5, { ...lost, ...more })], none)
  expect(lostFamilies({ families: ['audit', 'change'] })).toEqual({
    audit: [first],
    change: [first],
    flows: [],
    flows_1m: [],
    flows_5m: [],
    flows_1h: [],
  })
  expect(lostFamilies({})).toMatchObject({ change: [first], 'k8s-event': [first] })
})

test('flows of a lost file are missing in the flows, but not in rollups that still have them', () => {
  const files = [file('flows', 1, 5, lost), file('flows', 6, 9), file('flows_5m', 1, 5)]
  expect(lostTimes(files, none)).toEqual({ flows: [first], flows_1m: [first], flows_5m: [], flows_1h: [] })
})

test('a damaged file counts before it is recorded as lost', () => {
  const damaged = file('flows', 1, 5)
  expect(lostTimes([damaged, file('flows_1m', 1, 5)], new Set([damaged.name]))).toMatchObject({
    flows: [first],
    flows_1m: [],
  })
})

test('a lost rollup is missing unless the flows or another rollup have its flows', () => {
  const rollup = file('flows_1m', 1, 5, lost)
  const missing = (...others: StoredFile[]) => lostTimes([rollup, ...others], none)
  expect(missing()).toEqual({ flows: [], flows_1m: [first], flows_5m: [first], flows_1h: [first] })
  expect(missing(file('flows', 1, 5))).toMatchObject({ flows_1m: [], flows_1h: [] })
  expect(missing(file('flows_1h', 1, 9))).toMatchObject({ flows_1m: [first], flows_5m: [first], flows_1h: [] })
})

test('flows of a file without times are missing in its whole hour', () => {
  const whole = { from: start, to: start + msPerHour }
  const unknown = { ...lost, timeMin: null, timeMax: null, receivedMin: 0, receivedMax: 0 }
  expect(lostTimes([file('flows', 1, 5, unknown)], none)?.flows).toEqual([{ occurred: whole, received: whole }])
})
