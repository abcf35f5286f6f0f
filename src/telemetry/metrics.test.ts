import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { metricTable } from '../components/manifests.ts'
import { MetricStore } from './metrics.ts'
import type { MetricName } from './ports.ts'

describe('the table of metrics', () => {
  const units = [
    'rows',
    'kinds',
    'messages',
    'responses',
    'spans',
    'changes',
    'hidden',
    'objects',
    'workloads',
    'claims',
    'held',
    'batches',
    'events',
    'traces',
    'datagrams',
    'bytes',
    'flows',
    'samples',
    'sets',
    'templates',
    'records',
    'values',
    'frames',
    'letters',
    'requests',
    'lines',
    'retries',
    'seconds',
    'restarts',
    'evaluations',
    'transitions',
    'alerts',
    'rules',
    'exporters',
    'syncs',
    'segments',
    'partitions',
    'commits',
    'files',
    'logins',
    'info',
    'shed',
    'overflow',
    'documents',
    'configmaps',
    'tokens',
    'scans',
    'images',
    'failures',
    'reads',
    'entries',
    'connections',
    'gaps',
    'samples',
  ]

  // kollect's names and those of the Exoscale exporter, for existing dashboards; clouds have names without a program.
  const foreign = /^(?:kollect|cloud|exoscale)_/

  test.each(Object.entries(metricTable).filter(([name]) => !foreign.test(name)))(
    '%s follows the naming rule',
    (name, { kind, help, labels }) => {
      expect(name).toMatch(/^weir_[a-z0-9]+(_[a-z0-9]+)+$/)
      expect(name.endsWith('_total')).toBe(kind === 'counter')
      expect(units).toContain(
        name
          .replace(/_total$/, '')
          .split('_')
          .at(-1),
      )
      expect(help).toMatch(/^[A-Z].*[^.\s]$/)
      for (const label of labels) expect(label).toMatch(/^[a-z]+$/)
    },
  )

  test('the metric names of other programs are few', () => {
    const others = Object.keys(metricTable).filter((name) => foreign.test(name))
    expect(others.filter((name) => !/^(?:cloud|exoscale)_/.test(name))).toEqual([
      'kollect_resource_created_total',
      'kollect_resource_updated_total',
      'kollect_resource_deleted_total',
      'kollect_events_written_total',
    ])
  })
})

test('every metric of the table is used in a source file', () => {
  const root = join(import.meta.dirname, '..')
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) =>
        path.endsWith('.ts') &&
        !path.endsWith('.test.ts') &&
        !/(?:metric-table|cloud-metrics)\.ts$|connectors\/[^/]+\/metrics\.ts$/.test(path),
    )
    .map((path) => readFileSync(join(root, path), 'utf8'))
    .join('\n')
  expect(Object.keys(metricTable).filter((name) => !sources.includes(`'${name}'`))).toEqual([])
})

describe('a strict store, as in tests,', () => {
  const metrics = new MetricStore({ strict: true, table: metricTable })

  test('counts and sets by label', () => {
    metrics.count('weir_netflow_rows_total', 3, { source: 'a' })
    metrics.count('weir_netflow_rows_total', 4, { source: 'a' })
    metrics.count('weir_netflow_rows_total', 1, { source: 'b' })
    metrics.set('weir_netflow_exporters', 9, { source: 'a' })
    metrics.set('weir_netflow_exporters', 2, { source: 'a' })
    expect(metrics.value('weir_netflow_rows_total', { source: 'a' })).toBe(7)
    expect(metrics.value('weir_netflow_rows_total', { source: 'b' })).toBe(1)
    expect(metrics.value('weir_netflow_rows_total', { source: 'c' })).toBe(0)
    expect(metrics.value('weir_netflow_exporters', { source: 'a' })).toBe(2)
  })

  test.each([
    ['weir_made_up_total', {}, 'weir_made_up_total is not in the table of metrics'],
    ['weir_netflow_exporters', { source: 'a' }, 'weir_netflow_exporters is a gauge, not a counter'],
    ['weir_netflow_rows_total', {}, 'weir_netflow_rows_total has the labels (source), not ()'],
    [
      'weir_netflow_rows_total',
      { source: 'a', port: '1' },
      'weir_netflow_rows_total has the labels (source), not (port, source)',
    ],
  ])('refuses %s with %j', (name, labels, message) => {
    expect(() => metrics.count(name as MetricName, 1, labels)).toThrow(message)
  })

  test.each([-1, Number.NaN])('refuses to change a counter by %d', (by) => {
    expect(() => metrics.count('weir_journal_frames_total', by)).toThrow('is a counter and cannot change')
  })
})

test('an invalid metric does not stop the data in production', () => {
  const metrics = new MetricStore()
  metrics.count('weir_made_up_total' as MetricName, 1)
  metrics.count('weir_journal_frames_total', -5)
  expect([...metrics]).toEqual([])
})

test('a metric with more objects may have more series', () => {
  const metrics = new MetricStore({ strict: true, table: metricTable })
  for (let i = 0; i < 600; i++)
    metrics.count('kollect_resource_created_total', 1, { group: '', version: 'v1', kind: 'Pod', namespace: `n${i}` })
  expect(
    metrics.value('kollect_resource_created_total', { group: '', version: 'v1', kind: 'Pod', namespace: 'n599' }),
  ).toBe(1)
  expect(metrics.value('weir_telemetry_overflow_total', { metric: 'kollect_resource_created_total' })).toBe(0)
})

test('a metric has at most 500 series; the rest is counted as overflow', () => {
  const metrics = new MetricStore({ strict: true, table: metricTable })
  for (let i = 0; i < 700; i++) metrics.count('weir_source_shed_total', 1, { source: 'a', reason: `r${i}` })
  const [series] = [...metrics].filter(([name]) => name === 'weir_source_shed_total').map(([, , all]) => [...all])
  expect(series).toHaveLength(500)
  expect(metrics.value('weir_telemetry_overflow_total', { metric: 'weir_source_shed_total' })).toBe(200)
})

test('one scrape shows all threads: counters add up, gauges keep the last value, nothing is sent twice', async () => {
  const main = new MetricStore({ strict: true, table: metricTable })
  const workers = [
    new MetricStore({ strict: true, table: metricTable }),
    new MetricStore({ strict: true, table: metricTable }),
  ]
  const channels = workers.map(() => new MessageChannel())
  for (const { port1 } of channels) main.collectFrom(port1)
  const publish = async (): Promise<void> => {
    const arrived = channels.map(
      ({ port1 }) =>
        new Promise<void>((resolve) => {
          port1.on('message', (message) => {
            if (message === 'end') resolve()
          })
        }),
    )
    workers.forEach((worker, i) => {
      const port = channels[i]?.port2
      if (port === undefined) return
      worker.publishTo(port)
      port.postMessage('end')
    })
    await Promise.all(arrived)
  }
  main.count('weir_journal_frames_total', 1)
  for (const worker of workers) worker.count('weir_journal_frames_total', 10)
  workers[0]?.set('weir_netflow_exporters', 3, { source: 'a' })
  await publish()
  expect(main.value('weir_journal_frames_total')).toBe(21)
  await publish()
  expect(main.value('weir_journal_frames_total')).toBe(21)
  workers[1]?.count('weir_journal_frames_total', 5)
  workers[0]?.set('weir_netflow_exporters', 0, { source: 'a' })
  await publish()
  expect(main.value('weir_journal_frames_total')).toBe(26)
  expect(main.value('weir_netflow_exporters', { source: 'a' })).toBe(0)
  expect(workers[0]?.value('weir_journal_frames_total')).toBe(10)
  for (const { port1 } of channels) port1.close()
})
