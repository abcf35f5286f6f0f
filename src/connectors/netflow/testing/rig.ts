import type { Rig } from '../../../../test/conformance/rig.ts'
import { udpSide } from '../../../../test/conformance/udp.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import { configFrom } from '../../../schema/index.ts'
import { netflowSchema } from '../config.ts'
import { source } from '../source.ts'

function export5(numbers: readonly number[]): Buffer {
  const head = Buffer.alloc(24)
  head.writeUInt16BE(5, 0)
  head.writeUInt16BE(numbers.length, 2)
  head.writeUInt32BE(600_000, 4)
  head.writeUInt32BE(1_700_000_000, 8)
  const records = numbers.map((number) => {
    const record = Buffer.alloc(48)
    record.writeUInt32BE(1, 16)
    record.writeUInt32BE(60, 20)
    record.writeUInt32BE(590_000, 24)
    record.writeUInt32BE(599_000, 28)
    record.writeUInt16BE(number, 32)
    record.writeUInt8(6, 38)
    return record
  })
  return Buffer.concat([head, ...records])
}

export const rig: Rig = {
  sources: [
    {
      name: 'netflow',
      harness: {
        order: 'as received',
        async build(context, address) {
          const listen = address?.slice('udp://'.length) ?? '127.0.0.1:0'
          const config = configFrom(netflowSchema, { listen, tcp: 'off', flush: '5ms', receive_buffer: '1MiB' })
          return udpSide(await source.build(config, context), export5, 'no export of any kind')
        },
        numbersIn(unit) {
          const ports =
            unit.kind === 'flows' ? (decodeBatch('flows', unit.raw) as FlowBatch).columns['src_port'] : undefined
          return ports?.kind === 'u16' ? [...ports.values] : []
        },
      },
      against: { system: 'netflow', server: 'datagrams of NetFlow v5', standIn: true },
    },
  ],
}
