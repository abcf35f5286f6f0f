import { expect, test } from 'vitest'
import { metricTable } from '../components/manifests.ts'
import { exposition } from './exposition.ts'
import { MetricStore } from './metrics.ts'

const names = {
  prefix: 'netobserv_',
  sources: new Map([['agents', 'netobserv']]),
  sinks: new Map([
    ['loki', 'loki'],
    ['out', 'kafka'],
  ]),
}

async function lines(prefix: string | undefined): Promise<readonly string[]> {
  const store = new MetricStore(metricTable)
  for (const [source, rows] of [
    ['agents', 5],
    ['a-transform', 7],
  ] as const) {
    store.count('weir_source_accepted_rows_total', rows, { source })
    store.count('weir_source_shed_total', rows, { source, reason: 'malformed' })
  }
  for (const [sink, rows] of [
    ['loki', 2],
    ['out', 3],
    ['a-transform', 4],
  ] as const) {
    store.count('weir_sink_delivered_rows_total', rows, { sink })
    store.count('weir_sink_dropped_rows_total', rows, { sink, reason: 'age' })
    store.count('weir_sink_dead_letters_total', 1, { sink })
    store.count('weir_sink_retries_total', rows, { sink })
    store.set('weir_sink_pending_rows', rows, { sink })
  }
  const scrape = exposition(store, undefined, () => (prefix === undefined ? undefined : { ...names, prefix }))
  await scrape()
  const { body } = await scrape()
  return body
    .toString()
    .split('\n')
    .filter((line) => /^(?:netobserv_)?(?:ingest|records|stage|loki)_/.test(line))
}

test('metrics of flowlogs-pipeline count sources and sinks, but no transforms', async () => {
  const expected = [
    'ingest_flows_processed{stage="agents"} 5',
    'ingest_errors{stage="agents",type="netobserv",code="malformed"} 5',
    'records_written{stage="loki"} 2',
    'records_written{stage="out"} 3',
    'stage_in_queue_size{stage="loki"} 2',
    'stage_in_queue_size{stage="out"} 3',
    'loki_sent_entries_total{stage="loki"} 2',
    'loki_dropped_entries_total{stage="loki"} 3',
    'loki_batch_retries_total{stage="loki"} 2',
  ]
  expect(await lines('netobserv_')).toEqual(expected.map((line) => `netobserv_${line}`))
  expect(await lines('')).toEqual(expected)
  expect(await lines(undefined)).toEqual([])
})

test('reasons add up, and a changed prefix leaves no metric behind', async () => {
  const store = new MetricStore({ strict: true, table: metricTable })
  store.count('weir_sink_dropped_rows_total', 3, { sink: 'loki', reason: 'age' })
  store.count('weir_sink_dropped_rows_total', 4, { sink: 'loki', reason: 'size' })
  let prefix: string | undefined = 'a_'
  const scrape = exposition(store, undefined, () => (prefix === undefined ? undefined : { ...names, prefix }))
  const dropped = async (): Promise<readonly string[]> =>
    (await scrape()).body
      .toString()
      .split('\n')
      .filter((line) => /^\w*_loki_dropped_entries_total/.test(line))
  expect(await dropped()).toEqual(['a_loki_dropped_entries_total{stage="loki"} 7'])
  prefix = 'b_'
  expect(await dropped()).toEqual(['b_loki_dropped_entries_total{stage="loki"} 7'])
  prefix = undefined
  expect(await dropped()).toEqual([])
})
