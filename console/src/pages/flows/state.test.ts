import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSearch, writeSearch } from '../../state/codec.ts'
import { refreshes } from '../../state/frame.ts'
import { dimensions, earlier, measures, panelNames, defaultLook, type Looks } from './overview/state.ts'
import { ranks } from './conversations/state.ts'
import { flowsCodec, flowViews } from './state.ts'
import { scopes } from './topology/state.ts'

const moment = fc.oneof(
  fc.constant('now'),
  fc
    .tuple(fc.integer({ min: 0, max: 999_999 }), fc.constantFrom('s', 'm', 'h', 'd', 'w'))
    .map(([count, unit]) => `now-${count}${unit}`),
  fc
    .date({ min: new Date('1971-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString()),
)
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,20}$/)

const flows = fc.record({
  t: fc.record({ from: moment, to: moment }),
  refresh: fc.constantFrom(...refreshes),
  live: fc.boolean(),
  view: fc.constantFrom(...flowViews),
  rank: fc.constantFrom(...ranks),
  q: fc.string({ unit: 'binary', maxLength: 80 }).filter((written) => written.isWellFormed()),
  both: fc.boolean(),
  once: fc.boolean(),
  marks: fc.boolean(),
  mark: fc.string({ maxLength: 40 }),
  why: fc.boolean(),
  quick: fc.uniqueArray(
    fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
      .filter((written) => !written.includes(',') && written.isWellFormed()),
    { maxLength: 5 },
  ),
  group: fc.uniqueArray(name, { maxLength: 5 }),
  cols: fc.uniqueArray(name, { minLength: 1, maxLength: 20 }),
  w: fc.dictionary(name, fc.integer({ min: 40, max: 1200 })),
  sort: fc.oneof(
    fc.constant(''),
    name,
    name.map((each) => `-${each}`),
  ),
  sel: fc.string({ maxLength: 60 }),
  dim: fc.constantFrom(...dimensions),
  by: fc.constantFrom(...measures),
  before: fc.constantFrom(...earlier),
  panels: fc.uniqueArray(fc.constantFrom(...panelNames), { minLength: 1 }),
  looks: fc.constantFrom<Looks>(
    {},
    { bytes: { ...defaultLook, top: 10, total: false } },
    { pairs: { ...defaultLook, top: 15, others: false }, ports: { ...defaultLook, latest: true, table: true } },
  ),
  focus: fc.constantFrom('' as const, ...panelNames),
  scope: fc.constantFrom(...scopes),
  more: fc.boolean(),
  list: fc.boolean(),
  diff: fc.constantFrom('', 'span', '1w', '2026-11-20T10:00:00Z'),
  find: fc.string({ maxLength: 20 }),
  eye: fc.option(
    fc.record({
      x: fc.integer({ min: -9999, max: 9999 }),
      y: fc.integer({ min: -9999, max: 9999 }),
      k: fc.integer({ min: 1, max: 800 }).map((k) => k / 100),
    }),
    { nil: undefined },
  ),
  node: fc.string({ maxLength: 60 }),
  pf: fc.constantFrom('bytes', 'rtt', 'dns_latency'),
  folds: fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 4 }),
  least: fc.integer({ min: 0, max: 100 }),
  pins: fc
    .uniqueArray(
      fc.tuple(
        fc.stringMatching(/^[["a-z0-9.,;:/%& \]]{1,20}$/),
        fc.tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: -9999, max: 9999 })),
      ),
      { maxLength: 5, selector: ([key]) => key },
    )
    .map((all) => Object.fromEntries(all)),
})

test('any state of the flows page survives a round trip through the URL', () => {
  fc.assert(
    fc.property(flows, (state) => {
      const address = writeSearch(flowsCodec.encode(state))
      expect(flowsCodec.decode(readSearch(address))).toEqual({ state, unread: [] })
    }),
    { numRuns: 500 },
  )
})

test('any URL gives a state that can be written again', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (address) => {
      const { state } = flowsCodec.decode(readSearch(address))
      expect(flowsCodec.decode(readSearch(writeSearch(flowsCodec.encode(state))))).toEqual({ state, unread: [] })
    }),
    { numRuns: 500 },
  )
})
