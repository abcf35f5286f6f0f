import { nearest } from '../../schema/suggest.ts'
import type { BatchKind } from '../../model/batches.ts'
import { endpointField, memberOf, nameTables, print } from '../../query/index.ts'
import { filterOf } from '../../topics/filter-text.ts'
import { ApiError } from '../problems.ts'
import { withSelection } from '../../topics/row-selection.ts'
import { viewNames, views } from '../../topics/views.ts'
import type { Where } from './filter.ts'
import type { LiveRequest, ViewRequest } from './schema.ts'

type CommonSpec = Readonly<{
  id: string
  stream: BatchKind
  where: Where
  filter: string
}>

export interface RowsSpec extends CommonSpec {
  readonly kind: 'rows'
  readonly columns: readonly string[]
  /** Rows per second; undefined: as many as a message allows. */
  readonly maxRate: number | undefined
}

export interface SeriesSpec extends CommonSpec {
  readonly kind: 'series'
  readonly columns: readonly string[]
  readonly scope: readonly string[]
  /** Ms. */
  readonly step: number
  readonly points: number
  readonly limit: number
}

export interface GraphSpec extends CommonSpec {
  readonly kind: 'graph'
  readonly columns: readonly string[]
  readonly scope: readonly string[]
  readonly by: string
  readonly limit: number
  readonly idle: number
}

export interface StatSpec extends CommonSpec {
  readonly kind: 'stat'
}

export type ViewSpec = RowsSpec | SeriesSpec | GraphSpec | StatSpec

const settingsOf = {
  rows: ['columns', 'maxRate'],
  series: ['columns', 'scope', 'step', 'points', 'limit'],
  graph: ['columns', 'scope', 'by', 'limit', 'idle'],
  stat: [],
} as const satisfies Readonly<Record<ViewSpec['kind'], readonly (keyof ViewRequest)[]>>

const viewKinds = Object.keys(settingsOf) as readonly ViewSpec['kind'][]

/** `resume`: of a paused stream, with the rows since or from now. */
export type ViewChange = Readonly<{
  views: readonly ViewSpec[]
  paused: boolean
  resume: 'catch-up' | 'now'
}>

export const defaultViews: readonly ViewSpec[] = viewNames.map((stream) => ({
  kind: 'rows',
  id: stream,
  stream,
  where: {},
  filter: '',
  columns: views[stream].map((column) => column.name),
  maxRate: undefined,
}))

export function readViews(request: LiveRequest, limit: number): ViewSpec[] {
  if (request.views.length > limit) {
    throw new ApiError(
      'WEIR_API_LIMIT',
      `A stream supports at most ${limit} views; the request has ${request.views.length}.`,
      {
        headers: { 'retry-after': '60' },
        hints: ['Open a second stream, or combine views.'],
      },
    )
  }
  const specs = request.views.map(readView)
  const twice = specs.find((spec, index) => specs.findIndex((candidate) => candidate.id === spec.id) !== index)
  if (twice !== undefined) throw new ApiError('WEIR_API_INVALID', `Two views have the id "${twice.id}".`)
  return specs
}

export function writeView({ id, kind, stream, where, filter, ...settings }: ViewSpec): ViewRequest {
  const seconds = 'step' in settings ? { step: settings.step / 1000 } : {}
  return {
    id,
    kind,
    q: { stream, where, ...(filter === '' ? {} : { filter }) },
    ...(JSON.parse(JSON.stringify(settings)) as object),
    ...seconds,
  }
}

function readView(request: ViewRequest): ViewSpec {
  const { id } = request
  const kind = viewKinds.find((name) => name === request.kind)
  if (kind === undefined) throw invalid(id, `there is no kind "${request.kind}".`, `Kinds: ${viewKinds.join(', ')}.`)
  const stream = viewNames.find((name) => name === request.q.stream)
  if (stream === undefined)
    throw invalid(id, `there is no stream "${request.q.stream}".`, `Streams: ${viewNames.join(', ')}.`)
  const { id: _id, kind: _kind, q: _q, ...settings } = request
  const foreign = Object.keys(settings).find((name) => !(settingsOf[kind] as readonly string[]).includes(name))
  if (foreign !== undefined)
    throw invalid(
      id,
      `a view of kind ${kind} has no "${foreign}".`,
      settingsOf[kind].length === 0 ? 'It supports only `q`.' : `It has ${settingsOf[kind].join(', ')}.`,
    )
  const where = request.q.where ?? {}
  const columns = views[stream].map((column) => column.name)
  const scope = (request.scope ?? []).filter((name) => stream !== 'flows' || endpointField(name)?.name !== name)
  for (const name of [...Object.keys(where), ...(request.columns ?? []), ...scope]) {
    if (columns.includes(name) || (stream === 'flows' && memberOf(name) !== undefined)) continue
    const meant = nearest(name, columns)
    throw invalid(
      id,
      `${stream} has no column "${name}".`,
      ...(meant === undefined ? [] : [`Did you mean "${meant}"?`]),
      'GET /api/v1/fields lists them.',
    )
  }
  const common = { id, stream, where, filter: combinedFilter(request, stream) }
  switch (kind) {
    case 'rows':
      return { kind, ...common, columns: request.columns ?? columns, maxRate: request.maxRate }
    case 'stat':
      return { kind, ...common }
    case 'series':
      return {
        kind,
        ...common,
        columns: numeric(request, stream),
        scope: request.scope ?? [],
        step: (request.step ?? 1) * 1000,
        points: request.points ?? 300,
        limit: request.limit ?? 10,
      }
    case 'graph':
      return {
        kind,
        ...common,
        columns: numeric(request, stream),
        scope: ends(request, stream),
        by: rankOf(request, numeric(request, stream)),
        limit: request.limit ?? 300,
        idle: request.idle ?? 15,
      }
  }
}

function combinedFilter({ id, q }: ViewRequest, stream: BatchKind): string {
  const { both_ways: both = false, reporters = 'all' } = q
  const { expression, normal } = filterOf(q.filter ?? '', stream, `View "${id}": `)
  if (!both && reporters === 'all') return normal
  if (stream !== 'flows') throw invalid(id, `"both_ways" and "reporters" apply to flows, not to ${stream}.`)
  return print(withSelection(expression, stream, { bothWays: both, reporters }), nameTables[stream])
}

const numericType = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|DOUBLE)$/

function numeric({ id, columns }: ViewRequest, stream: BatchKind): readonly string[] {
  const names = columns ?? (stream === 'flows' ? ['bytes_est', 'packets_est'] : [])
  const text = names.find((name) => !numericType.test(views[stream].find((column) => column.name === name)?.type ?? ''))
  if (text !== undefined)
    throw invalid(
      id,
      `${stream} has no numbers in "${text}" to sum.`,
      'Rows are always counted: `columns` may be empty.',
    )
  return names
}

function ends({ id, scope }: ViewRequest, stream: BatchKind): readonly string[] {
  const names = scope ?? (stream === 'flows' ? ['src_addr', 'dst_addr'] : ['source', 'subject'])
  if (names.length < 2 || names.length % 2 !== 0)
    throw invalid(
      id,
      'the scope of a graph is two columns, one for each end of an edge, or the same number of columns for each end.',
    )
  return names
}

function rankOf({ id, by }: ViewRequest, columns: readonly string[]): string {
  const rank = by ?? columns[0] ?? 'rows'
  if (rank !== 'rows' && !columns.includes(rank))
    throw invalid(
      id,
      `cannot rank by "${rank}", which is not summed.`,
      `Possible values: ${['rows', ...columns].join(', ')}.`,
    )
  return rank
}

function invalid(id: string, detail: string, ...hints: readonly string[]) {
  return new ApiError('WEIR_API_INVALID', `View "${id}": ${detail}`, { hints })
}
