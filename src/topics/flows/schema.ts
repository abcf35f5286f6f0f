import {
  Array as ArrayOf,
  Boolean as Flag,
  Integer,
  Number as Num,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unsafe,
  type TUnsafe,
} from 'typebox'
import { described, nullText, timeRange, type Of } from '../schema.ts'

export const lostFlows = () =>
  ArrayOf(timeRange(), {
    description:
      'Only if the store lost flows of the range: a file was damaged, and the journal no longer has its flows. ' +
      'Flows of these times may be missing; `weir ledger` counts them.',
  })

export const stoppedTimes = () =>
  ArrayOf(timeRange(), {
    description:
      'Only if Weir did not run in a part of the range: it received no flows then. Flows that another system ' +
      'keeps, such as those of a Kafka topic, arrive later.',
  })

const FlowColumn = ObjectOf({
  name: Text(),
  type: Text({ description: 'SQL type.' }),
  unit: Optional(Text({ description: 'UCUM.' })),
})
export type FlowColumn = Of<typeof FlowColumn>

type Cells = readonly (readonly unknown[])[]

const cells = (description: string) =>
  Unsafe<Cells>({ type: 'array', items: { type: 'array', items: {} }, description }) as TUnsafe<Cells> & {
    readonly description: string
  }

/** Members of every response with rows of flows, or of their sums. */
export const flowFrame = {
  columns: ArrayOf(FlowColumn),
  rows: cells('Values in the order of `columns`; null if missing. Integers above 2^53 are texts, times ISO 8601.'),
  next: nullText('Cursor of the next page; null on the last page and for responses without pages.'),
  source: Text({
    description:
      'Origin of the data: `raw` (the flows), a rollup (`flows_1m`, `flows_5m`, `flows_1h`), `sketch` ' +
      '(counts of values beside the flows), `lists` (the largest conversations of each file of flows), or `ring` ' +
      '(the newest flows, in memory, without a store).',
  }),
  span: ObjectOf(
    { from: Text(), to: Text() },
    { description: 'Time range of the data: for a rollup, whole buckets; for flows in memory, since the oldest.' },
  ),
  exact: Flag({
    description:
      'False if groups may lack flows that a rollup combined with others, at most by `error`, if conversations can ' +
      'lack flows, if flows are `lost`, or if statistics have a `relative_error`. Otherwise totals are exact, except ' +
      'under a filter that a rollup does not support after the flows have expired.',
  }),
  error: Optional(
    described<unknown>(
      'Only if a rollup combined flows: the maximum amount that a group may lack, in the ranking measure. It is the ' +
        'sum of flows that a rollup stores without group. Of conversations from lists: the most that a row lacks, ' +
        'and that a conversation without a row has.',
    ),
  ),
  relative_error: Optional(
    Num({
      description:
        'Only for statistics (`of`) over many flows: the largest relative error of minimum, mean, maximum and ' +
        'percentiles, because they are read from counts of similar values. Sums are exact. `source=raw` reads the ' +
        'flows.',
    }),
  ),
  stored_to: Optional(
    Text({
      description:
        'Only if the newest part of the range is not stored yet: flows received after this time are missing. ' +
        'Repeat the request in a second.',
    }),
  ),
  since: Optional(
    Text({
      description:
        'Only for sums of flows with a range from before the oldest stored flow: the receive time of that ' +
        'flow, or the end of the range if no flow is stored. Earlier data does not exist.',
    }),
  ),
  lost: Optional(lostFlows()),
  stopped: Optional(stoppedTimes()),
}

const Frame = ObjectOf(flowFrame)
/** `exact` is false for an approximation. `next` is null at the end, and without pages. */
export type FlowFrame = Of<typeof Frame>

/** Beyond 2^53 a text; null: no flow reports it; absent: not requested. */
const sum = () => Optional(Unsafe<number | string | null>({ type: ['number', 'string', 'null'] }))

const sums = () => ({ bytes: sum(), packets: sum(), flows: sum(), drop_packets: sum(), drop_bytes: sum() })

const countError = (what: string) =>
  Optional(
    Unsafe<number>({
      type: 'number',
      description:
        `Only of many flows: the number of ${what} is estimated, with this relative error (four standard errors). ` +
        'The rows and sums are exact. `source=raw` counts all.',
    }),
  )

const groupSums = (description: string) =>
  Optional(ObjectOf({ groups: Integer(), groups_error: countError('groups'), ...sums() }, { description }))

export const FlowPage = ObjectOf(
  {
    ...flowFrame,
    others: groupSums('With `group`: sums of the remaining groups. Rows and others add up to the total.'),
    total: groupSums('With `group`: sums of all groups.'),
  },
  { $id: 'FlowPage' },
)
export type FlowPage = Of<typeof FlowPage>
/** With `group`. */
export type FlowGroups = FlowPage & Required<Pick<FlowPage, 'others' | 'total'>>

/** A row per requested field: its name, and the number of its values. */
export const DistinctValues = ObjectOf(flowFrame, { $id: 'DistinctValues' })
export type DistinctValues = Of<typeof DistinctValues>

export const Series = ObjectOf(
  {
    ...flowFrame,
    step: Integer({ description: 'Length of a bucket in seconds. Buckets without data are omitted.' }),
  },
  { $id: 'Series' },
)
export type Series = Of<typeof Series>

export const Topology = ObjectOf(
  {
    ...flowFrame,
    total: ObjectOf(
      { edges: Integer(), edges_error: countError('edges'), ...sums() },
      { description: 'Sums of all edges, including those not shown.' },
    ),
  },
  { $id: 'Topology' },
)
export type Topology = Of<typeof Topology>
