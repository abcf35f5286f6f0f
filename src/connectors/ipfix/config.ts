import {
  bytes,
  choice,
  Complaint,
  defineSchema,
  duration,
  hostPort,
  integer,
  tls,
  type ConfigOf,
  timeoutField,
} from '../../schema/index.ts'

export const ipfixSchema = defineSchema({
  type: 'ipfix',
  role: 'sink',
  summary: "Exports flows as IPFIX over UDP or TCP: as a relay, or with the templates of NetObserv's exporter",
  fields: {
    target: hostPort({
      description: 'Address of the collector; IPv6 in brackets',
      required: true,
      example: 'collector.example.com:4739',
    }),
    transport: choice(['tcp', 'udp'], {
      description: 'Transport. Neither has an acknowledgement; `udp` does not detect a lost message',
      default: 'tcp',
    }),
    elements: choice(['relay', 'netobserv'], {
      description:
        '`relay`: the elements that each flow has, the address of its exporter included; absent values stay absent. ' +
        "`netobserv`: the two templates of NetObserv's exporter, in which an absent value is zero or empty",
      default: 'relay',
    }),
    enterprise_id: integer(
      {
        description:
          "Enterprise number of NetObserv's elements: names of pods, namespaces and nodes, round-trip time, " +
          'interfaces. 0: without them',
        default: 2,
      },
      { min: 0, max: 4_294_967_295 },
    ),
    sampling: choice(['options', 'none'], {
      description:
        'Export of the sampling interval: as options (RFC 7011), or not, for collectors without options such as ' +
        'go-ipfix',
      default: 'options',
    }),
    domain: integer({ description: 'Observation domain id', default: 1 }, { min: 0, max: 4_294_967_295 }),
    template_interval: duration(
      { description: 'Interval of repeated templates over UDP. Over TCP they begin each connection', default: '60s' },
      { min: '1s', max: '1h' },
    ),
    datagram_size: bytes(
      {
        description:
          'Maximum payload of a datagram. A larger record is sent alone in a larger datagram, which the network ' +
          'fragments',
        default: 1400,
      },
      { min: '512B', max: '65507B' },
    ),
    datagram_rate: integer(
      {
        description: "Maximum datagrams per second, which limits bursts to the size of a collector's socket buffer",
        unit: 'datagrams per second',
        default: 2000,
      },
      { min: 1, max: 1_000_000 },
    ),
    repeat: duration(
      {
        description: 'If a TCP connection breaks, messages written within this time before are sent again. 0s: never',
        default: '1s',
      },
      { max: '1m' },
    ),
    timeout: timeoutField('Timeout of connecting, and of writing one batch'),
    tls,
  },
  check: ({ transport, tls: settings, target }) => {
    if (target.port === 0)
      return new Complaint('port 0 is not an address', 'write the port of the collector', ['target'])
    return settings !== null && transport === 'udp'
      ? new Complaint('`tls` is set, but the transport is UDP', 'set `transport: tcp`', ['transport'])
      : null
  },
})

export type IpfixConfig = ConfigOf<typeof ipfixSchema>
