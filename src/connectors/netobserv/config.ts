import { addressRange } from '../../schema/address.ts'
import {
  bytes,
  choice,
  Complaint,
  defineSchema,
  duration,
  flowCluster,
  integer,
  list,
  listen,
  netobservFields,
  tls,
  urlText,
  type ConfigOf,
  timeoutField,
} from '../../schema/index.ts'
import { listenerTls } from '../../schema/listener-tls.ts'

export const netobservSchema = defineSchema({
  type: 'netobserv',
  role: 'source',
  summary: 'Receives flows of the eBPF agents of NetObserv over gRPC, in place of flowlogs-pipeline',
  fields: {
    listen: listen({ description: 'TCP listeners for agents', default: '0.0.0.0:2055' }),
    tls: listenerTls('each agent'),
    allow: list(
      addressRange({ description: 'A range in CIDR notation, or one address', required: true, example: '10.0.0.0/8' }),
      {
        description: 'Permitted address ranges of agents; empty: any',
        default: [],
        example: ['10.0.0.0/8', '2001:db8::/32'],
      },
    ),
    wait: duration(
      {
        description:
          'Maximum time that an agent waits for the journal. After it, its flows are rejected with ' +
          'RESOURCE_EXHAUSTED and counted',
        default: '5s',
      },
      { min: '100ms', max: '5m' },
    ),
    max_message: bytes(
      { description: 'Maximum size of a message; an agent sends up to 10,000 flows in one', default: '16MiB' },
      { min: '64KiB', max: '256MiB' },
    ),
    cluster: flowCluster,
    skew_limit: duration({
      description: 'Clock difference of an agent above which its rows are marked',
      default: '1h',
    }),
    max_calls: integer(
      { description: 'Maximum messages in progress; further ones are rejected with RESOURCE_EXHAUSTED', default: 64 },
      { min: 1, max: 10_000 },
    ),
  },
})

export type NetobservConfig = ConfigOf<typeof netobservSchema>

export const netobservSinkSchema = defineSchema({
  type: 'netobserv',
  role: 'sink',
  summary:
    'Sends flows over gRPC as flowlogs-pipeline does with `write grpc`: to the collector of the NetObserv command ' +
    'line, or any other server of `genericmap.Collector`',
  fields: {
    url: urlText(
      {
        description: 'URL of the collector, `grpc://` or `grpcs://` (TLS). Default port 9999',
        required: true,
        example: 'grpc://collector.netobserv-cli.svc:9999',
      },
      { schemes: ['grpc', 'grpcs'] },
    ),
    tcp_flags: choice(['number', 'names'], { description: 'Encoding of TCP flags', default: 'number' }),
    netobserv_fields: netobservFields,
    concurrency: integer(
      { description: 'Maximum calls in progress; a call has one flow', unit: 'calls', default: 64 },
      { min: 1, max: 1024 },
    ),
    timeout: timeoutField('Timeout of one call; a send ends after at most twice this time'),
    tls,
  },
  check: ({ url, tls: settings }) =>
    settings !== null && url.startsWith('grpc:')
      ? new Complaint('`tls` is set, but the URL is a plain connection', 'write grpcs://', ['url'])
      : null,
})

export type NetobservSinkConfig = ConfigOf<typeof netobservSinkSchema>
