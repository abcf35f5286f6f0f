import { expect, test } from 'vitest'
import type { ViewStat } from './messages.ts'
import { RowsModel, maxShown, type LiveNow } from './rows-model.ts'

function model(): { model: RowsModel; now: () => LiveNow; send: (from: number, to: number, snapshot?: true) => void } {
  const made = new RowsModel(0, () => {})
  const send = (from: number, to: number, snapshot?: true): void => {
    const rows = Array.from({ length: to - from + 1 }, (_, index) => [`p${from + index}`])
    made.take({
      view: 'w',
      cols: ['_pos'],
      rows,
      matched: rows.length,
      shown: rows.length,
      ...(snapshot === undefined ? {} : { snapshot }),
    })
  }
  return { model: made, now: () => made.now, send }
}

const stat = (matched: number, shown: number, pending = 0): ViewStat => ({
  view: 'w',
  matched,
  shown,
  pending,
  lagMs: null,
})

test('rows are shown newest first and without duplicates', () => {
  const { now, send } = model()
  send(1, 3, true)
  send(3, 5)
  expect(now().rows.flat()).toEqual(['p5', 'p4', 'p3', 'p2', 'p1'])
})

test('while held, shown rows stay, new rows are counted, and all appear afterwards', () => {
  const { model: made, now, send } = model()
  send(1, 3, true)
  made.hold('held')
  send(4, 10)
  expect(now().rows.flat()).toEqual(['p3', 'p2', 'p1'])
  expect(now().held).toBe(7)
  made.hold('flowing')
  expect(now().rows.flat()).toEqual(['p10', 'p9', 'p8', 'p7', 'p6', 'p5', 'p4', 'p3', 'p2', 'p1'])
  expect(now()).toMatchObject({ held: 0, gap: '' })
})

test('the count includes rows that match but are not sent', () => {
  const { model: made, now, send } = model()
  send(1, 3, true)
  made.stat(stat(100, 3))
  made.hold('held')
  send(4, 5)
  made.stat(stat(1100, 5))
  expect(now()).toMatchObject({ held: 1000, rate: 1000, passed: 1095 })
})

test('rows shown before a pause are not counted as new', () => {
  const { model: made, now, send } = model()
  send(1, 3, true)
  send(4, 8)
  made.hold('held')
  made.stat(stat(5, 5))
  expect(now().held).toBe(0)
  send(9, 10)
  made.stat(stat(7, 7))
  expect(now().held).toBe(2)
})

test('dropped rows are reported as missing, and older rows are removed', () => {
  const { model: made, now, send } = model()
  send(1, 3, true)
  made.hold('held')
  send(4, 12_000)
  expect(now().held).toBe(11_997)
  made.hold('flowing')
  expect(now().rows).toHaveLength(maxShown)
  expect(now().rows[0]).toEqual(['p12000'])
  expect(now().rows.flat()).not.toContain('p3')
  expect(now().gap).toContain('1,997 rows')
})

test('a jump to now shows the newest buffered rows and reports the skipped count', () => {
  const { model: made, now, send } = model()
  send(1, 3, true)
  made.hold('held')
  send(4, 1003)
  made.jump()
  expect(now().rows).toHaveLength(500)
  expect(now().rows.at(-1)).toEqual(['p504'])
  expect(now().gap).toContain('skipped 500 rows')
})

test('catching up after dropped rows requests everything up to now and continues with new rows', () => {
  for (const thinned of [false, true]) {
    const made = new RowsModel(0, () => {}, 1)
    const send = (from: number, to: number, matched = to - from + 1): void =>
      made.take({
        view: 'w',
        cols: ['_pos', 'time_received'],
        rows: Array.from({ length: to - from + 1 }, (_, index) => [`p${from + index}`, `t${from + index}`]),
        matched,
        shown: to - from + 1,
      })
    send(1, 3)
    made.hold('held')
    if (thinned) send(4, 10, 5000)
    else send(4, 20_000)
    const newest = thinned ? 't10' : 't20000'
    made.catchUp()
    expect(made.now).toMatchObject({ rows: [], held: 0, gap: '', upTo: newest })
    send(20_001, 20_002)
    expect(made.now.rows.map(([key]) => key)).toEqual(['p20002', 'p20001'])
    expect(made.now.upTo).toBe(newest)
    send(30_000, 36_000)
    expect(made.now.upTo).toBe('')
  }
  const { model: made, now, send } = model()
  send(1, 3, true)
  made.hold('held')
  send(4, 10)
  made.catchUp()
  expect(now()).toMatchObject({ held: 0, upTo: '' })
  expect(now().rows).toHaveLength(10)
})

test('a snapshot replaces the shown rows, even if empty', () => {
  const { now, send } = model()
  send(1, 3, true)
  send(1, 0, true)
  expect(now()).toMatchObject({ rows: [], begun: true })
})

test('missing rows are reported with the reason', () => {
  const { model: made, now } = model()
  made.gap({ view: 'w', fromSeq: 1, toSeq: 5, reason: 'slow' })
  expect(now().gap).toContain('too slow')
  made.gap({ view: 'w', fromSeq: 1, toSeq: 5, reason: 'unknown-position' })
  expect(now().gap).toContain('another server or journal')
})

test('every matching row is counted as received or passed, and dropped rows are reported', () => {
  const { model: made, now, send } = model()
  send(1, 3, true)
  send(4, 1003)
  made.stat(stat(5000, 1000))
  expect(now()).toMatchObject({ matched: 5000, arrived: 1000, passed: 4000, lost: 0 })
  made.stat(stat(5000, 1000, 3900))
  expect(now()).toMatchObject({ passed: 100, pending: 3900 })
  made.hold('held')
  send(1004, 12_000)
  made.stat(stat(16_000, 11_997))
  expect(now()).toMatchObject({ arrived: 11_997, passed: 4003, lost: 997 })
  made.jump()
  expect(now()).toMatchObject({ arrived: 11_997, passed: 4003, lost: 997 + 9500 })
})
