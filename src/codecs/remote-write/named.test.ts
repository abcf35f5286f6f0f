import { expect, test } from 'vitest'
import { flowsOf } from '../../../test/kit/metric-flows.ts'
import { FlowAggregator, selectMetrics } from '../flow-metrics/index.ts'
import { eachSeries, namedEntries, type Entry } from './index.ts'

const common = { instance: 'weir-0' }
const names = ['plain', 'quo"te', 'back\\x41slash', 'tab\tline\n', 'größe', 'b}r{ace,']

function entries(): Entry[] {
  const perName = { name: 'flows_total', type: 'counter', labels: ['SrcK8S_OwnerName'] } as const
  const metrics = selectMetrics(['node_rtt_seconds'], [{ ...perName, remap: { SrcK8S_OwnerName: 'w' } }])
  const sums = new FlowAggregator({ metrics, prefix: 'netobserv_', sampling: 'raw', maxSeries: 100, expiryMs: 1e6 })
  const records = names.map((name) => ({ SrcK8S_OwnerName: name, SrcK8S_HostName: 'n1', TimeFlowRttNs: 1e6 }))
  sums.add(flowsOf(records), Uint32Array.from(records.keys()), 1)
  return [...sums.families()].flatMap((family) =>
    Array.from(family.series.changed).flatMap((changed, set) => (changed === 0 ? [] : [{ family, set }])),
  )
}

type Print = (labels: readonly (readonly [string, string])[]) => string

/** As Go's `%q` does, with other escapes than JSON. */
const quoted = (text: string): string => JSON.stringify(text).replaceAll('\\t', '\\x09').replaceAll('ö', '\\U000000f6')
const list: Print = (labels) => labels.map(([name, value]) => `${name}=${quoted(value)}`).join(', ')
const prints: Record<string, Print> = {
  Prometheus: (labels) => `out of order sample for series {${list(labels)}}`,
  Mimir: (labels) => {
    const name = labels.find(([label]) => label === '__name__')?.[1] ?? ''
    const rest = labels.filter(([label]) => label !== '__name__')
    return `failed pushing: received a series, series: '${name}{${list(rest)}}' (err-mimir-label-value-too-long)`
  },
}

test.each(Object.entries(prints))('each series is found by the text of %s', (_, print) => {
  const all = entries()
  expect(all.length).toBe(names.length + 1)
  for (const entry of all)
    eachSeries(entry, common, (labels) => {
      const line = print(labels)
      expect(namedEntries(`${line}\n`, all, common)).toEqual({ named: [{ entry, line }], series: 1 })
    })
})

test('all named series are found, a histogram once, with its number of series', () => {
  const all = entries()
  const lines: string[] = []
  for (const entry of all) eachSeries(entry, common, (labels) => lines.push(prints['Prometheus']!(labels)))
  const { named, series } = namedEntries(lines.join('\n'), all, common)
  expect(new Set(named.map(({ entry }) => entry))).toEqual(new Set(all))
  expect(named.length).toBe(all.length)
  expect(series).toBe(lines.length)
})

test.each(['', 'out of order sample', 'series {__name__="other"}', 'series {w="a', '{{{}}}', '{}'])(
  'the text %j names no series',
  (text) => {
    expect(namedEntries(text, entries(), common)).toEqual({ named: [], series: 0 })
  },
)
