import { duration } from './quantities.ts'
import { choice, text } from './scalars.ts'

export const tcpFlags = choice(['number', 'names'], {
  description: 'Encoding of TCP flags in `netobserv-json`',
  default: 'number',
})

export const netobservFields = choice(['original', 'all'], {
  description:
    "Fields of `netobserv-json` records: `original` writes the keys of NetObserv's pipeline and the members of " +
    '`extra`, `all` adds the fields that only Weir has, under their names',
  default: 'original',
})

const inCloudEvents =
  "`json` is a CloudEvent with the fields of the registry, `netobserv-json` a record as NetObserv's pipeline writes it"

export const messageCodec = {
  codec: choice(['json', 'netobserv-json', 'kollect'], {
    description:
      `Encoding of messages. For flows, ${inCloudEvents}; events are CloudEvents with either. ` +
      `\`kollect\` writes changes of Kubernetes objects as kollect's protobuf and supports no other rows`,
    default: 'json',
  }),
  kollect_fields: choice(['all', 'original'], {
    description:
      "Fields of `kollect` messages: `original` writes kollect's own, `all` adds Weir's (numbers from 16), " +
      'which consumers of kollect skip',
    default: 'all',
  }),
  tcp_flags: tcpFlags,
  netobserv_fields: netobservFields,
}

export const flowCluster = text({
  description:
    'Cluster of the flows that carry none: value of field `cluster` and scope of their addresses, so that only ' +
    'workloads of that cluster name them. Unset: the cluster that holds an address',
  default: null,
  example: 'prod-west',
})

export const flowFlush = duration(
  {
    description:
      'Maximum wait of rows before they are appended to the journal. Unset: 100 ms, and while fewer than 1,000 rows ' +
      'wait, up to 0.8 s after the last append',
    default: null,
    example: '100ms',
  },
  { min: '1ms', max: '10s' },
)

export const flowLineCodec = {
  codec: choice(['json', 'netobserv-json', 'csv'], {
    description:
      `Encoding of flows: ${inCloudEvents}, \`csv\` a row. ` + 'Events are CloudEvents; CSV does not support them',
    default: 'json',
  }),
  tcp_flags: tcpFlags,
  netobserv_fields: netobservFields,
}
