import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FlowBatch } from '../../model/batches.ts'
import { FlowBuilder } from '../../model/flow-builder.ts'
import { NetObservReader } from '../netobserv-json/index.ts'
import { exposition, FlowAggregator, metricSets, predefinedMetrics, selectMetrics } from './index.ts'
import type { AggregatorOptions, WrittenMetric } from './index.ts'

type Record_ = Readonly<Record<string, unknown>>

function batchOf(records: readonly Record_[]): FlowBatch {
  const flows = new FlowBuilder()
  const reader = new NetObservReader(flows)
  for (const record of records) if (!reader.read(JSON.stringify(record))) throw new Error('no record')
  return flows.batch()
}

const everyRow = (batch: FlowBatch): Uint32Array => Uint32Array.from({ length: batch.count }, (_, row) => row)

function aggregatorOf(
  include: readonly string[],
  custom: readonly WrittenMetric[] = [],
  options: Partial<AggregatorOptions> = {},
): FlowAggregator {
  return new FlowAggregator({
    metrics: selectMetrics(include, custom),
    prefix: 'netobserv_',
    sampling: 'scaled',
    maxSeries: 10_000,
    expiryMs: 120_000,
    ...options,
  })
}

/** Samples of an exposition by their text before the value. */
function samplesOf(aggregator: FlowAggregator): Map<string, number> {
  const lines = exposition(aggregator, 'prometheus')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

function summed(records: readonly Record_[], include: readonly string[], custom: readonly WrittenMetric[] = []) {
  const aggregator = aggregatorOf(include, custom)
  const batch = batchOf(records)
  aggregator.add(batch, everyRow(batch), 0)
  return samplesOf(aggregator)
}

const name = fc.constantFrom('shop', 'web', 'db', 'a"b\\c', 'ü')
const anyRecord = fc.record(
  {
    Bytes: fc.integer({ min: 1, max: 1e9 }),
    Packets: fc.integer({ min: 1, max: 1e6 }),
    Sampling: fc.constantFrom(1, 50, 100),
    FlowDirection: fc.constantFrom(0, 1, 2),
    SrcK8S_Namespace: name,
    DstK8S_Namespace: name,
    SrcK8S_OwnerName: name,
    DstK8S_OwnerType: fc.constantFrom('Deployment', 'Node'),
    SrcK8S_HostName: fc.constantFrom('n1', 'n2'),
    DstK8S_HostName: fc.constantFrom('n1', 'n2'),
    K8S_FlowLayer: fc.constantFrom('app', 'infra'),
    PktDropBytes: fc.nat(1000),
    PktDropPackets: fc.nat(10),
    PktDropLatestDropCause: fc.constantFrom('SKB_DROP_REASON_NO_SOCKET', 'SKB_DROP_REASON_TCP_CSUM'),
    TimeFlowRttNs: fc.integer({ min: 1, max: 2e9 }),
    DnsId: fc.nat(65_535),
    DnsLatencyMs: fc.nat(2000),
    DnsFlagsResponseCode: fc.constantFrom('NoError', 'NXDomain'),
    IPSecStatus: fc.constantFrom('success', 'error'),
    NetworkEvents: fc.array(
      fc.record({ Feature: fc.constantFrom('acl', 'other'), Name: name, Action: fc.constantFrom('allow', 'drop') }),
      { maxLength: 3 },
    ),
  },
  { requiredKeys: [] },
)

/** The rules of the metrics, row by row over objects: an oracle without columns. */
function expectedSamples(records: readonly Record_[], metrics: readonly WrittenMetric[]): Map<string, number> {
  const all = new Map<string, number>()
  const add = (key: string, by: number): void => void all.set(key, (all.get(key) ?? 0) + by)
  const escaped = (value: unknown): string =>
    String((value as string | number | undefined) ?? '')
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
  for (const metric of metrics) {
    const { filters = [], labels = [], remap = {}, flatten = [] } = metric
    for (const record of records) {
      const elements = flatten.length === 0 ? [{}] : ((record['NetworkEvents'] ?? []) as Record_[])
      for (const element of elements) {
        const get = (key: string): unknown => (key.includes('>') ? element[key.split('>')[1]!] : record[key])
        const passes = filters.every(({ field, type, value }) => {
          const found = get(field)
          if (type === 'presence') return found !== undefined
          return type === 'equal' ? found === value : String((found as string | undefined) ?? '') !== value
        })
        const value = metric.value === undefined ? 1 : (get(metric.value!) as number | undefined)
        if (!passes || value === undefined) continue
        const text = labels.map((label) => `${remap[label] ?? label}="${escaped(get(label))}"`).join(',')
        const key = `netobserv_${metric.name}`
        const sampling = (record['Sampling'] as number | undefined) ?? 1
        if (metric.type === 'gauge') all.set(`${key}{${text}}`, value)
        else if (metric.type === 'counter')
          add(`${key}{${text}}`, /Bytes|Packets/.test(metric.value ?? '') ? value * sampling : value)
        else {
          const divided = value / metric.divide!
          for (const bound of metric.buckets!)
            add(`${key}_bucket{${text},le="${bound === 1 ? '1.0' : bound}"}`, divided <= bound ? 1 : 0)
          add(`${key}_bucket{${text},le="+Inf"}`, 1)
          add(`${key}_sum{${text}}`, divided)
          add(`${key}_count{${text}}`, 1)
        }
      }
    }
  }
  return all
}

test('every predefined metric has the sums of the same rules over single records', () => {
  fc.assert(
    fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 40 }), (records) => {
      const found = summed(records, ['all'])
      const expected = expectedSamples(records, predefinedMetrics)
      expect([...found.keys()].sort()).toEqual([...expected.keys()].sort())
      for (const [key, value] of expected) expect(found.get(key)).toBeCloseTo(value, 6)
    }),
    { numRuns: 60 },
  )
})

test('sums over many batches with other dictionaries equal those of one batch', () => {
  fc.assert(
    fc.property(
      fc.array(anyRecord, { minLength: 2, maxLength: 60 }),
      fc.integer({ min: 1, max: 7 }),
      (records, size) => {
        const parts = aggregatorOf(['all'])
        for (let from = 0; from < records.length; from += size) {
          const batch = batchOf(records.slice(from, from + size))
          parts.add(batch, everyRow(batch), from)
        }
        const whole = summed(records, ['all'])
        for (const [key, value] of samplesOf(parts)) expect(value).toBeCloseTo(whole.get(key)!, 6)
        expect(samplesOf(parts).size).toBe(whole.size)
      },
    ),
    { numRuns: 40 },
  )
})

test('only the chosen rows of a batch count', () => {
  const aggregator = aggregatorOf(['node_flows'])
  aggregator.add(batchOf([{ Proto: 6 }, { Proto: 17 }, { Proto: 1 }]), Uint32Array.of(0, 2), 0)
  expect([...samplesOf(aggregator).values()]).toEqual([2])
})

test('scaled, raw and both differ by the sampling interval', () => {
  const records = [{ Bytes: 10, Sampling: 50 }, { Bytes: 5 }, { Bytes: 1, Sampling: 1 }]
  const values = (sampling: AggregatorOptions['sampling']): Record<string, number> => {
    const aggregator = aggregatorOf([], [{ name: 'b_total', type: 'counter', value: 'bytes' }], { sampling })
    const batch = batchOf(records)
    aggregator.add(batch, everyRow(batch), 0)
    return Object.fromEntries(samplesOf(aggregator))
  }
  expect(values('scaled')).toEqual({ netobserv_b_total: 506 })
  expect(values('raw')).toEqual({ netobserv_b_total: 16 })
  expect(values('both')).toEqual({ netobserv_b_total: 506, netobserv_b_raw_total: 16 })
})

test('labels may be numbers, addresses and lists; remap renames them', () => {
  const found = summed(
    [
      { SrcAddr: '10.0.0.1', DstPort: 443, Proto: 6, Interfaces: ['eth0', 'br0'], IfDirections: [0, 1] },
      { SrcAddr: '2001:db8::1', DstPort: 53, Proto: 17 },
    ],
    [],
    [
      {
        name: 'x_total',
        type: 'counter',
        labels: ['SrcAddr', 'DstPort', 'Proto', 'Interfaces', 'IfDirections'],
        remap: { DstPort: 'port' },
        flatten: ['Interfaces', 'IfDirections'],
      },
    ],
  )
  expect(Object.fromEntries(found)).toEqual({
    'netobserv_x_total{SrcAddr="10.0.0.1",port="443",Proto="6",Interfaces="eth0",IfDirections="0"}': 1,
    'netobserv_x_total{SrcAddr="10.0.0.1",port="443",Proto="6",Interfaces="br0",IfDirections="1"}': 1,
    'netobserv_x_total{SrcAddr="2001:db8::1",port="53",Proto="17",Interfaces="",IfDirections=""}': 1,
  })
})

test.each([
  [{ field: 'DstPort', type: 'equal', value: '443' }, 1],
  [{ field: 'DstPort', type: 'not_equal', value: '443' }, 2],
  [{ field: 'DnsName', type: 'match_regex', value: '^a.*\\.example$' }, 1],
  [{ field: 'DnsName', type: 'not_match_regex', value: '^a' }, 2],
  [{ field: 'DstPort', type: 'presence', value: '' }, 2],
  [{ field: 'DnsName', type: 'absence', value: '' }, 1],
  [{ field: 'Bytes', type: 'presence', value: '' }, 1],
  [{ field: 'extra>Rack', type: 'equal', value: '7' }, 1],
] as const)('the filter %j selects %i flows', (filter, count) => {
  const records = [
    { DstPort: 443, DnsName: 'a.example', Bytes: 0 },
    { DstPort: 53, DnsName: 'b.example', Bytes: 1 },
    { Rack: 7 },
  ]
  expect([...summed(records, [], [{ name: 'n_total', type: 'counter', filters: [filter] }]).values()]).toEqual([count])
})

test('label sets beyond the limit count in one series, and nothing is lost', () => {
  const custom: WrittenMetric[] = [{ name: 'n_total', type: 'counter', labels: ['DstPort'] }]
  const aggregator = aggregatorOf([], custom, { maxSeries: 3 })
  const batch = batchOf(Array.from({ length: 100 }, (_, i) => ({ DstPort: i % 10, Proto: 6 })))
  aggregator.add(batch, everyRow(batch), 0)
  const found = samplesOf(aggregator)
  expect(found.size).toBe(4)
  expect(found.get('netobserv_n_total{DstPort="other"}')).toBe(70)
  expect([...found.values()].reduce((a, b) => a + b, 0)).toBe(100)
  expect([aggregator.takeSurplus(), aggregator.takeSurplus()]).toEqual([70, 0])
})

test('series expire when no flow updates them, alone and with their label set', () => {
  const aggregator = aggregatorOf(['workload_ingress_bytes', 'workload_egress_bytes'])
  const flow = (owner: string, FlowDirection: number): FlowBatch =>
    batchOf([{ SrcK8S_OwnerName: owner, Bytes: 1, FlowDirection }])
  const add = (batch: FlowBatch, at: number): void => aggregator.add(batch, everyRow(batch), at)
  const has = (owner: string, side: string): boolean =>
    [...samplesOf(aggregator).keys()].some((key) => key.includes(`"${owner}"`) && key.includes(`_${side}_`))
  add(flow('a', 0), 0)
  add(flow('a', 1), 0)
  add(flow('b', 0), 0)
  add(flow('a', 0), 100_000)
  expect(aggregator.sweep(119_000)).toBe(0)
  expect([has('a', 'ingress'), has('a', 'egress'), has('b', 'ingress')]).toEqual([true, true, true])
  expect(aggregator.sweep(200_000)).toBe(1)
  expect([has('a', 'ingress'), has('a', 'egress'), has('b', 'ingress')]).toEqual([true, false, false])
  add(flow('b', 0), 201_000)
  expect(samplesOf(aggregator).size).toBe(2)
  aggregator.sweep(500_000)
  expect([samplesOf(aggregator).size, aggregator.size]).toEqual([0, 0])
})

test('texts of expired series are released, and remaining ones stay correct', () => {
  const custom: WrittenMetric[] = [{ name: 'n_total', type: 'counter', labels: ['DnsName'] }]
  const aggregator = aggregatorOf([], custom, { maxSeries: 1_000_000 })
  for (let round = 0; round < 10; round++) {
    const batch = batchOf([
      { DnsName: 'stays' },
      ...Array.from({ length: 20_000 }, (_, i) => ({ DnsName: `${round}-${i}` })),
    ])
    aggregator.add(batch, everyRow(batch), round * 200_000)
    aggregator.sweep(round * 200_000)
  }
  expect(samplesOf(aggregator).get('netobserv_n_total{DnsName="stays"}')).toBe(10)
  expect(samplesOf(aggregator).size).toBe(20_001)
})

test('the sets are those of NetObserv, and names are accepted in all their forms', () => {
  expect(metricSets['default']).toHaveLength(15)
  expect(metricSets['default']).toContain('workload_rtt_seconds')
  expect(metricSets['default-with-loki']).toContain('namespace_rtt_seconds')
  expect(metricSets['all']).toHaveLength(37)
  const chosen = selectMetrics(['node_flows', 'netobserv_node_rtt_seconds', 'node_egress_bytes_total'], [])
  expect(chosen.map(({ definition }) => definition.name)).toEqual([
    'node_egress_bytes_total',
    'node_flows_total',
    'node_rtt_seconds',
  ])
})

test.each([
  [{ name: 'a-b', type: 'counter' }, 'letters, digits'],
  [{ name: 'a', type: 'gauge' }, 'a gauge needs `value`'],
  [{ name: 'a', type: 'histogram', value: 'Bytes' }, 'needs `buckets`'],
  [{ name: 'a', type: 'histogram', value: 'Bytes', buckets: [2, 1] }, 'must ascend'],
  [{ name: 'a', type: 'counter', value: 'DnsName' }, 'no numbers'],
  [{ name: 'a', type: 'counter', labels: ['Nothing'] }, 'there is no field Nothing'],
  [{ name: 'a', type: 'counter', labels: ['Interfaces'] }, 'add it to `flatten`'],
  [{ name: 'a', type: 'counter', labels: ['NetworkEvents>Type'] }, 'in `remap`'],
  [{ name: 'a', type: 'counter', labels: ['Proto', 'proto'], remap: { proto: 'Proto' } }, 'the same name'],
  [{ name: 'a', type: 'counter', flatten: ['Proto'] }, 'is not a list'],
  [{ name: 'a', type: 'counter', filters: [{ field: 'Proto', type: 'equal', value: '$(Dscp)' }] }, 'not supported'],
  [{ name: 'node_flows_total', type: 'counter' }, 'the name of an included one'],
] as const)('the definition %j is refused', (definition, message) => {
  expect(() => selectMetrics(['node_flows'], [definition as WrittenMetric])).toThrow(message)
})

test('an unknown name in the include list is refused with the names', () => {
  expect(() => selectMetrics(['pod_flows'], [])).toThrow(/there is no metric pod_flows.*ingress_bytes_total/)
})

test('OpenMetrics has units, counters named without their suffix, and an end', () => {
  const aggregator = aggregatorOf(['node_ingress_bytes', 'node_rtt_seconds'])
  const batch = batchOf([{ Bytes: 7, TimeFlowRttNs: 30_000_000, SrcK8S_HostName: 'n1' }])
  aggregator.add(batch, everyRow(batch), 0)
  const text = exposition(aggregator, 'openmetrics')
  expect(text).toContain('# TYPE netobserv_node_ingress_bytes counter\n# UNIT netobserv_node_ingress_bytes bytes\n')
  expect(text).toMatch(/^netobserv_node_ingress_bytes_total\{.*SrcK8S_HostName="n1".*\} 7$/m)
  expect(text).toMatch(/^netobserv_node_rtt_seconds_bucket\{.*le="0.03"\} 1$/m)
  expect(text).toMatch(/^netobserv_node_rtt_seconds_bucket\{.*le="0.02"\} 0$/m)
  expect(text.endsWith('# EOF\n')).toBe(true)
})
