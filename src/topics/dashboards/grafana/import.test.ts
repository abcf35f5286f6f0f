import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { DashboardFile } from '../schema.ts'
import { importGrafana } from './index.ts'

const read = (dashboard: object) => {
  const { json, ...report } = importGrafana(dashboard as Readonly<Record<string, unknown>>)
  return { ...report, dashboard: JSON.parse(json) as DashboardFile }
}
const one = (panel: object, more: object = {}) => {
  const { dashboard, ...report } = read({ panels: [panel], ...more })
  return { panel: dashboard.panels[0], ...report }
}
const prometheus = { type: 'prometheus', uid: '${ds}' }
const timeseries = { type: 'timeseries', title: 'T', datasource: prometheus, targets: [{ expr: 'up' }] }

test('an export of Grafana 11 keeps titles, widths, queries, units and names, in the order of the screen', () => {
  const { dashboard, ...report } = read({
    schemaVersion: 39,
    title: 'Nodes',
    time: { from: 'now-6h', to: 'now' },
    __inputs: [{ name: 'DS_PROM', type: 'datasource', pluginId: 'prometheus' }],
    panels: [
      {
        ...timeseries,
        title: 'Second',
        gridPos: { x: 12, y: 0, w: 12, h: 8 },
        fieldConfig: { defaults: { unit: 'bps' } },
      },
      {
        ...timeseries,
        title: 'First',
        datasource: '${DS_PROM}',
        gridPos: { x: 0, y: 0, w: 24, h: 8 },
        targets: [{ expr: 'rate(node_cpu_seconds_total[$__rate_interval])', legendFormat: '{{mode}}' }],
        fieldConfig: { defaults: { unit: 'percentunit', custom: { stacking: { mode: 'normal' } }, max: 1 } },
      },
    ],
  })
  expect(dashboard).toEqual({
    title: 'Nodes',
    panels: [
      {
        kind: 'metric',
        title: 'First',
        width: 4,
        queries: [{ expr: 'rate(node_cpu_seconds_total[$__rate_interval])', legend: '{{mode}}' }],
        unit: 'ratio',
        stack: 'stacked',
        max: 1,
        limit: 50,
      },
      { kind: 'metric', title: 'Second', width: 2, queries: [{ expr: 'up' }], unit: 'bits_per_second', limit: 50 },
    ],
  })
  expect(report).toEqual({ range: 'now-6h..now', panels: 2, imported: 2, left_out: [], changed: [] })
})

test.each([
  ['stat', 'stat'],
  ['singlestat', 'stat'],
  ['gauge', 'gauge'],
  ['bargauge', 'bars'],
  ['piechart', 'bars'],
  ['table', 'table'],
  ['table-old', 'table'],
])('%s becomes a panel of the view %s', (type, view) => {
  expect(one({ ...timeseries, type, valueName: 'current' }).panel).toMatchObject({ kind: 'metric', view })
})

test('rows are headings; those of collapsed and of older rows hold panels', () => {
  const { dashboard } = read({
    panels: [
      { type: 'row', title: 'Open', gridPos: { y: 0 } },
      { ...timeseries, title: 'a', gridPos: { y: 1, w: 6 } },
      { type: 'row', title: 'Closed', collapsed: true, gridPos: { y: 2 }, panels: [{ ...timeseries, title: 'b' }] },
    ],
  })
  expect(dashboard.panels.map(({ title, text }) => title ?? text)).toEqual(['## Open', 'a', '## Closed', 'b'])
  const older = read({
    rows: [
      { title: 'Old', showTitle: true, panels: [{ ...timeseries, type: 'graph', title: 'c', span: 6, stack: true }] },
    ],
  })
  expect(older.dashboard.panels).toMatchObject([{ text: '## Old' }, { title: 'c', width: 2, stack: 'stacked' }])
  expect([older.panels, older.imported]).toEqual([1, 1])
})

test.each([
  ['prometheus', { expr: 'up' }, 'metric'],
  [undefined, { expr: 'sum(rate({app="web"} |= "error" [5m]))' }, 'metric'],
  ['Loki', { expr: '{app="web"} |= "x"' }, 'logs'],
  ['$logs', { expr: '{app="web"}' }, 'logs'],
  [{ uid: '$logs' }, { expr: '{app="web"}' }, 'logs'],
  ['-- Mixed --', { expr: 'up', datasource: { type: 'prometheus', uid: 'x' } }, 'metric'],
])('the datasource %j with the query %j is a panel %s', (datasource, target, kind) => {
  const templating = { list: [{ type: 'datasource', name: 'logs', query: 'loki' }] }
  const { panel, imported } = one({ ...timeseries, datasource, targets: [target] }, { templating })
  expect([panel?.kind, imported]).toEqual([kind, 1])
})

test.each([
  [{ ...timeseries, datasource: { type: 'influxdb', uid: 'x' } }, 'the datasource influxdb'],
  [{ ...timeseries, datasource: '-- Dashboard --' }, 'the datasource another panel'],
  [{ ...timeseries, type: 'geomap' }, 'panels of type geomap'],
  [{ ...timeseries, targets: [] }, 'a panel without queries'],
  [{ ...timeseries, targets: [{ expr: 'up', hide: true }] }, 'a panel without queries'],
  [{ ...timeseries, targets: [{ rawSql: 'SELECT 1' }] }, 'a query that is no expression'],
  [{ ...timeseries, targets: [{ expr: 'sum(' }] }, /^the query sum\(: /],
  [{ id: 3, libraryPanel: { uid: 'u', name: 'L' } }, 'a library panel that the file does not contain'],
  [{ type: 'text', options: { content: ' ' } }, 'a text without content'],
])('%j is left out', (panel, reason) => {
  const { left_out: leftOut, imported } = one(panel)
  expect(imported).toBe(0)
  expect(leftOut).toEqual([{ panel: expect.any(String) as string, reason: expect.stringMatching(reason) as string }])
})

test('library panels of an export are in its elements', () => {
  const { panel } = one(
    { gridPos: { w: 12 }, libraryPanel: { uid: 'u' } },
    { __elements: { u: { model: { ...timeseries, title: 'From the library' } } } },
  )
  expect(panel).toMatchObject({ kind: 'metric', title: 'From the library', width: 2 })
})

test('variables keep their choice and their values; datasources need none', () => {
  const {
    dashboard,
    left_out: leftOut,
    changed,
  } = read({
    panels: [],
    templating: {
      list: [
        { type: 'datasource', name: 'ds', query: 'prometheus' },
        {
          type: 'query',
          name: 'ns',
          query: 'label_values(up, namespace)',
          multi: true,
          current: { value: ['a', 'b c'] },
        },
        {
          type: 'query',
          name: 'all',
          query: { query: 'label_values(job)' },
          includeAll: true,
          current: { value: '$__all' },
        },
        { type: 'query', name: 'app', datasource: 'Loki', query: { label: 'app', stream: '{x="y"}', type: 1 } },
        { type: 'query', name: 'odd', query: 'query_result(topk(3, up))', regex: '/x/' },
        { type: 'custom', name: 'env', query: 'Production : prod,test' },
        { type: 'interval', name: 'step', query: '1m,5m', current: { value: '5m' } },
        { type: 'constant', name: 'c', query: 'k' },
        { type: 'adhoc', name: 'filters' },
        { type: 'custom', name: 'not-valid', query: 'a' },
      ],
    },
  })
  expect(dashboard.variables).toEqual([
    { name: 'ns', value: 'a, "b c"', type: 'list', query: 'label_values(up, namespace)' },
    { name: 'all', value: '', type: 'list', query: 'label_values(job)' },
    { name: 'app', value: '', query: 'log_label_values({x="y"}, app)' },
    { name: 'odd', value: '' },
    { name: 'env', value: 'prod', options: ['prod', 'test'] },
    { name: 'step', value: '5m', options: ['1m', '5m'] },
    { name: 'c', value: 'k' },
  ])
  expect(leftOut.map(({ panel }) => panel)).toEqual(['$filters', '$not-valid'])
  expect(changed.map(({ panel }) => panel)).toEqual(['$odd', '$odd'])
})

test('a panel and each panel of a row repeat by a variable', () => {
  const templating = { list: [{ type: 'query', name: 'pod', query: 'label_values(pod)', multi: true }] }
  const { dashboard } = read({
    templating,
    panels: [
      { ...timeseries, repeat: 'pod', gridPos: { y: 0 } },
      { ...timeseries, repeat: 'none', gridPos: { y: 1 } },
      { type: 'row', title: '$pod', repeat: 'pod', gridPos: { y: 2 }, panels: [{ ...timeseries }] },
    ],
  })
  expect(dashboard.panels.map(({ repeat }) => repeat)).toEqual(['pod', undefined, undefined, 'pod'])
})

test('thresholds are drawn where Grafana draws them, with the meaning of their colour', () => {
  const steps = [
    { color: 'green', value: null },
    { color: '#EAB839', value: 70 },
    { color: 'rgba(245, 54, 54, 0.9)', value: 90 },
    { color: 'blue', value: 95 },
  ]
  const fieldConfig = { defaults: { unit: 'percent', thresholds: { mode: 'absolute', steps } } }
  expect(one({ ...timeseries, type: 'stat', fieldConfig }).panel).toMatchObject({
    thresholds: [
      { at: 70, tone: 'warning' },
      { at: 90, tone: 'bad' },
    ],
  })
  expect(one({ ...timeseries, fieldConfig }).panel).not.toHaveProperty('thresholds')
  const graph = { ...timeseries, type: 'graph', thresholds: [{ value: 5, colorMode: 'critical', op: 'gt' }] }
  expect(one(graph).panel).toMatchObject({ thresholds: [{ at: 5, tone: 'bad' }] })
  const old = { ...timeseries, type: 'singlestat', thresholds: '1,2', colors: ['green', 'orange', 'red'] }
  expect(one(old).panel).toMatchObject({
    thresholds: [
      { at: 1, tone: 'warning' },
      { at: 2, tone: 'bad' },
    ],
  })
  const relative = { defaults: { min: 0, max: 200, thresholds: { mode: 'percentage', steps } } }
  expect(one({ ...timeseries, type: 'gauge', fieldConfig: relative }).panel?.thresholds?.[0]?.at).toBe(140)
})

test('single values are of the time range if Grafana computes them so', () => {
  const mean = { reduceOptions: { calcs: ['mean'] } }
  const [{ expr } = { expr: '' }] = one({ ...timeseries, type: 'stat', options: mean }).panel?.queries ?? []
  expect(expr).toBe('avg_over_time((up)[$__range:$__interval])')
  const changed = one({ ...timeseries, type: 'stat', options: { reduceOptions: { calcs: ['stdDev'] } } })
  expect(changed.changed).toEqual([{ panel: 'T', reason: 'stdDev of the range: the newest value' }])
})

test('the report names parts that an imported panel lacks', () => {
  const { changed } = one(
    {
      ...timeseries,
      fieldConfig: { defaults: { unit: 'celsius', mappings: [{}] }, overrides: [{}] },
      transformations: [{ id: 'organize' }, { id: 'merge' }],
      links: [{}],
      timeFrom: '7d',
      timeShift: '1d',
      targets: [{ expr: 'up' }, { expr: 'up +' }],
    },
    { annotations: { list: [{ builtIn: 1, name: 'A' }, { name: 'Deploys' }] } },
  )
  expect(changed.map(({ reason }) => reason)).toEqual([
    'annotations: Deploys',
    expect.stringMatching(/^the query up \+: /),
    'unit celsius',
    'transformations: organize, merge',
    'overrides of 1 fields or series',
    'mappings of values to texts',
    'links',
    'time shift 1d',
  ])
})

test('HTML becomes its text, without scripts', () => {
  const content = '<h1>A</h1><script>alert(1)</script><p onclick="x()">b <b>c</b></p>'
  const { panel, changed } = one({ type: 'text', options: { mode: 'html', content } })
  expect(panel).toEqual({ kind: 'text', text: 'A\n\nb c', width: 4 })
  expect(changed).toHaveLength(1)
  expect(one({ type: 'text', mode: 'markdown', content: '# A <b>' }).panel).toMatchObject({ text: '# A <b>' })
})

test('constants of an export have their values', () => {
  const { panel } = one(
    { ...timeseries, targets: [{ expr: 'up{job="${VAR_JOB}"}' }] },
    { __inputs: [{ name: 'VAR_JOB', type: 'constant', value: 'node' }] },
  )
  expect(panel?.queries).toEqual([{ expr: 'up{job="node"}' }])
})

test('JSON of another shape is refused, or its parts are left out, and never throws another error', () => {
  expect(() => read({ spec: { elements: {} } })).toThrow('no list `panels`')
  const odd = [
    null,
    1,
    'x',
    [],
    {},
    { type: 1, targets: {} },
    { ...timeseries, gridPos: [], fieldConfig: 'x', span: 'y' },
  ]
  const { imported, panels } = read({ panels: odd, templating: [], __inputs: {}, time: 7, annotations: 'x' })
  expect([imported, panels]).toEqual([1, 3])
  const many = read({ panels: Array.from({ length: 400 }, () => timeseries) })
  expect([many.imported, many.left_out.length]).toEqual([300, 100])
})

test.each(['weir-audit', 'weir-changes', 'weir-flows', 'weir-self', 'weir-spend'])(
  'the own dashboard %s of Grafana is imported as a whole',
  (name) => {
    const file = new URL(`../../../../deploy/grafana/dashboards/${name}.json`, import.meta.url)
    const { panels, imported, left_out: leftOut } = read(JSON.parse(readFileSync(file, 'utf8')) as object)
    expect(leftOut).toEqual([])
    expect(imported).toBe(panels)
    expect(imported).toBeGreaterThan(0)
  },
)
