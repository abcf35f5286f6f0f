import { addressRange } from '../../schema/address.ts'
import { bytes, choice, defineSchema, duration, list, listen, type ConfigOf } from '../../schema/index.ts'

export const sflowSchema = defineSchema({
  type: 'sflow',
  role: 'source',
  summary: 'Receives packet samples of switches, routers and hosts: sFlow v5 over UDP',
  fields: {
    listen: listen({ description: 'Where datagrams arrive, over UDP', default: '0.0.0.0:6343' }),
    receive_buffer: bytes(
      { description: 'Wanted receive buffer of each UDP socket in the kernel', default: '8MiB' },
      { min: '64KiB', max: '1GiB' },
    ),
    allow: list(
      addressRange({ description: 'A range in CIDR notation, or one address', required: true, example: '10.0.0.0/8' }),
      {
        description: 'Ranges that agents may send from; empty: from anywhere',
        default: [],
        example: ['10.0.0.0/8', '2001:db8::/32'],
      },
    ),
    exporter: choice(['sender', 'agent'], {
      description:
        'What becomes `exporter_addr`: the address that a datagram came from, or the one that the agent writes into it, for agents behind a relay or a NAT. Anyone can write anything there',
      default: 'sender',
    }),
    flush: duration(
      { description: 'Longest time that rows wait to be journalled together', default: '100ms' },
      { min: '1ms', max: '10s' },
    ),
  },
})

export type SflowConfig = ConfigOf<typeof sflowSchema>
