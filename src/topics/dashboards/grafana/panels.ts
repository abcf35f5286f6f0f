/** Panels with their queries. */
import type { DashboardPanel } from '../schema.ts'
import { isLines, problemOf } from './expressions.ts'
import { looksOf } from './looks.ts'
import { inside, listIn, numberIn, objectIn, objectsIn, textIn, type Json } from './model.ts'
import type { Sources } from './sources.ts'

/** A text: why there is no equal. */
export type ImportedPanel = Readonly<{ panel: DashboardPanel; notes: readonly string[] }> | string

type View = NonNullable<DashboardPanel['view']>
type Query = NonNullable<DashboardPanel['queries']>[number]

const views: Readonly<Record<string, Readonly<{ view: View; note?: string }>>> = {
  timeseries: { view: 'lines' },
  graph: { view: 'lines' },
  trend: { view: 'lines' },
  heatmap: { view: 'heatmap' },
  'state-timeline': { view: 'lines', note: 'drawn as lines' },
  'status-history': { view: 'lines', note: 'drawn as lines' },
  stat: { view: 'stat' },
  singlestat: { view: 'stat' },
  gauge: { view: 'gauge' },
  bargauge: { view: 'bars' },
  barchart: { view: 'bars', note: 'drawn as bars of the newest values' },
  piechart: { view: 'bars', note: 'drawn as bars' },
  'grafana-piechart-panel': { view: 'bars', note: 'drawn as bars' },
  table: { view: 'table' },
  'table-old': { view: 'table' },
}

export function panelOf(source: Json, sources: Sources): ImportedPanel {
  const type = textIn(source['type'])
  if (type === 'text') return textPanel(source)
  if (type === 'logs') return logsPanel(source, sources)
  const look = Object.hasOwn(views, type) ? views[type] : undefined
  if (look === undefined) return `panels of type ${type || 'unknown'}`
  return metricPanel(source, sources, look)
}

function metricPanel(
  source: Json,
  sources: Sources,
  { view, note }: Readonly<{ view: View; note?: string }>,
): ImportedPanel {
  const read = queriesOf(source, sources, 'promql')
  if (typeof read === 'string') return read
  const { language, queries, notes } = read
  if (language === 'logql' && queries.every(({ expr }) => isLines(expr)))
    return {
      panel: { ...frameOf(source), kind: 'logs', queries, language },
      notes: [...notes, 'drawn as lines of logs'],
    }
  const { look, notes: lost } = looksOf(source)
  const reduced = view === 'lines' ? { queries, notes: [] } : reducedQueries(source, queries, language)
  const panel: DashboardPanel = {
    ...frameOf(source),
    kind: 'metric',
    queries: [...reduced.queries],
    ...(language === 'logql' ? { language } : {}),
    ...(view === 'lines' ? {} : { view }),
    ...look,
    limit: 50,
  } as DashboardPanel
  return {
    panel,
    notes: [...(note === undefined ? [] : [note]), ...notes, ...reduced.notes, ...lost, ...lostParts(source)],
  }
}

function logsPanel(source: Json, sources: Sources): ImportedPanel {
  const read = queriesOf(source, sources, 'logql')
  if (typeof read === 'string') return read
  const { queries, notes, language } = read
  if (language !== 'logql') return 'logs of another source than Loki'
  const panel = { ...frameOf(source), kind: 'logs' as const, queries, language, limit: 100 }
  return { panel, notes: [...notes, ...lostParts(source)] }
}

function textPanel(source: Json): ImportedPanel {
  const { mode, content } = { ...source, ...objectIn(source['options']) } as Json
  const isHtml = textIn(mode) === 'html'
  const text = isHtml ? plainOf(textIn(content)) : textIn(content)
  if (text.trim() === '') return 'a text without content'
  return { panel: { ...frameOf(source), kind: 'text', text }, notes: isHtml ? ['HTML: its text without marks'] : [] }
}

const plainOf = (html: string) =>
  html
    .replaceAll(/<(?:style|script)\b[^]*?<\/(?:style|script)>/gi, '')
    .replaceAll(/<(?:br|\/p|\/div|\/h\d|\/li|\/tr)\b[^>]*>/gi, '\n\n')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()

type Queries = Readonly<{ queries: readonly Query[]; language: 'promql' | 'logql'; notes: readonly string[] }>

/** A text: no query has an equal. */
function queriesOf(source: Json, sources: Sources, usual: 'promql' | 'logql'): Queries | string {
  const targets = objectsIn(source['targets']).filter(({ hide }) => hide !== true)
  if (targets.length === 0) return 'a panel without queries'
  const read = targets.map((target) => queryOf(target, source, sources, usual))
  const notes = read.flatMap((query) => (typeof query === 'string' ? [query] : []))
  const accepted = read.filter((query) => typeof query !== 'string')
  const [first] = accepted
  if (first === undefined) return [...new Set(notes)].join('; ')
  const alike = accepted.filter(({ language }) => language === first.language)
  const others = accepted.length - alike.length
  return {
    language: first.language,
    queries: alike.map(({ query }) => query),
    notes: [...new Set(notes), ...(others > 0 ? [`${others} queries in another language than the first`] : [])],
  }
}

type Accepted = Readonly<{ query: Query; language: 'promql' | 'logql' }>

function queryOf(target: Json, panel: Json, sources: Sources, usual: 'promql' | 'logql'): Accepted | string {
  const own = sources(target['datasource'])
  const source = own === undefined || own.is === 'mixed' ? (sources(panel['datasource']) ?? own) : own
  if (source?.is === 'foreign') return `the datasource ${source.name}`
  const expr = textIn(target['expr']).trim()
  if (expr === '') return 'a query that is no expression'
  const legend = textIn(target['legendFormat'])
  const query = { expr, ...(legend === '' || legend === '__auto' ? {} : { legend }) }
  if (expr.length > 16_384) return 'an expression above 16 KB'
  const language = source?.is === 'metrics' ? 'promql' : source?.is === 'logs' ? 'logql' : languageOf(expr, usual)
  const problem = problemOf(expr, language)
  return problem === undefined ? { query, language } : `the query ${shortOf(expr)}: ${problem}`
}

/** Language of an unknown datasource: that of the panel, if the expression is valid in it. */
function languageOf(expr: string, usual: 'promql' | 'logql'): 'promql' | 'logql' {
  const other = usual === 'promql' ? 'logql' : 'promql'
  return problemOf(expr, usual) !== undefined && problemOf(expr, other) === undefined ? other : usual
}

const shortOf = (expr: string) => (expr.length > 80 ? `${expr.slice(0, 80)} …` : expr).replaceAll(/\s+/g, ' ')

const overTime: Readonly<Record<string, string>> = {
  mean: 'avg',
  avg: 'avg',
  max: 'max',
  min: 'min',
  sum: 'sum',
  total: 'sum',
}
const newest = new Set(['', 'last', 'lastNotNull', 'current'])

/** Single values are the newest; others are computed over the time range. */
function reducedQueries(source: Json, queries: readonly Query[], language: string) {
  const calcs = listIn(inside(source, 'options', 'reduceOptions')['calcs'])
  const older = source['type'] === 'singlestat' ? textIn(source['valueName']) || 'avg' : ''
  const calc = textIn(calcs[0]) || older
  const isTable = source['type'] === 'table' || source['type'] === 'table-old'
  if (newest.has(calc) || isTable) return { queries, notes: [] }
  const name = overTime[calc]
  const isInstant = objectsIn(source['targets']).every(({ instant }) => instant === true)
  if (isInstant) return { queries, notes: [] }
  if (name === undefined || language === 'logql') return { queries, notes: [`${calc} of the range: the newest value`] }
  const wrapped = queries.map((query) => ({
    ...query,
    expr: `${name}_over_time((${query.expr})[$__range:$__interval])`,
  }))
  const isValid = wrapped.every(({ expr }) => problemOf(expr, 'promql') === undefined)
  return isValid ? { queries: wrapped, notes: [] } : { queries, notes: [`${calc} of the range: the newest value`] }
}

/** Title, width, own time range and repetition. */
function frameOf(source: Json): Partial<DashboardPanel> {
  const title = textIn(source['title'])
  const columns = numberIn(objectIn(source['gridPos'])['w']) ?? (numberIn(source['span']) ?? 12) * 2
  const repeat = textIn(source['repeat'])
  const from = /^(\d+)([smhdw])$/.exec(textIn(source['timeFrom']))?.[0]
  return {
    ...(title === '' ? {} : { title }),
    width: Math.max(1, Math.min(4, Math.round(columns / 6))),
    ...(repeat === '' ? {} : { repeat }),
    ...(from === undefined ? {} : { range: `now-${from}..now` }),
  }
}

function lostParts(source: Json): readonly string[] {
  const count = (list: unknown) => listIn(list).length
  const overrides = count(inside(source, 'fieldConfig')['overrides']) + count(source['seriesOverrides'])
  const transformations = objectsIn(source['transformations']).map(({ id }) => textIn(id))
  const mappings = count(inside(source, 'fieldConfig', 'defaults')['mappings']) + count(source['valueMaps'])
  const links = count(source['links']) + count(inside(source, 'fieldConfig', 'defaults')['links'])
  return [
    ...(transformations.length > 0 ? [`transformations: ${[...new Set(transformations)].join(', ')}`] : []),
    ...(overrides > 0 ? [`overrides of ${overrides} fields or series`] : []),
    ...(mappings > 0 && !isUsualMapping(source) ? ['mappings of values to texts'] : []),
    ...(links > 0 ? ['links'] : []),
    ...(textIn(source['timeShift']) === '' ? [] : [`time shift ${textIn(source['timeShift'])}`]),
    ...(source['alert'] === undefined ? [] : ['its alert rule']),
  ]
}

/** `null` as N/A, which every panel of older versions has. */
function isUsualMapping(source: Json): boolean {
  const maps = objectsIn(source['valueMaps'])
  return maps.length > 0 && maps.every(({ value }) => value === 'null')
}
