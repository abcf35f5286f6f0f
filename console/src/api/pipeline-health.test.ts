import { expect, test } from 'vitest'
import type { Ledger, Pipeline } from '../../../src/api/published.ts'
import { troublesOf } from './pipeline-health.ts'

type Sink = Pipeline['sinks'][number]
type Source = Pipeline['sources'][number]

const source = (more: Partial<Source> = {}): Source => ({
  name: 'netflow',
  type: 'netflow',
  addresses: [],
  rate: 1,
  silentMs: 1000,
  ...more,
})
const sink = (more: Partial<Sink> = {}): Sink => ({
  name: 'bus',
  type: 'nats',
  from: ['netflow'],
  lagMs: 10,
  state: 'running',
  ...more,
})
const pipeline = (sources: readonly Source[], sinks: readonly Sink[]): Pipeline => ({
  sources,
  sinks,
  journal: { bytes: 0, segments: 0, sequence: 0 },
})
const ledger = (more: Partial<Ledger['sinks'][number]> = {}, balanced = true): Ledger => ({
  balanced,
  sources: [{ name: 'netflow', accepted: 9, duplicates: 0, unreadable: 0, shed: {} }],
  sinks: [
    {
      name: 'bus',
      from: ['netflow'],
      filtered: {},
      routed: 9,
      delivered: 9,
      dead_lettered: 0,
      dropped: {},
      quarantined: 0,
      pending: 0,
      ...more,
    },
  ],
})
const are = (of: Ledger, pipe?: Pipeline): string[] =>
  troublesOf(of, pipe).map(({ is, tone, name, amount, error }) =>
    `${tone} ${is} ${name} ${amount} ${error ?? ''}`.trim(),
  )

test('a healthy pipeline has no troubles, also when an event source reports nothing for hours', () => {
  expect(are(ledger(), pipeline([source()], [sink()]))).toEqual([])
  expect(are(ledger(), pipeline([source({ name: 'http', type: 'http', silentMs: 36_000_000 })], [sink()]))).toEqual([])
  expect(are(ledger())).toEqual([])
})

test('a sink that delivers nothing is bad, with its error and its pending rows', () => {
  const stands = pipeline([source()], [sink({ state: 'retrying', error: 'connection refused', lagMs: 90_000 })])
  expect(are(ledger({ pending: 7 }), stands)).toEqual(['bad sink bus 7 connection refused'])
  const behind = pipeline([source()], [sink({ lagMs: 90_000 })])
  expect(are(ledger({ pending: 7 }), behind)).toEqual(['warning behind bus 90000'])
  expect(are(ledger(), behind), 'nothing is pending').toEqual([])
})

test('dead letters and a silent source of flows are warnings, and follow errors', () => {
  expect(are(ledger({ dead_lettered: 3 }, false), pipeline([source({ silentMs: 600_000 })], [sink()]))).toEqual([
    'bad unbalanced  0',
    'warning letters bus 3',
    'warning silent netflow 600000',
  ])
  const failing = pipeline([source({ silentMs: 600_000, error: 'address in use' })], [sink()])
  expect(are(ledger(), failing)).toEqual(['bad source netflow 0 address in use'])
})
