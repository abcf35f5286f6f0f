import { expect, test } from 'vitest'
import { newPanel } from '../../parts/dashboards/definition.ts'
import { endOf } from './kinds/metric/gauge.tsx'
import { seriesName } from './kinds/metric/queries.ts'
import { kinds, ofKind } from '../../app/panel-kinds.ts'
import { toneAt, unitFormat } from '../../parts/dashboards/units.ts'

test.each([
  ['bytes', 1536, '1.50 KiB'],
  ['bytes_per_second', 1500, '1.50 kB/s'],
  ['bits_per_second', 12_345_678, '12.3 Mbit/s'],
  ['bits', -999, '−999 bit'],
  ['percent', 83.456, '83.46%'],
  ['ratio', 0.5, '50%'],
  ['seconds', 0.25, '250 ms'],
  ['seconds', 864_000, '10 d'],
  ['milliseconds', 1500, '1.5 s'],
  ['per_second', 0.5, '0.5/s'],
  ['', NaN, '–'],
] as const)('the unit %s of %d', (unit, value, text) => {
  expect(unitFormat(unit)(value)).toBe(text)
})

test('a value has the tone of the highest threshold that it reaches', () => {
  const thresholds = [
    { at: 1, tone: 'warning' as const },
    { at: 2, tone: 'bad' as const },
  ]
  expect([0.9, 1, 2.5].map((value) => toneAt(value, thresholds))).toEqual([undefined, 'warning', 'bad'])
})

test('a gauge ends at its bound, at the whole of a share, or above its thresholds', () => {
  const gauge = { ...newPanel, thresholds: [] }
  expect(endOf({ ...gauge, max: 7 }, 9)).toBe(7)
  expect(endOf({ ...gauge, unit: 'ratio' }, 0.3)).toBe(1)
  expect(endOf({ ...gauge, unit: 'percent' }, 30)).toBe(100)
  expect(endOf({ ...gauge, thresholds: [{ at: 80, tone: 'bad' }] }, 30)).toBe(100)
  expect(endOf(gauge, 42)).toBe(100)
})

test('series are named by the legend, else by their labels, else by the expression', () => {
  expect(seriesName({ pod: 'a', ns: 'b' }, { expr: 'up', legend: '{{ pod }} of {{ns}}' }, '')).toBe('a of b')
  expect(seriesName({ pod: 'a' }, { expr: 'up', legend: '' }, 'up')).toBe('a')
  expect(seriesName({}, { expr: 'up', legend: '' }, 'up')).toBe('up')
  expect(seriesName({ pod: 'a' }, { expr: 'up', legend: '{{none}}' }, '')).toBe('a')
})

test('another kind keeps the filter of the same rows, and nothing of another language', () => {
  const panel = { ...newPanel, title: 'T', filter: 'dst_port = 443', group: 'dst_port', width: 3 }
  expect(ofKind(panel, 'top', newPanel)).toMatchObject({ kind: 'top', filter: 'dst_port = 443', group: 'dst_port' })
  const changes = ofKind(panel, 'changes', newPanel)
  expect(changes).toMatchObject({ kind: 'changes', title: 'T', filter: '', group: 'operation', width: 3 })
  expect(ofKind(changes, 'metric', newPanel).select).toEqual({})
})

test('each view that a kind offers has fields, and a kind with groups has a usual one', () => {
  for (const { views, fieldsOf, groups, usual } of Object.values(kinds)) {
    for (const view of views) expect(fieldsOf({ ...newPanel, view }).length).toBeGreaterThan(0)
    if (groups !== undefined) expect(groups).toContain(usual.group)
  }
})
