import { nearest } from '../../schema/suggest.ts'
import type { BatchKind } from '../../model/batches.ts'
import { ApiError } from '../problems.ts'
import { viewNames, views } from '../views.ts'
import type { Where } from './filter.ts'

/** What a client asked to see; comparable as JSON. */
export interface ViewSpec {
  readonly id: string
  readonly stream: BatchKind
  readonly where: Where
  readonly columns: readonly string[]
  /** Rows per second at most; undefined: as many as a tick allows. */
  readonly maxRate: number | undefined
}

/** Body of PUT /api/v1/live/{sid} once its shape was checked. */
export interface LiveRequest {
  readonly views: readonly ViewRequest[]
  readonly paused?: boolean
  readonly resume?: 'catch-up' | 'now'
}

export interface ViewRequest {
  readonly id: string
  readonly kind: string
  readonly q: { readonly stream: string; readonly where?: Where }
  readonly columns?: readonly string[]
  readonly maxRate?: number
}

export const viewKinds = ['rows'] as const

/** Newest flows and newest events: what a stream shows that nobody told otherwise. */
export const defaultViews: readonly ViewSpec[] = viewNames.map((stream) => ({
  id: stream, stream, where: {}, columns: views[stream].map((column) => column.name), maxRate: undefined,
}))

export function readViews(request: LiveRequest, limit: number): ViewSpec[] {
  if (request.views.length > limit) {
    throw new ApiError('WEIR_API_LIMIT', `A stream has at most ${limit} views, and ${request.views.length} were asked for.`, {
      headers: { 'retry-after': '60' }, hints: ['Open a second stream, or join views.'],
    })
  }
  const specs = request.views.map(readView)
  const twice = specs.find((spec, index) => specs.findIndex((other) => other.id === spec.id) !== index)
  if (twice !== undefined) throw new ApiError('WEIR_API_INVALID', `Two views have the id "${twice.id}".`)
  return specs
}

function readView(request: ViewRequest): ViewSpec {
  if (!(viewKinds as readonly string[]).includes(request.kind)) {
    throw new ApiError('WEIR_API_INVALID', `View "${request.id}": kind "${request.kind}" does not exist yet.`, { hints: [`Kinds today: ${viewKinds.join(', ')}.`] })
  }
  const stream = viewNames.find((name) => name === request.q.stream)
  if (stream === undefined) {
    throw new ApiError('WEIR_API_INVALID', `View "${request.id}": there is no stream "${request.q.stream}".`, { hints: [`Streams: ${viewNames.join(', ')}.`] })
  }
  const known = views[stream].map((column) => column.name)
  const where = request.q.where ?? {}
  for (const name of [...Object.keys(where), ...(request.columns ?? [])]) {
    if (known.includes(name)) continue
    const meant = nearest(name, known)
    throw new ApiError('WEIR_API_INVALID', `View "${request.id}": ${stream} has no column "${name}".`, {
      hints: [...(meant === undefined ? [] : [`Did you mean "${meant}"?`]), 'GET /api/v1/fields lists them.'],
    })
  }
  return { id: request.id, stream, where, columns: request.columns ?? known, maxRate: request.maxRate }
}
