import { parseCidr } from '../../model/cidr.ts'
import { bytes, Complaint, defineSchema, duration, list, listen, text, type ConfigOf } from '../../schema/index.ts'

export const netflowSchema = defineSchema({
  type: 'netflow',
  role: 'source',
  summary: 'Receives flow records of routers, switches and probes: NetFlow v5 now; v9 and IPFIX are counted until their codecs come',
  fields: {
    listen: listen({ description: 'Where datagrams arrive, over UDP', default: ['0.0.0.0:2055', '0.0.0.0:4739'] }),
    tcp: listen({ description: 'Where IPFIX exporters connect, over TCP', default: '0.0.0.0:4739' }),
    receive_buffer: bytes({ description: 'Wanted receive buffer of each UDP socket in the kernel', default: '8MiB' }, { min: '64KiB', max: '1GiB' }),
    allow: list(
      text({ description: 'A range in CIDR notation, or one address', required: true, example: '10.0.0.0/8' }),
      { description: 'Ranges that exporters may send from; empty: from anywhere', default: [], example: ['10.0.0.0/8', '2001:db8::/32'] },
    ),
    flush: duration({ description: 'Longest time that rows wait to be journalled together', default: '100ms' }, { min: '1ms', max: '10s' }),
    skew_limit: duration({ description: 'How far an exporter\'s clock may be away before its rows are marked', default: '1h' }),
  },
  check({ allow }) {
    const wrong = allow.findIndex((range) => parseCidr(range) === undefined)
    if (wrong < 0) return null
    return new Complaint(`\`${allow[wrong]}\` is not a range of addresses`, 'write it like `10.0.0.0/8` or `2001:db8::/32`', ['allow', wrong])
  },
})

export type NetflowConfig = ConfigOf<typeof netflowSchema>
