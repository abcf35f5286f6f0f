import { bytes, Complaint, defineSchema, listen, text, type ConfigOf } from '../../schema/index.ts'
import { listenerTls } from '../../schema/listener-tls.ts'
import { isZone } from '../../model/zones.ts'

export const syslogSchema = defineSchema({
  type: 'syslog',
  role: 'source',
  summary: 'Receives syslog messages over UDP, TCP and TLS',
  fields: {
    udp: listen({ description: 'Addresses for datagrams', default: '127.0.0.1:5514' }),
    tcp: listen({
      description: 'Addresses for TCP, or for TLS with `tls`; messages end with a line feed or have their length',
      default: '127.0.0.1:5514',
    }),
    tls: listenerTls('senders'),
    zone: text({
      description: 'Time zone of times without one (RFC 3164)',
      default: 'UTC',
      example: 'Europe/Berlin',
    }),
    max_message: bytes({ description: 'Maximum size of a message', default: '64KiB' }, { min: '1KiB', max: '1MiB' }),
    receive_buffer: bytes(
      { description: 'Receive buffer of the UDP socket', default: '4MiB' },
      { min: '64KiB', max: '1GiB' },
    ),
    queue: bytes(
      {
        description: 'Datagrams in memory while the journal accepts none; further ones are counted and lost',
        default: '16MiB',
      },
      { min: '1MiB', max: '1GiB' },
    ),
  },
  check({ udp, tcp, zone }) {
    if (udp.length + tcp.length === 0) return new Complaint('no address is set', 'set `udp` or `tcp`', ['udp'])
    return isZone(zone) ? null : new Complaint(`there is no time zone \`${zone}\``, undefined, ['zone'])
  },
})

export type SyslogConfig = ConfigOf<typeof syslogSchema>
