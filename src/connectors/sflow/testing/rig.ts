import type { Rig } from '../../../../test/conformance/rig.ts'
import { udpSide } from '../../../../test/conformance/udp.ts'
import { datagram, flowSample } from '../../../codecs/sflow5/testing/datagrams.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import { configFrom } from '../../../schema/index.ts'
import { sflowSchema } from '../config.ts'
import { source } from '../source.ts'

export const rig: Rig = {
  sources: [
    {
      name: 'sflow',
      harness: {
        order: 'as received',
        async build(context, address) {
          const listen = address?.slice('udp://'.length) ?? '127.0.0.1:0'
          const config = configFrom(sflowSchema, { listen, flush: '5ms', receive_buffer: '1MiB' })
          return udpSide(
            await source.build(config, context),
            (numbers) => datagram(numbers.map((number) => flowSample([], { input: number }))),
            'no sample of any kind',
          )
        },
        numbersIn(unit) {
          const interfaces =
            unit.kind === 'flows' ? (decodeBatch('flows', unit.raw) as FlowBatch).columns['in_if'] : undefined
          return interfaces?.kind === 'u32' ? [...interfaces.values] : []
        },
      },
      against: { system: 'sflow', server: 'datagrams', standIn: true },
    },
  ],
}
