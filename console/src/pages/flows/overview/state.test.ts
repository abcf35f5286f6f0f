import fc from 'fast-check'
import { expect, test } from 'vitest'
import { latestOf } from './ask.ts'
import { bestName } from './best-name.ts'
import { overviewParts, panelNames, tops, usualLook, type PanelLook, type PanelName } from './state.ts'

const look = fc.record({ top: fc.constantFrom(...tops), others: fc.boolean(), total: fc.boolean(), latest: fc.boolean(), table: fc.boolean() })

test('how panels look, which there are and in which order comes back from the address as it was', () => {
  fc.assert(fc.property(fc.dictionary(fc.constantFrom(...panelNames), look), fc.shuffledSubarray([...panelNames], { minLength: 1 }), (drawn, panels) => {
    const { looks } = overviewParts
    const unusual = Object.fromEntries(Object.entries(drawn).filter(([, each]) => JSON.stringify({ ...usualLook, ...each }) !== JSON.stringify(usualLook))) as Partial<Record<PanelName, PanelLook>>
    expect(looks.read(looks.write(drawn)) ?? {}).toEqual(looks.write(drawn) === '' ? (looks.read('') ?? {}) : unusual)
    expect(overviewParts.panels.read(overviewParts.panels.write(panels))).toEqual(panels)
  }))
})

test('a look, a panel or a switch that is none makes the text unreadable', () => {
  const { looks, panels } = overviewParts
  expect([looks.read('bytes.10-others-latest,pairs.15-table'), looks.read('bytes.7'), looks.read('bytes.5-colour'), looks.read('bites.5'), panels.read('bytes,bites')]).toEqual([
    { bytes: { ...usualLook, top: 10, others: false, latest: true }, pairs: { ...usualLook, top: 15, table: true } }, undefined, undefined, undefined, undefined,
  ])
})

test('the newest part of a span is a thirtieth of it, at its end', () => {
  expect([latestOf({ from: 'now-1h', to: 'now' }), latestOf({ from: 'now-2m', to: 'now' }), latestOf({ from: 'now-2h', to: 'now-1h' })]).toEqual([
    { t: { from: 'now-120s', to: 'now' }, seconds: 120 }, { t: { from: 'now-10s', to: 'now' }, seconds: 10 }, { t: { from: 'now-3720s', to: 'now-1h' }, seconds: 120 },
  ])
  expect(latestOf({ from: '2026-11-20T09:00:00Z', to: '2026-11-20T10:00:00Z' })).toEqual({ t: { from: '2026-11-20T09:58:00.000Z', to: '2026-11-20T10:00:00Z' }, seconds: 120 })
})

test('sources are told apart by name, else owner, else network, else address: by the first that most flows have', () => {
  const columns = ['src_name', 'src_owner_name', 'src_label', 'flows'].map((name) => ({ name, type: 'X' }))
  expect(bestName({ columns, rows: [[null, null, null, 900]] })).toBe('src_addr')
  expect(bestName({ columns, rows: [['web', 'shop', 'lan', 500], [null, null, 'internet', 400]] })).toBe('src_name')
  expect(bestName({ columns, rows: [[null, 'shop', null, 500], [null, null, 'internet', 400]] })).toBe('src_owner_name')
  expect(bestName({ columns, rows: [[null, null, 'internet', 900], ['web', null, null, 1]] })).toBe('src_label')
  expect(bestName({ columns, rows: [] })).toBe('src_name')
})
