import { describe, expect, test } from 'vitest'
import type { NetobservPlan } from '../finish.ts'
import { plan, resource } from '../testing/flowcollector.ts'

describe('logTypes', () => {
  const loki = { enable: true, mode: 'Monolithic', monolithic: { url: 'http://loki:3100' } }
  const made = (processor: Readonly<Record<string, unknown>>, version?: string): NetobservPlan =>
    plan(resource({ loki, processor }, version))
  type Parts = Readonly<Record<string, Readonly<Record<string, unknown>>>>
  const transforms = ({ config }: NetobservPlan): Parts => (config['transforms'] ?? {}) as Parts
  const sinks = ({ config }: NetobservPlan): Parts => config['sinks'] as Parts

  test.each([
    ['Conversations', ['newConnection', 'heartbeat', 'endConnection']],
    ['EndedConversations', ['endConnection']],
    ['All', ['flowLog', 'newConnection', 'heartbeat', 'endConnection']],
  ])('%s writes its records to Loki, and metrics count flows', (logTypes, records) => {
    const found = made({ logTypes })
    expect(transforms(found)['connections']).toMatchObject({ type: 'connections', from: ['agents'], records })
    expect(sinks(found)['loki']).toMatchObject({ from: ['connections'] })
    expect(sinks(found)['loki']?.['labels']).toContain('_RecordType')
    expect(sinks(found)['prometheus']).toMatchObject({ from: ['agents'] })
    expect(found.notes).toContain('spec.processor.logTypes: metrics count flows, not connections')
  })

  test('exporters have the records, and metrics of OpenTelemetry count flows', () => {
    const exporters = [
      { type: 'IPFIX', ipfix: { targetHost: 'c' } },
      { type: 'OpenTelemetry', openTelemetry: { targetHost: 'o', logs: { enable: true }, metrics: { enable: true } } },
    ]
    const found = plan(resource({ loki, processor: { logTypes: 'Conversations' }, exporters }))
    const from = Object.entries(sinks(found)).map(([name, sink]) => [name, sink['from']])
    expect(Object.fromEntries(from)).toEqual({
      loki: ['connections'],
      prometheus: ['agents'],
      'ipfix-export-0': ['connections'],
      'otel-export-1-logs': ['connections'],
      'otel-export-1-metrics': ['agents'],
    })
    expect(found.notes.join()).toContain('connections have no octets in IPFIX')
  })

  test('Flows tracks no connections', () => {
    const found = made({ logTypes: 'Flows' })
    expect(transforms(found)).toEqual({})
    expect(sinks(found)['loki']?.['labels']).not.toContain('_RecordType')
  })

  test('times are those of the resource, in both versions', () => {
    const times = {
      conversationHeartbeatInterval: '1m',
      conversationEndTimeout: '20s',
      conversationTerminatingTimeout: '2s',
    }
    const expected = { heartbeat: '1m', end_timeout: '20s', terminating_timeout: '2s' }
    expect(transforms(made({ logTypes: 'All', advanced: times }))['connections']).toMatchObject(expected)
    const old = made({ logTypes: 'ALL', ...times }, 'v1beta1')
    expect(transforms(old)['connections']).toMatchObject(expected)
  })

  test('filters and the deduper apply to connections and to flows of metrics', () => {
    const found = made({
      logTypes: 'EndedConversations',
      filters: [{ query: 'DstPort = 443' }],
      deduper: { mode: 'Drop' },
    })
    const filterOf = (sink: string): unknown => sinks(found)[sink]?.['only']
    expect(filterOf('loki')).toEqual(filterOf('prometheus'))
    expect(JSON.stringify(filterOf('loki'))).toContain('dst_port = 443')
  })
})
