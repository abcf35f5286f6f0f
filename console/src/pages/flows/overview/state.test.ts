import fc from 'fast-check'
import { expect, test } from 'vitest'
import { latestOf } from './queries.ts'
import { conditionOf } from '../../../parts/endpoint-condition.ts'
import { valueName } from './names.ts'
import { overviewParts, panelNames, tops, defaultLook, type PanelLook, type PanelName } from './state.ts'

const look = fc.record({
  top: fc.constantFrom(...tops),
  others: fc.boolean(),
  total: fc.boolean(),
  latest: fc.boolean(),
  table: fc.boolean(),
  share: fc.boolean(),
})

test('panels, their order and their looks survive a round trip through the URL', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...panelNames), look),
      fc.shuffledSubarray([...panelNames], { minLength: 1 }),
      (drawn, panels) => {
        const { looks } = overviewParts
        const unusual = Object.fromEntries(
          Object.entries(drawn).filter(
            ([, each]) => JSON.stringify({ ...defaultLook, ...each }) !== JSON.stringify(defaultLook),
          ),
        ) as Partial<Record<PanelName, PanelLook>>
        expect(looks.read(looks.write(drawn)) ?? {}).toEqual(
          looks.write(drawn) === '' ? (looks.read('') ?? {}) : unusual,
        )
        expect(overviewParts.panels.read(overviewParts.panels.write(panels))).toEqual(panels)
      },
    ),
  )
})

test('an unknown look, panel or switch makes the parameter invalid', () => {
  const { looks, panels } = overviewParts
  expect([
    looks.read('bytes.10-others-latest,pairs.15-table'),
    looks.read('bytes.7'),
    looks.read('bytes.5-colour'),
    looks.read('bites.5'),
    panels.read('bytes,bites'),
  ]).toEqual([
    {
      bytes: { ...defaultLook, top: 10, others: false, latest: true },
      pairs: { ...defaultLook, top: 15, table: true },
    },
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test('the newest part of a span is a thirtieth of it, at its end', () => {
  expect([
    latestOf({ from: 'now-1h', to: 'now' }),
    latestOf({ from: 'now-2m', to: 'now' }),
    latestOf({ from: 'now-2h', to: 'now-1h' }),
  ]).toEqual([
    { t: { from: 'now-120s', to: 'now' }, seconds: 120 },
    { t: { from: 'now-10s', to: 'now' }, seconds: 10 },
    { t: { from: 'now-3720s', to: 'now-1h' }, seconds: 120 },
  ])
  expect(latestOf({ from: '2026-11-20T09:00:00Z', to: '2026-11-20T10:00:00Z' })).toEqual({
    t: { from: '2026-11-20T09:58:00.000Z', to: '2026-11-20T10:00:00Z' },
    seconds: 120,
  })
})

test('panels group flows by endpoint, and the filter of an endpoint covers its fields', () => {
  expect(overviewParts.dim.usual).toBe('auto')
  expect(valueName('src_endpoint', null)).toBe('no address')
  expect(conditionOf(['src_endpoint'], ['web'])).toBe(
    '(src_name = "web" or (not exists(src_name) and src_owner_name = "web") or (not exists(src_name) and ' +
      'not exists(src_owner_name) and src_label = "web"))',
  )
  expect(conditionOf(['dst_endpoint'], ['192.0.2.1'])).toMatch(
    / or \(not exists\(dst_name\) and not exists\(dst_owner_name\) and not exists\(dst_label\) and dst_addr = "192\.0\.2\.1"\)\)$/,
  )
  expect(conditionOf(['src_endpoint'], ['2001:db8::1'])).toContain('src_addr = "2001:db8::1"')
  expect(conditionOf(['src_endpoint', 'dst_port'], [null, 53])).toBe(
    'not exists(src_name) and not exists(src_owner_name) and not exists(src_label) and not ' +
      'exists(src_addr) and dst_port = 53',
  )
})
