import {
  Array as ArrayOf,
  Boolean as Flag,
  Number as Num,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unknown,
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

/** Of every response with rows of flows, or of their sums. */
export const flowFrame = {
  columns: ArrayOf(FlowColumn),
  rows: ArrayOf(ArrayOf(Unknown()), {
    description: 'Values in the order of `columns`; null if missing. Integers above 2^53 are texts, times ISO 8601.',
  }),
  next: nullText('Cursor of the next page; null on the last page and for responses without pages.'),
  source: Text({
    description:
      'Origin of the data: `raw` (the flows), a rollup (`flows_1m`, `flows_5m`, `flows_1h`), `sketch` ' +
      '(counts of values beside the flows), or `ring` (the newest flows, in memory, without a store).',
  }),
  span: ObjectOf(
    { from: Text(), to: Text() },
    { description: 'Time range of the data: for a rollup, whole buckets; for the ring, since its oldest row.' },
  ),
  exact: Flag({
    description:
      'False if groups may lack flows that a rollup combined with others, at most by `error`, if flows are `lost`, ' +
      'or if statistics have a `relative_error`. Otherwise totals are exact, except under a filter that a rollup ' +
      'does not support after the flows have expired.',
  }),
  error: Optional(
    described<unknown>(
      'Only if a rollup combined flows: the maximum amount that a group may lack, in the ranking measure. It is the ' +
        'sum of flows that a rollup stores without group.',
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
