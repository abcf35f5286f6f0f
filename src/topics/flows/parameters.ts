/** Parameters of requests for flows, and for sums of flows. */
import { Integer, Optional, String as Text, type TSchemaOptions } from 'typebox'
import { endpointFields } from '../../query/index.ts'
import { conversationRanks, furtherMeasures, measures, stats } from '../../query/plan/index.ts'
import { reporters, reportersText } from '../row-selection.ts'
import { oneOf, parameters, type Of } from '../schema.ts'
import { spanFrom } from '../time-span.ts'

const flag = (description: string, byDefault: 'true' | 'false' = 'false') =>
  Optional(oneOf(['true', 'false'], { default: byDefault, description }))

export const questionParameters = {
  filter: Optional(
    Text({
      maxLength: 65_536,
      description: 'Filter, or plain words (see `weir help filters`). Unset: every row.',
      examples: ['src.ns = shop and bytes >= 10k'],
    }),
  ),
  both_ways: flag('Also match with source and destination exchanged; each row counts once.'),
  reporters: Optional(oneOf(reporters, { default: 'all', description: reportersText })),
  ...spanFrom('now-1h'),
}

/** Rollups use `flow_time`. */
const spanTimes = ['flow_time', 'time_received', 'time_start', 'time_end'] as const
export type SpanTime = (typeof spanTimes)[number]

const timeParameter = (byDefault: SpanTime) =>
  Optional(
    oneOf(spanTimes, {
      default: byDefault,
      description:
        'Time that the range applies to. `flow_time` is the end of a flow by its exporter’s clock if that is ' +
        'plausible, else the receive time.',
    }),
  )

const QuestionParameters = parameters({ ...questionParameters, time: timeParameter('flow_time') })
export type QuestionQuery = Of<typeof QuestionParameters>

const ranks = [...measures, ...furtherMeasures, ...stats] as const

/** `context`: what the descriptions begin with. */
const rankParameter = (context = '') =>
  Optional(
    oneOf(ranks, {
      default: 'bytes',
      description:
        `${context}Ranking measure: ${[...measures, ...furtherMeasures].join(', ')}, or ${stats.join(', ')} of the ` +
        `field \`of\`.`,
    }),
  )

const sumParameters = (context = '', options: TSchemaOptions = {}) => ({
  measure: Optional(
    Text({
      description:
        `${context}Additional sums besides bytes, packets and flows, comma-separated: ` +
        `${furtherMeasures.join(', ')}, as reported. They require reading the flows instead of rollups.`,
      examples: ['drop_packets'],
    }),
  ),
  of: Optional(
    Text({
      description:
        `${context}A numeric field to add statistics of to each row: number of flows with the field, minimum, mean, ` +
        'maximum, and percentiles 50, 90, 95 and 99. Percentiles use nearest rank: the result is always a value that ' +
        'occurred. Over many flows they may be approximate, with `relative_error`; `source=raw` reads the flows.',
      examples: ['rtt'],
    }),
  ),
  offset: Optional(
    Text({
      description:
        `${context}Shift the time range back by this duration: \`1h\`, \`1d\`, \`4w\`. Times in the response are ` +
        'those of the shifted data.',
      examples: ['1d'],
    }),
  ),
  sums: Optional(
    oneOf(['all', 'ranked'], {
      ...options,
      description:
        `${context}\`ranked\`: of bytes, packets and flows only the sum by which groups are ranked. This is faster ` +
        'for many flows.',
    }),
  ),
  beside: Optional(
    oneOf(
      Object.values(endpointFields).map(({ name }) => name),
      {
        description:
          `${context}A hint for speed; the response does not depend on it. Set it if you need groups by one endpoint ` +
          'and by the pair of both: requests with the same `limit` and `by` then share one pass over the flows. With ' +
          'groups by one endpoint: the other one. With the pair (`scope=endpoint`): the one by which the other ' +
          'request groups.',
      },
    ),
  ),
})

const allSumParameters = {
  ...questionParameters,
  time: timeParameter('flow_time'),
  ...sumParameters('', { default: 'all' }),
  source: Optional(
    oneOf(['auto', 'raw'], { default: 'auto', description: '`raw`: read the flows instead of rollups.' }),
  ),
  by: rankParameter(),
}

const SumsParameters = parameters({ ...allSumParameters, limit: Optional(Integer()) })
export type SumsQuery = Of<typeof SumsParameters>

export const SeriesParameters = parameters({
  ...allSumParameters,
  step: Optional(
    Text({
      default: 'auto',
      description: 'Length of a bucket: `30s`, `5m`, `1h`; `auto` makes 150 to 300 of them.',
    }),
  ),
  group: Optional(
    Text({
      description:
        'Field names to group by, comma-separated. `src_endpoint` and `dst_endpoint` are the name, else ' +
        'the owner, else the network, else the address.',
      examples: ['src_namespace,dst_namespace'],
    }),
  ),
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 10, description: 'Maximum number of groups.' })),
})
export type SeriesQuery = Of<typeof SeriesParameters>

export const TopologyParameters = parameters({
  ...allSumParameters,
  scope: Optional(
    Text({
      default: 'addr',
      description:
        'Properties of source and destination to group by, comma-separated: `addr`, `name`, `label`, ' +
        '`namespace`, `owner_name`, `node`, `zone`, `country` …; `endpoint` is the name, else the owner, ' +
        'else the network, else the address.',
    }),
  ),
  limit: Optional(Integer({ minimum: 1, maximum: 50_000, default: 500, description: 'Edges.' })),
})
export type TopologyQuery = Of<typeof TopologyParameters>

const columns = Optional(Text({ description: 'Field names, comma-separated; `*` means all.' }))

export const FlowsParameters = parameters({
  ...questionParameters,
  time: timeParameter('time_received'),
  columns,
  pos: Optional(Text({ maxLength: 4096, description: 'Only the flow with this `_pos`.' })),
  group: Optional(
    Text({
      description:
        'Groups instead of single flows: field names, comma-separated. `src_endpoint` and `dst_endpoint` ' +
        'are the name, else the owner, else the network, else the address. The largest groups have their ' +
        'sums, `others` the sums of the rest, `total` the sums of all. The time range then applies to ' +
        '`flow_time`.',
      examples: ['src_namespace,dst_namespace'],
    }),
  ),
  by: rankParameter('With `group`: '),
  ...sumParameters('With `group`: '),
  source: Optional(oneOf(['auto', 'raw'], { description: 'With `group`: `raw` reads the flows instead of rollups.' })),
  sort: Optional(
    Text({
      description:
        'Field names, comma-separated, most significant first; `-` before a name sorts descending. Rows ' +
        'without a value are last; ties are ordered newest first. Of a member of `extra`, numbers are first, by ' +
        'value, then all else by the first 100 characters of its text. Unset: time of the range, newest first.',
      examples: ['-bytes,src_addr', 'extra.wlanSSID'],
    }),
  ),
  backwards: flag('The last row of the result first, page by page back to the first row.'),
  limit: Optional(
    Integer({ minimum: 1, maximum: 10_000, default: 100, description: 'Maximum rows of a page, or groups.' }),
  ),
  cursor: Optional(
    Text({
      maxLength: 4096,
      description:
        '`next` of the previous page. Filter, time range and sort must be the same; `from` and `to` are ' +
        'those of the first page.',
    }),
  ),
})
export type FlowsQuery = Of<typeof FlowsParameters>

/** Query of groups; the other parameters are errors with groups. */
export type GroupsQuery = SumsQuery & Pick<FlowsQuery, 'group'>

export const ConversationsParameters = parameters({
  ...questionParameters,
  both_ways: flag('Also match with source and destination exchanged, so that both directions are included.', 'true'),
  time: timeParameter('flow_time'),
  by: Optional(
    oneOf(conversationRanks, {
      default: 'bytes',
      description: 'Ranking: sums of both directions, the duration, the end (`last`), or the largest RTT.',
    }),
  ),
  source: Optional(oneOf(['auto', 'raw'], { default: 'auto', description: '`raw`: read the flows instead of lists.' })),
  limit: Optional(Integer({ minimum: 1, maximum: 10_000, default: 100, description: 'Conversations.' })),
})

export type ConversationsQuery = Of<typeof ConversationsParameters>

export const DistinctParameters = parameters({
  ...questionParameters,
  time: timeParameter('flow_time'),
  fields: Text({
    description: 'Field names, comma-separated: those by which flows can be grouped.',
    examples: ['src_addr,dst_addr'],
  }),
  source: Optional(
    oneOf(['auto', 'raw'], { default: 'auto', description: '`raw`: read the flows instead of exact sums of them.' }),
  ),
})
export type DistinctQuery = Of<typeof DistinctParameters>

export const flowFormats = ['csv', 'ndjson', 'parquet'] as const
export type FlowFormat = (typeof flowFormats)[number]

export const FlowExportParameters = parameters({
  ...questionParameters,
  time: timeParameter('time_received'),
  format: Optional(oneOf(flowFormats, { default: 'csv' })),
  columns,
  sort: Optional(Text({ description: 'As in GET /api/v1/flows.', examples: ['-bytes'] })),
})
export type FlowExportQuery = Of<typeof FlowExportParameters>
