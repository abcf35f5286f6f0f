import { addressRange } from '../../schema/address.ts'
import { bytes, flowCluster, flowFlush, choice, defineSchema, list, listen, type ConfigOf } from '../../schema/index.ts'

export const sflowSchema = defineSchema({
  type: 'sflow',
  role: 'source',
  summary: 'Receives packet samples of switches, routers and hosts: sFlow v5 over UDP',
  fields: {
    listen: listen({ description: 'UDP listeners', default: '0.0.0.0:6343' }),
    receive_buffer: bytes(
      { description: 'Requested kernel receive buffer of each UDP socket', default: '8MiB' },
      { min: '64KiB', max: '1GiB' },
    ),
    allow: list(
      addressRange({ description: 'A range in CIDR notation, or one address', required: true, example: '10.0.0.0/8' }),
      {
        description: 'Permitted address ranges of agents; empty: any',
        default: [],
        example: ['10.0.0.0/8', '2001:db8::/32'],
      },
    ),
    exporter: choice(['sender', 'agent'], {
      description:
        'Value of `exporter_addr`: the source address of the datagram, or the agent address inside it, for ' +
        'agents behind a relay or NAT. The agent address can be forged',
      default: 'sender',
    }),
    cluster: flowCluster,
    flush: flowFlush,
  },
})

export type SflowConfig = ConfigOf<typeof sflowSchema>
