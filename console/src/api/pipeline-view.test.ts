import { expect, test } from 'vitest'
import type { Ledger, Pipeline } from '../../../src/api/published.ts'
import { deliveredPerSecond, sum, viewOf } from './pipeline-view.ts'

const pipeline: Pipeline = {
  sources: [
    { name: 'netflow', type: 'netflow', addresses: ['udp://0.0.0.0:2055'], rate: 2 },
    { name: 'http', type: 'http', addresses: [], rate: 0 },
  ],
  sinks: [
    { name: 'store', type: 'parquet', from: [], lagMs: 0, state: 'running' },
    { name: 'bus', type: 'nats', from: ['http'], lagMs: 10, state: 'retrying', error: 'away' },
  ],
  journal: { bytes: 1, segments: 1, sequence: 1 },
}
const ledger: Ledger = {
  balanced: true,
  sources: [
    { name: 'netflow', accepted: 100, duplicates: 0, unreadable: 0, shed: { malformed: 1 } },
    { name: 'http', accepted: 20, duplicates: 2, unreadable: 0, shed: {} },
    { name: 'redacted', accepted: 5, duplicates: 0, unreadable: 0, shed: {} },
  ],
  sinks: [
    {
      name: 'store',
      from: ['netflow', 'http', 'redacted'],
      filtered: {},
      routed: 125,
      delivered: 120,
      dead_lettered: 0,
      dropped: {},
      quarantined: 0,
      pending: 5,
    },
    {
      name: 'bus',
      from: ['http'],
      filtered: { only: 3 },
      routed: 17,
      delivered: 10,
      dead_lettered: 2,
      dropped: { behind: 1 },
      quarantined: 0,
      pending: 4,
    },
    {
      name: 'old',
      from: ['http'],
      filtered: {},
      routed: 20,
      delivered: 19,
      dead_lettered: 0,
      dropped: {},
      quarantined: 0,
      pending: 0,
    },
  ],
}

test('the parts of every sink add up to the accepted rows, and an unbalanced sink is reported', () => {
  const view = viewOf(pipeline, ledger)
  expect(view.accepted).toBe(125)
  for (const name of ['store', 'bus']) {
    const sink = view.sinks.find((each) => each.name === name)
    expect(sum(sink?.parts ?? [], ({ rows }) => rows)).toBe(sink?.accepted)
    expect(sink?.balanced).toBe(true)
  }
  expect(view.sinks.find(({ name }) => name === 'old')).toMatchObject({ balanced: false, state: 'gone' })
})

test('sources and sinks that only the ledger contains are listed', () => {
  const view = viewOf(pipeline, ledger)
  expect(view.sources.map(({ name, type }) => [name, type])).toEqual([
    ['netflow', 'netflow'],
    ['http', 'http'],
    ['redacted', ''],
  ])
  expect(view.sinks.map(({ name }) => name)).toEqual(['store', 'bus', 'old'])
})

test('the rate of a sink needs two ledgers', () => {
  const after: Ledger = { ...ledger, sinks: ledger.sinks.map((sink) => ({ ...sink, delivered: sink.delivered + 10 })) }
  expect(deliveredPerSecond({ ...ledger, sinks: ledger.sinks.slice(0, 1) }, after, 2000)).toEqual(
    new Map([['store', 5]]),
  )
  expect(deliveredPerSecond(undefined, after, 2000)).toEqual(new Map())
})
