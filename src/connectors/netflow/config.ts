import { parseCidr } from '../../model/cidr.ts'
import { extraTypes } from '../../codecs/templates/extra.ts'
import { keptElements } from '../../codecs/templates/other-elements.ts'
import {
  bytes,
  flowCluster,
  flowFlush,
  choice,
  Complaint,
  defineSchema,
  duration,
  filePath,
  group,
  integer,
  list,
  listen,
  text,
  type ConfigOf,
} from '../../schema/index.ts'
import { listenerTls } from '../../schema/listener-tls.ts'

export const netflowSchema = defineSchema({
  type: 'netflow',
  role: 'source',
  summary:
    'Receives flow records from routers, switches and probes: NetFlow v5, v9 and IPFIX over UDP, IPFIX over TCP or TLS',
  fields: {
    listen: listen({ description: 'UDP listeners', default: ['0.0.0.0:2055', '0.0.0.0:4739'] }),
    tcp: listen({ description: 'TCP listeners for IPFIX, or TLS listeners with `tls`', default: '0.0.0.0:4739' }),
    tls: listenerTls('exporters'),
    receive_buffer: bytes(
      { description: 'Requested kernel receive buffer of each UDP socket', default: '8MiB' },
      { min: '64KiB', max: '1GiB' },
    ),
    allow: list(
      text({ description: 'A range in CIDR notation, or one address', required: true, example: '10.0.0.0/8' }),
      {
        description: 'Permitted address ranges of exporters; empty: any',
        default: [],
        example: ['10.0.0.0/8', '2001:db8::/32'],
      },
    ),
    flush: flowFlush,
    cluster: flowCluster,
    skew_limit: duration({
      description: 'Clock difference of an exporter above which its rows are marked',
      default: '1h',
    }),
    sampling: integer(
      {
        description: 'Sampling interval (1 in N) to assume when the exporter reports none; 0: leave the field absent',
        default: 0,
      },
      { min: 0, max: 0xffffffff },
    ),
    interfaces: filePath({
      description: 'YAML file with interface names by exporter and index; reloaded when it changes',
      default: null,
      example: './interfaces.yaml',
    }),
    template_expiry: duration(
      { description: 'Time after which a template expires if it is not announced again over UDP', default: '2h' },
      { min: '30m' },
    ),
    park_time: duration({ description: 'Maximum wait of data for its template', default: '10m' }, { max: '1d' }),
    park_bytes: bytes(
      {
        description: 'Maximum data that waits for templates, over all exporters; one exporter may use 1/32 of it',
        default: '32MiB',
      },
      { min: '1MiB', max: '1GiB' },
    ),
    netobserv_pen: integer(
      { description: "Enterprise number under which NetObserv's exporter sends pod and node names", default: 2 },
      { min: 1, max: 0xffffffff },
    ),
    elements: choice(keptElements, {
      description:
        'Elements without a column to store in the field `extra`: all, those with a known name (listed), or none',
      default: 'all',
    }),
    element_names: list(
      group(
        {
          pen: integer(
            { description: 'Enterprise number; 0 for elements of IANA', default: 0 },
            { min: 0, max: 0xffffffff },
          ),
          element: integer(
            { description: 'Number of the element', required: true, example: 95 },
            { min: 1, max: 0xffff },
          ),
          name: text({ description: 'Key in the field `extra`', required: true, example: 'application' }),
          type: choice(extraTypes, { description: 'Data type of the value', default: 'unsigned' }),
        },
        { description: 'An element', required: true, example: { element: 95, name: 'application', type: 'hex' } },
      ),
      {
        description:
          'Names and types of elements in the field `extra`, instead of the known ones; stored with any `elements`',
        default: [],
        example: [{ element: 95, name: 'application', type: 'hex' }],
      },
    ),
  },
  check({ allow }) {
    const wrong = allow.findIndex((range) => parseCidr(range) === undefined)
    if (wrong < 0) return null
    return new Complaint(
      `\`${allow[wrong]}\` is not a range of addresses`,
      'write it like `10.0.0.0/8` or `2001:db8::/32`',
      ['allow', wrong],
    )
  },
})

export type NetflowConfig = ConfigOf<typeof netflowSchema>
