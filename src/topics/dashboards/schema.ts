/** Dashboards of files, of saved views, and of Grafana. */
import { Array as ArrayOf, Integer, Number as Num, Object as ObjectOf, Optional, String as Text, Unsafe } from 'typebox'
import { parameterName } from '../../model/sql-parameters.ts'
import { oneOf, parameters, texts, type Of } from '../schema.ts'

export const Dashboards = ObjectOf(
  {
    dashboards: ArrayOf(
      ObjectOf({
        file: Text(),
        json: Optional(Text({ description: 'The dashboard, as the console exports it.' })),
        error: Optional(Text({ description: 'Why the file is no dashboard.' })),
      }),
    ),
  },
  { $id: 'Dashboards' },
)
export type Dashboards = Of<typeof Dashboards>

const Variable = parameters({
  name: Text({ pattern: parameterName.source }),
  value: Optional(Text()),
  type: Optional(oneOf(['string', 'number', 'list'])),
  query: Optional(Text({ maxLength: 2000, description: 'Offered values: `label_values(metric, label)`.' })),
  options: Optional(ArrayOf(Text(), { description: 'Offered values.' })),
})

export const panelKinds = [
  'series',
  'top',
  'stat',
  'table',
  'topology',
  'percentiles',
  'metric',
  'logs',
  'events',
  'numbers',
  'changes',
  'audit',
  'insights',
  'resources',
  'inventory',
  'spend',
  'alerts',
  'sql',
  'text',
] as const
export const panelUnits = [
  'number',
  'bytes',
  'bytes_per_second',
  'bits',
  'bits_per_second',
  'percent',
  'ratio',
  'seconds',
  'milliseconds',
  'per_second',
] as const
export const panelViews = [
  'lines',
  'stat',
  'gauge',
  'bars',
  'table',
  'chart',
  'list',
  'severities',
  'flaws',
  'problems',
  'images',
  'packages',
  'facts',
  'resources',
  'findings',
  'first_seen',
  'logins',
  'heatmap',
  'outlook',
  'movers',
  'treemap',
  'allocation',
  'transfers',
] as const
export const thresholdTones = ['good', 'warning', 'bad'] as const

const Query = parameters({
  expr: Text({ maxLength: 16_384, description: 'PromQL of a panel `metric`, LogQL of a panel `logs`.' }),
  legend: Optional(Text({ maxLength: 1000, description: 'Names of the series: `{{namespace}} in`.' })),
})

const Panel = parameters({
  kind: Optional(oneOf(panelKinds)),
  title: Optional(Text()),
  width: Optional(Integer({ minimum: 1, maximum: 4 })),
  filter: Optional(Text()),
  group: Optional(Text()),
  by: Optional(oneOf(['bytes', 'packets', 'flows', 'drop_bytes', 'drop_packets'])),
  limit: Optional(Integer({ minimum: 1, maximum: 100 })),
  scope: Optional(
    oneOf(['auto', 'workload', 'endpoint', 'addr', 'name', 'owner', 'namespace', 'label', 'node', 'zone', 'country']),
  ),
  sql: Optional(Text()),
  queries: Optional(ArrayOf(Query)),
  language: Optional(oneOf(['promql', 'logql'])),
  view: Optional(oneOf(panelViews)),
  select: Optional(
    texts({ description: 'Further parameters of the kind, by name; alternatives are comma-separated.' }),
  ),
  range: Optional(Text({ maxLength: 80, description: 'Own time range: `now-7d..now`.' })),
  unit: Optional(oneOf(panelUnits)),
  stack: Optional(oneOf(['auto', 'stacked', 'lines'])),
  min: Optional(Num()),
  max: Optional(Num()),
  thresholds: Optional(ArrayOf(parameters({ at: Num(), tone: oneOf(thresholdTones) }))),
  text: Optional(Text({ maxLength: 65_536, description: 'Markdown.' })),
  repeat: Optional(Text({ description: 'Name of a variable: a panel for each of its values.' })),
})
export type DashboardPanel = Of<typeof Panel>

/** The content of a file. */
export const DashboardFile = parameters({
  title: Optional(Text()),
  variables: Optional(ArrayOf(Variable)),
  panels: ArrayOf(Panel),
})
export type DashboardFile = Of<typeof DashboardFile>

export const maxPanels = 300

export const GrafanaImportRequest = parameters({
  dashboard: Unsafe<Readonly<Record<string, unknown>>>({
    type: 'object',
    additionalProperties: true,
    description: 'A dashboard of Grafana, as its export or its API returns it.',
  }),
})

const Note = ObjectOf({
  panel: Text({ description: 'Title of the panel; empty: the whole dashboard.' }),
  reason: Text({ description: 'Why it was left out, or which part.' }),
})
export type ImportNote = Of<typeof Note>

export const GrafanaImport = ObjectOf(
  {
    json: Text({ description: 'The dashboard of Weir, as files contain it.' }),
    range: Optional(Text({ description: 'Its time range, as `now-6h..now`.' })),
    panels: Integer({ description: 'Panels of Grafana, without rows.' }),
    imported: Integer({ description: 'Of these, panels with an equal panel in Weir.' }),
    left_out: ArrayOf(Note, { description: 'Panels and variables without an equal.' }),
    changed: ArrayOf(Note, { description: 'Imported panels and variables that lack a part, or look different.' }),
  },
  { $id: 'GrafanaImport' },
)
export type GrafanaImport = Of<typeof GrafanaImport>
