/** Query parameters of sums of flows. */
import { endpointFields } from '../query/index.ts'
import { furtherMeasures, measures, stats } from '../query/plan/index.ts'

export const rankParameter = {
  type: 'string',
  enum: [...measures, ...furtherMeasures, ...stats],
  default: 'bytes',
  description:
    `Ranking measure: ${[...measures, ...furtherMeasures].join(', ')}, or ${stats.join(', ')} of the ` +
    `field \`of\`.`,
} as const

export const measureParameter = {
  type: 'string',
  description:
    `Additional sums besides bytes, packets and flows, comma-separated: ${furtherMeasures.join(', ')}, ` +
    'as reported. They require reading the flows instead of rollups.',
  examples: ['drop_packets'],
} as const

export const ofParameter = {
  type: 'string',
  description:
    'A numeric field to add statistics of to each row: number of flows with the field, minimum, mean, ' +
    'maximum, and percentiles 50, 90, 95 and 99. Percentiles use nearest rank: the result is always a value that ' +
    'occurred. Over many flows they may be approximate, with `relative_error`; `source=raw` reads the flows.',
  examples: ['rtt'],
} as const

export const offsetParameter = {
  type: 'string',
  description:
    'Shift the time range back by this duration: `1h`, `1d`, `4w`. Times in the response are those of the ' +
    'shifted data.',
  examples: ['1d'],
} as const

export const sumsParameter = {
  type: 'string',
  enum: ['all', 'ranked'],
  default: 'all',
  description:
    '`ranked`: of bytes, packets and flows only the sum by which groups are ranked. This is faster for many flows.',
} as const

export const besideParameter = {
  type: 'string',
  enum: Object.values(endpointFields).map(({ name }) => name),
  description:
    'A hint for speed; the response does not depend on it. Set it if you need groups by one endpoint and by the pair ' +
    'of both: requests with the same `limit` and `by` then share one pass over the flows. With groups by one ' +
    'endpoint: the other one. With the pair (`scope=endpoint`): the one by which the other request groups.',
} as const

/** Schemas of the sums in a row. A sum beyond 2^53 is text. */
export const sumProperties = Object.fromEntries(
  [...measures, ...furtherMeasures].map((name) => [name, { type: ['number', 'string', 'null'] } as const]),
)
