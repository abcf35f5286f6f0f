/** The JSON of a dashboard, as in the URL, in exports and in files. */
import type { DashboardPanel } from '../../../../src/api/published.ts'
import { scopes, type Scope } from '../graph/scopes.ts'
import { measures, type Measure } from '../measures.ts'
import { auto } from '../../state/auto.ts'

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
] as const satisfies readonly DashboardPanel['kind'][]
export const columnsOfGrid = 4
export const variableTypes = ['string', 'number', 'list'] as const
export const panelScopes = [auto, ...scopes] as const
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
] as const satisfies readonly DashboardPanel['unit'][]
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
] as const satisfies readonly DashboardPanel['view'][]
export const thresholdTones = ['good', 'warning', 'bad'] as const
export const stackings = [auto, 'stacked', 'lines'] as const
const languages = ['promql', 'logql'] as const

export type PanelUnit = (typeof panelUnits)[number]
export type PanelView = (typeof panelViews)[number]
/** `legend`: names of the series, `{{label}}`. */
export type PanelQuery = Readonly<{ expr: string; legend: string }>
/** The tone applies to values from `at` on. */
export type Threshold = Readonly<{ at: number; tone: (typeof thresholdTones)[number] }>

export type Panel = Readonly<{
  kind: (typeof panelKinds)[number]
  title: string
  /** Width in columns of the grid. */
  width: number
  filter: string
  group: string
  by: Measure
  limit: number
  /** Scope of the nodes of a topology. */
  scope: Scope | typeof auto
  sql: string
  queries: readonly PanelQuery[]
  /** Language of the queries of a metric. */
  language: (typeof languages)[number]
  /** View of the panel. Empty: the usual view of its kind. */
  view: PanelView | ''
  /** Parameters of the kind of panel; alternatives are comma-separated. */
  select: Readonly<Record<string, string>>
  /** Time range such as `now-7d..now`; empty: that of the dashboard. */
  range: string
  unit: PanelUnit | ''
  stack: (typeof stackings)[number]
  min: number | null
  max: number | null
  /** Thresholds in ascending order. */
  thresholds: readonly Threshold[]
  /** Text in Markdown. */
  text: string
  /** Name of a variable: a panel for each of its values. */
  repeat: string
}>

export type Variable = Readonly<{
  name: string
  value: string
  /** Type of the parameter in SQL. A list is comma-separated. */
  type: (typeof variableTypes)[number]
  /** Query of the offered values: `label_values(metric, label)`. */
  query: string
  /** Values that the variable offers. */
  options: readonly string[]
}>

export type Dashboard = Readonly<{
  title: string
  variables: readonly Variable[]
  panels: readonly Panel[]
}>

export const newPanel: Panel = {
  kind: 'series',
  title: '',
  width: 2,
  filter: '',
  group: 'src_endpoint',
  by: 'bytes',
  limit: 10,
  scope: auto,
  sql: '',
  queries: [],
  language: 'promql',
  view: '',
  select: {},
  range: '',
  unit: '',
  stack: auto,
  min: null,
  max: null,
  thresholds: [],
  text: '',
  repeat: '',
}

export const newVariable: Variable = { name: '', value: '', type: 'string', query: '', options: [] }
export const newDashboard: Dashboard = { title: '', variables: [], panels: [] }

const maxPanels = 300
const variableName = /^[a-zA-Z]\w{0,39}$/

type Fields = Readonly<Record<string, unknown>>
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Throws an Error with the reason. Absent members have their defaults; unknown ones are an error. */
export function readDashboard(text: string): Dashboard {
  const value: unknown = JSON.parse(text)
  if (!isFields(value)) throw new Error('it is not an object')
  rejectUnknown(value, ['title', 'variables', 'panels'], 'it')
  const { title = '', variables = [], panels = [] } = value
  if (typeof title !== 'string') throw new Error('`title` is not a text')
  if (!Array.isArray(variables) || !Array.isArray(panels)) throw new Error('`variables` or `panels` is not a list')
  if (panels.length > maxPanels) throw new Error(`it has more than ${maxPanels} panels`)
  return { title, variables: variables.map(readVariable), panels: panels.map(readPanel) }
}

export function writeDashboard({ title, variables, panels }: Dashboard): string {
  return JSON.stringify({
    ...(title === '' ? {} : { title }),
    ...(variables.length === 0
      ? {}
      : {
          variables: variables.map((variable) => ({
            ...withoutDefaults(variable, newVariable),
            value: variable.value,
          })),
        }),
    panels: panels.map((panel) => ({ kind: panel.kind, ...withoutDefaults(panel, newPanel) })),
  })
}

/** Members with their default are left out. */
function withoutDefaults<Value extends object>(value: Value, usual: Value): Partial<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(
      ([name, member]) => JSON.stringify(member) !== JSON.stringify(usual[name as keyof Value]),
    ),
  ) as Partial<Value>
}

function readVariable(value: unknown, index: number): Variable {
  const variablePlace = `variable ${index + 1}`
  if (!isFields(value)) throw new Error(`${variablePlace} is not an object`)
  rejectUnknown(value, Object.keys(newVariable), variablePlace)
  const { name, value: text = '', type = 'string', query = '', options = [] } = value
  if (typeof name !== 'string' || !variableName.test(name) || typeof text !== 'string')
    throw new Error(`${variablePlace} has no valid name`)
  const variableType = variableTypes.find((candidate) => candidate === type)
  if (variableType === undefined) throw new Error(`${variablePlace}: \`type\` is none of ${variableTypes.join(', ')}`)
  if (typeof query !== 'string') throw new Error(`${variablePlace}: \`query\` is not a text`)
  if (!isTexts(options)) throw new Error(`${variablePlace}: \`options\` is not a list of texts`)
  return { name, value: text, type: variableType, query, options }
}

const texts = ['title', 'filter', 'group', 'sql', 'range', 'text', 'repeat'] as const
const choices = {
  kind: panelKinds,
  scope: panelScopes,
  by: measures,
  language: languages,
  view: ['', ...panelViews],
  unit: ['', ...panelUnits],
  stack: stackings,
} as const satisfies Partial<Record<keyof Panel, readonly string[]>>

function readPanel(value: unknown, index: number): Panel {
  const panelPlace = `panel ${index + 1}`
  if (!isFields(value)) throw new Error(`${panelPlace} is not an object`)
  rejectUnknown(value, Object.keys(newPanel), panelPlace)
  const panel = { ...newPanel, ...value } as Record<keyof Panel, unknown>
  for (const name of texts)
    if (typeof panel[name] !== 'string') throw new Error(`${panelPlace}: \`${name}\` is not a text`)
  for (const [name, values] of Object.entries(choices))
    if (!(values as readonly unknown[]).includes(panel[name as keyof typeof choices]))
      throw new Error(`${panelPlace}: \`${name}\` is none of ${values.filter((choice) => choice !== '').join(', ')}`)
  if (!isWithin(panel.width, columnsOfGrid))
    throw new Error(`${panelPlace}: \`width\` is not from 1 to ${columnsOfGrid}`)
  if (!isWithin(panel.limit, 100)) throw new Error(`${panelPlace}: \`limit\` is not from 1 to 100`)
  for (const name of ['min', 'max'] as const)
    if (panel[name] !== null && !isNumber(panel[name])) throw new Error(`${panelPlace}: \`${name}\` is not a number`)
  if (!isFields(panel.select) || !isTexts(Object.values(panel.select)))
    throw new Error(`${panelPlace}: \`select\` is not an object of texts`)
  return {
    ...(panel as Panel),
    queries: readQueries(panel.queries, panelPlace),
    thresholds: readSteps(panel, panelPlace),
  }
}

function readQueries(value: unknown, where: string): readonly PanelQuery[] {
  if (!Array.isArray(value)) throw new Error(`${where}: \`queries\` is not a list`)
  return value.map((query: unknown) => {
    if (!isFields(query)) throw new Error(`${where}: \`queries\` is not a list of objects`)
    rejectUnknown(query, ['expr', 'legend'], where)
    const { expr, legend = '' } = query
    if (typeof expr !== 'string' || typeof legend !== 'string') throw new Error(`${where}: a query has no \`expr\``)
    return { expr, legend }
  })
}

function readSteps({ thresholds }: Readonly<{ thresholds: unknown }>, where: string): readonly Threshold[] {
  if (!Array.isArray(thresholds)) throw new Error(`${where}: \`thresholds\` is not a list`)
  const steps = thresholds.map((step: unknown): Threshold => {
    if (!isFields(step)) throw new Error(`${where}: \`thresholds\` is not a list of objects`)
    rejectUnknown(step, ['at', 'tone'], where)
    const tone = thresholdTones.find((candidate) => candidate === step['tone'])
    if (!isNumber(step['at']) || tone === undefined)
      throw new Error(`${where}: a threshold has no number \`at\`, or its \`tone\` is none of good, warning, bad`)
    return { at: step['at'], tone }
  })
  return steps.toSorted((a, b) => a.at - b.at)
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

function isWithin(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most
}

function rejectUnknown(value: Fields, names: readonly string[], where: string): void {
  const unknownKey = Object.keys(value).find((name) => !names.includes(name))
  if (unknownKey !== undefined) throw new Error(`${where} has an unknown member \`${unknownKey}\``)
}

export function moved<Item>(items: readonly Item[], from: number, by: number): readonly Item[] {
  const targetIndex = Math.max(0, Math.min(items.length - 1, from + by))
  const withoutItem = items.toSpliced(from, 1)
  return withoutItem.toSpliced(targetIndex, 0, items[from]!)
}
