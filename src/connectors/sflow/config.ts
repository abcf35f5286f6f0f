import { bytes, defineSchema, listen, type ConfigOf } from '../../schema/index.ts'

export const sflowSchema = defineSchema({
  type: 'sflow',
  role: 'source',
  summary: 'Listens for sFlow v5 datagrams of switches and hosts and counts them as undecoded until their codec comes',
  fields: {
    listen: listen({ description: 'Where datagrams arrive, over UDP', default: '0.0.0.0:6343' }),
    receive_buffer: bytes({ description: 'Wanted receive buffer of each UDP socket in the kernel', default: '8MiB' }, { min: '64KiB', max: '1GiB' }),
  },
})

export type SflowConfig = ConfigOf<typeof sflowSchema>
