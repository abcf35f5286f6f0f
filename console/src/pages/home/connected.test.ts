import { expect, test } from 'vitest'
import type { Ledger, Pipeline } from '../../../../src/api/published.ts'
import { viewOf } from '../../api/pipeline-view.ts'
import { sourceConnections, sinkConnections } from './connected.ts'

const fresh: Pipeline = {
  sources: [
    { name: 'netflow', type: 'netflow', addresses: ['udp://0.0.0.0:2055'], rate: 0 },
    { name: 'http', type: 'http', addresses: [], rate: 0 },
  ],
  sinks: [{ name: 'store', type: 'parquet', from: [], lagMs: 0, state: 'running' }],
  journal: { bytes: 0, segments: 0, sequence: 0 },
}
const nothing: Ledger = { balanced: true, sources: [], sinks: [] }
const is = (of: readonly { readonly id: string; readonly status: string }[]): string[] =>
  of.map((each) => `${each.id} ${each.status}`)

test('a fresh start shows waiting and unconfigured sources and nothing connected', () => {
  const view = viewOf(fresh, nothing)
  expect(is(sourceConnections({ view, exporters: undefined, count: String }))).toEqual([
    'source:netflow waiting',
    'source:http waiting',
    'sflow absent',
  ])
  expect(is(sinkConnections({ view, count: String }))).toEqual(['sink:store waiting', 'sinks absent'])
})

test('running components show rows, failed ones their error, and a missing store is reported', () => {
  const view = viewOf(
    { ...fresh, sinks: [{ name: 'bus', type: 'nats', from: [], lagMs: 5, state: 'retrying', error: 'no answer' }] },
    {
      balanced: true,
      sources: [{ name: 'netflow', accepted: 7, duplicates: 0, unreadable: 0, shed: {} }],
      sinks: [
        {
          name: 'bus',
          from: ['netflow'],
          filtered: {},
          routed: 7,
          delivered: 0,
          dead_lettered: 0,
          dropped: {},
          quarantined: 0,
          pending: 7,
        },
      ],
    },
  )
  const exporters = {
    sources: [
      {
        name: 'netflow',
        type: 'netflow',
        addresses: [],
        known: 1,
        exporters: [{ address: '192.0.2.1', lastSeen: 0, datagrams: 1, rows: 7 }],
      },
    ],
  }
  expect(sourceConnections({ view, exporters, count: String })[0]).toMatchObject({
    status: 'connected',
    text: '7 rows accepted from 1 exporter',
  })
  expect(sinkConnections({ view, count: String }).map((each) => [each.id, each.status, each.text])).toEqual([
    ['store', 'absent', expect.stringContaining('live memory')],
    ['sink:bus', 'failing', 'no answer'],
  ])
})
