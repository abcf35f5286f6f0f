import { Complaint } from '../../schema/complaint.ts'
import { choice, defineSchema, duration, flag, integer, list, text, type ConfigOf } from '../../schema/index.ts'
import { firstUnknown } from '../rows/fields.ts'

const recordTypes = ['newConnection', 'heartbeat', 'endConnection', 'flowLog'] as const
export type RecordType = (typeof recordTypes)[number]

export const connectionsSchema = defineSchema({
  type: 'connections',
  role: 'transform',
  summary: 'Joins the flows of both directions to connections, and reports their begin, progress and end',
  fields: {
    records: list(choice(recordTypes, { description: 'A record type', required: true, example: 'endConnection' }), {
      description:
        'Rows to write, by `record_type`. `flowLog`: the flows themselves, with the id of their connection; flows ' +
        'that belong to no connection also pass',
      default: ['newConnection', 'heartbeat', 'endConnection'],
    }),
    heartbeat: duration(
      { description: 'Time between two reports of an open connection', default: '30s' },
      { min: '100ms', max: '1h' },
    ),
    end_timeout: duration(
      { description: 'A connection ends after this time without a flow', default: '10s' },
      { min: '100ms', max: '10m' },
    ),
    terminating_timeout: duration(
      { description: 'A TCP connection ends at most this time after its last flow with FIN or RST', default: '5s' },
      { min: '0s', max: '10m' },
    ),
    max_duration: duration(
      {
        description:
          'A longer connection is reported in parts. The journal retains the flows of this time while a connection ' +
          'is open that long',
        default: '1h',
      },
      { min: '1s', max: '24h' },
    ),
    connections: integer(
      {
        description: 'Maximum number of connections; the one without a flow for the longest time ends early',
        default: 100_000,
      },
      { min: 1, max: 2_000_000 },
    ),
    within: list(text({ description: 'A field of flows', required: true, example: 'cluster' }), {
      description:
        'Fields that are part of the key beside addresses, ports and protocol: flows of one connection share them',
      default: ['scope'],
      example: ['scope', 'cluster'],
    }),
    totals: flag({
      description:
        'Whether records of connections have `bytes` and `packets`, the sums of both directions. Sums over all flows ' +
        'then count connections as well',
      default: false,
    }),
    reporters: choice(['largest', 'sum'], {
      description:
        'Sums of a direction that several exporters report. `largest`: the larger one of the first two exporters, ' +
        'because both see the same packets. `sum`: all flows',
      default: 'largest',
    }),
  },
  check: ({ records, within }) =>
    records.length === 0
      ? new Complaint('names no record type', 'for example `[endConnection]`', ['records'])
      : firstUnknown(within, 'within'),
})

export type ConnectionsConfig = ConfigOf<typeof connectionsSchema>
