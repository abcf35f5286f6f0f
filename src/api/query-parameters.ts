import type { QueryField } from '../query/index.ts'
import type { TimeSpan } from '../query/plan/index.ts'
import { coverageFacts, isoSpan, type Coverage, type CoverageFacts } from '../topics/coverage.ts'
import type { ViewColumn } from '../topics/view-columns.ts'
import { views } from './views.ts'
import { list, object, string } from './json-schema.ts'
import { withoutUndefined } from '../model/json.ts'

export { questionParameters, type QuestionQuery } from '../topics/flows/parameters.ts'
export { groupField, plainField, rowQueryOf, unknownField } from '../topics/flows/row-query.ts'

export type AnswerColumn = Readonly<{
  name: string
  type: string
  unit?: string
}>

export function columnOf({ name, kind, sql }: QueryField): AnswerColumn {
  if (kind === 'text' && sql !== undefined) return { name, type: 'VARCHAR' }
  const { type = 'VARCHAR', unit } = views.flows.find((column) => column.name === name) ?? ({} as Partial<ViewColumn>)
  return { name, type, ...withoutUndefined({ unit }) }
}

export const measureColumns: readonly AnswerColumn[] = [
  { name: 'bytes', type: 'HUGEINT', unit: 'By' },
  { name: 'packets', type: 'HUGEINT', unit: '{packet}' },
  { name: 'flows', type: 'BIGINT', unit: '{flow}' },
]

/** `exact` is false for an approximation. */
export type AnswerFrame = CoverageFacts &
  Readonly<{
    columns: readonly AnswerColumn[]
    rows: readonly (readonly unknown[])[]
    /** Null at the end, and without pages. */
    next: string | null
    /** `raw` (flows), or a rollup. */
    source: string
    span: Readonly<{ from: string; to: string }>
    exact: boolean
    /** Largest possible error of any group's sum. */
    error?: unknown
    /** Largest possible relative error of statistics. */
    relative_error?: number
  }>

export type AnswerFacts = Coverage &
  Readonly<{
    next?: string
    source?: string
    exact?: boolean
    error?: unknown
    relativeError?: number
  }>

export function answerFrame(
  columns: readonly AnswerColumn[],
  rows: readonly (readonly unknown[])[],
  span: TimeSpan,
  more: AnswerFacts = {},
): AnswerFrame {
  const { next = null, source = 'raw', exact = true, error, relativeError, ...coverage } = more
  return {
    columns,
    rows,
    next,
    source,
    span: isoSpan(span),
    exact,
    ...withoutUndefined({ error, relative_error: relativeError }),
    ...coverageFacts(coverage),
  }
}

export const answerProperties = {
  columns: list(
    object(
      {
        name: string,
        type: { type: 'string', description: 'SQL type.' },
        unit: { type: 'string', description: 'UCUM.' },
      },
      { required: ['name', 'type'] },
    ),
  ),
  rows: list(list({}), {
    description: 'Values in the order of `columns`; null if missing. Integers above 2^53 are texts, times ISO 8601.',
  }),
  next: {
    type: ['string', 'null'],
    description: 'Cursor of the next page; null on the last page and for responses without pages.',
  },
  source: {
    type: 'string',
    description:
      'Origin of the data: `raw` (the flows), a rollup (`flows_1m`, `flows_5m`, `flows_1h`), `sketch` ' +
      '(counts of values beside the flows), `lists` (the largest conversations of each file of flows), or `ring` ' +
      '(the newest flows, in memory, without a store).',
  },
  span: object(
    { from: string, to: string },
    {
      description: 'Time range of the data: for a rollup, whole buckets; for the ring, since its oldest row.',
      required: ['from', 'to'],
    },
  ),
  exact: {
    type: 'boolean',
    description:
      'False if groups may lack flows that a rollup combined with others, at most by `error`, if conversations can ' +
      'lack flows, if flows are `lost`, or if statistics have a `relative_error`. Otherwise totals are exact, except ' +
      'under a filter that a rollup does not support after the flows have expired.',
  },
  error: {
    description:
      'Only if a rollup combined flows: the maximum amount that a group may lack, in the ranking measure. It is the ' +
      'sum of flows that a rollup stores without group. Of conversations from lists: the most that a row lacks, and ' +
      'that a conversation without a row has.',
  },
  relative_error: {
    type: 'number',
    description:
      'Only for statistics (`of`) over many flows: the largest relative error of minimum, mean, maximum and ' +
      'percentiles, because they are read from counts of similar values. Sums are exact. `source=raw` reads the flows.',
  },
  stored_to: {
    type: 'string',
    description:
      'Only if the newest part of the range is not stored yet: flows received after this time are missing. ' +
      'Repeat the request in a second.',
  },
  since: {
    type: 'string',
    description:
      'Only for sums of flows with a range from before the oldest stored flow: the receive time of that ' +
      'flow, or the end of the range if no flow is stored. Earlier data does not exist.',
  },
  lost: list(object({ from: string, to: string }), {
    description:
      'Only if the store lost flows of the range: a file was damaged, and the journal no longer has its flows. ' +
      'Flows of these times may be missing; `weir ledger` counts them.',
  }),
  stopped: list(object({ from: string, to: string }), {
    description:
      'Only if Weir did not run in a part of the range: it received no flows then. Flows that another system ' +
      'keeps, such as those of a Kafka topic, arrive later.',
  }),
} as const
