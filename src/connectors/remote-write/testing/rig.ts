import type { Rig } from '../../../../test/conformance/rig.ts'
import type { Answer, SourceHarness } from '../../../../test/conformance/source.ts'
import { ProtoWriter } from '../../../codecs/proto-writer/index.ts'
import { snappyCompress } from '../../../codecs/snappy/index.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { EventBatch } from '../../../model/batches.ts'
import { eventAt } from '../../../model/events.ts'
import type { PointData } from '../../../model/points.ts'
import { configFrom } from '../../../schema/index.ts'
import { remoteWriteSourceSchema } from '../config.ts'
import { source as remoteWrite } from '../source.ts'

function requestOf(numbers: readonly number[]): Uint8Array {
  const writer = new ProtoWriter()
  for (const number of numbers) {
    const series = writer.begin(1)
    const label = writer.begin(1)
    writer.text(1, '__name__')
    writer.text(2, 'number')
    writer.end(label)
    const sample = writer.begin(2)
    writer.double(1, number)
    writer.int(2, 1000 + number)
    writer.end(sample)
    writer.end(series)
  }
  return snappyCompress(writer.finish())
}

const harness: SourceHarness = {
  order: 'as received',
  async build(context, address) {
    const source = await remoteWrite.build(
      configFrom(remoteWriteSourceSchema, { listen: address?.slice('http://'.length) ?? '127.0.0.1:0' }),
      context,
    )
    const post = async (body: Uint8Array): Promise<Answer> => {
      const { status } = await fetch(`${source.addresses[0] ?? ''}/api/v1/write`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' },
      })
      return status === 204 ? 'accepted' : status === 503 ? 'retry' : 'refused'
    }
    return {
      source,
      sendMalformed: () => post(new Uint8Array(3)),
      close: () => Promise.resolve(),
      send: (numbers) => post(requestOf(numbers)),
    }
  },
  numbersIn(unit) {
    const batch = decodeBatch('events', unit.raw) as EventBatch
    return Array.from({ length: batch.count }, (_, row) => {
      const point = JSON.parse(Buffer.from(eventAt(batch, row).data ?? []).toString()) as PointData
      return Number(point.fields['value'])
    })
  },
}

export const rig: Rig = {
  sources: [{ name: 'remote-write', harness, against: { system: 'remote-write', server: 'client', standIn: true } }],
}
