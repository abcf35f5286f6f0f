import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Num,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unsafe,
} from 'typebox'
import { reporters, reportersText } from '../../topics/row-selection.ts'
import { oneOf, parameters, type Of } from '../../topics/schema.ts'
import type { Where } from './filter.ts'
import { vectorPattern } from './shared-positions.ts'

const ViewRequest = parameters({
  id: Text({ minLength: 1, maxLength: 64 }),
  kind: Text({
    description: '`rows`, `series` (sums over time), `graph` (traffic between endpoints) or `stat` (counts only).',
  }),
  q: parameters({
    stream: Text({ description: '`flows` or `events`.' }),
    filter: Optional(
      Text({
        maxLength: 65536,
        description: 'Filter (see `weir help filters`): `src.ns = shop and bytes >= 10k`.',
      }),
    ),
    both_ways: Optional(
      Flag({ default: false, description: 'Flows only: also match with source and destination exchanged.' }),
    ),
    reporters: Optional(oneOf(reporters, { default: 'all', description: `Of flows. ${reportersText}` })),
    where: Optional(
      Unsafe<Where>({
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'Column = value; all must match. A missing column never matches.',
      }),
    ),
  }),
  columns: Optional(
    ArrayOf(Text(), {
      description:
        'For rows: columns to show; unset: all. For series and graph: numbers to sum; unset: ' +
        'bytes_est and packets_est of flows.',
    }),
  ),
  scope: Optional(
    ArrayOf(Text(), {
      description:
        'For series: columns to group by; unset: none. For graph: the two columns that an edge ' +
        'connects, or the same number of columns for each end.',
    }),
  ),
  maxRate: Optional(Num({ minimum: 0.1, description: 'For rows: maximum per second.' })),
  step: Optional(Integer({ minimum: 1, maximum: 3600, description: 'For series: bucket length in seconds (1).' })),
  points: Optional(Integer({ minimum: 1, maximum: 3600, description: 'For series: number of buckets (300).' })),
  limit: Optional(
    Integer({
      minimum: 1,
      maximum: 1000,
      description:
        'For series: number of largest groups (10). For graph: number of nodes (300), with five times as many edges.',
    }),
  ),
  by: Optional(Text({ description: 'For graph: ranking by `rows` or one of `columns` (default: the first).' })),
  idle: Optional(
    Integer({
      minimum: 1,
      maximum: 1000,
      description: 'For graph: messages without traffic after which an edge is removed (15).',
    }),
  ),
})
export type ViewRequest = Of<typeof ViewRequest>

const paused = Flag({ default: false, description: 'Pause rows; counting continues.' })

const further = {
  resume: Optional(
    oneOf(['catch-up', 'now'], {
      default: 'catch-up',
      description: 'After a pause: send the rows since then, or continue with new ones.',
    }),
  ),
  views: ArrayOf(ViewRequest),
}

export const LiveRequest = parameters({ paused: Optional(paused), ...further })
export type LiveRequest = Of<typeof LiveRequest>

export const LiveState = ObjectOf({ open: Flag(), paused, ...further })
export type LiveState = Of<typeof LiveState>

export const sid = Text({
  pattern: '^[A-Za-z0-9_-]{4,64}$',
  description: 'Chosen by the client; must be hard to guess.',
})

/** `500@Xy3_kQ0a`: sequence and journal; a shared journal adds `+Kb2_0aQx.9z.1f`. */
export const eventIdPattern = new RegExp(`^[0-9]{1,15}(@[A-Za-z0-9_-]{8}(${vectorPattern})?)?$`)

export const StreamParameters = parameters({
  sid: Optional(sid),
  after: Optional(
    Text({
      pattern: eventIdPattern.source,
      description: 'Same as Last-Event-ID, for clients that cannot set headers.',
    }),
  ),
})
export type StreamParameters = Of<typeof StreamParameters>
