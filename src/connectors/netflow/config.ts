import { parseCidr } from '../../model/cidr.ts'
import { extraTypes } from '../../codecs/templates/extra.ts'
import {
  bytes,
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

export const netflowSchema = defineSchema({
  type: 'netflow',
  role: 'source',
  summary:
    'Receives flow records of routers, switches and probes: NetFlow v5 and v9 and IPFIX over UDP, IPFIX over TCP',
  fields: {
    listen: listen({ description: 'Where datagrams arrive, over UDP', default: ['0.0.0.0:2055', '0.0.0.0:4739'] }),
    tcp: listen({ description: 'Where IPFIX exporters connect, over TCP', default: '0.0.0.0:4739' }),
    receive_buffer: bytes(
      { description: 'Wanted receive buffer of each UDP socket in the kernel', default: '8MiB' },
      { min: '64KiB', max: '1GiB' },
    ),
    allow: list(
      text({ description: 'A range in CIDR notation, or one address', required: true, example: '10.0.0.0/8' }),
      {
        description: 'Ranges that exporters may send from; empty: from anywhere',
        default: [],
        example: ['10.0.0.0/8', '2001:db8::/32'],
      },
    ),
    flush: duration(
      { description: 'Longest time that rows wait to be journalled together', default: '100ms' },
      { min: '1ms', max: '10s' },
    ),
    skew_limit: duration({
      description: "How far an exporter's clock may be away before its rows are marked",
      default: '1h',
    }),
    sampling: integer(
      {
        description: 'One packet in so many was looked at, for exporters that do not say; 0: leave it absent',
        default: 0,
      },
      { min: 0, max: 0xffffffff },
    ),
    interfaces: filePath({
      description: 'YAML file with names of interfaces by exporter and index; read again when it changes',
      default: null,
      example: './interfaces.yaml',
    }),
    template_expiry: duration(
      { description: 'When a template is forgotten that is not announced again over UDP', default: '2h' },
      { min: '30m' },
    ),
    park_time: duration({ description: 'How long data waits for its template', default: '10m' }, { max: '1d' }),
    park_bytes: bytes(
      {
        description: 'How much data may wait for its template, over all exporters; one of them may take a 32nd part',
        default: '32MiB',
      },
      { min: '1MiB', max: '1GiB' },
    ),
    netobserv_pen: integer(
      { description: "Enterprise number under which NetObserv's exporter sends names of pods and nodes", default: 2 },
      { min: 1, max: 0xffffffff },
    ),
    elements: list(
      group(
        {
          pen: integer(
            { description: 'Enterprise number; 0 for elements of IANA', default: 0 },
            { min: 0, max: 0xffffffff },
          ),
          element: integer(
            { description: 'Number of the element', required: true, example: 95 },
            { min: 1, max: 0x7fff },
          ),
          name: text({ description: 'Key in the field `extra`', required: true, example: 'application' }),
          type: choice(extraTypes, { description: 'How its bytes are read', default: 'unsigned' }),
        },
        { description: 'An element', required: true, example: { element: 95, name: 'application', type: 'hex' } },
      ),
      {
        description: 'Further information elements to keep in the field `extra`',
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
