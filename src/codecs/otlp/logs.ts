import type { FlowBatch } from '../../model/batches.ts'
import { ByteBuffer, type RowWriter } from '../../model/byte-buffer.ts'
import { isPresent } from '../../model/columns.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { FlowFieldName } from '../../model/fields.ts'
import { ProtoWriter } from '../proto-writer/index.ts'
import { writeAttribute, writeExport, writeTime, type OtlpResource } from './attributes.ts'
import { flowAttributes } from './flow-attributes.ts'

const info = [9, 'INFO'] as const

export type FlowLogOptions = Readonly<{
  mapping: ReadonlyMap<FlowFieldName, string>
  body: (batch: FlowBatch) => RowWriter
}>

export function flowLogs(
  batch: FlowBatch,
  received: number,
  { mapping, body }: FlowLogOptions,
): (row: number, id: string) => Uint8Array {
  const [json, text] = [body(batch), new ByteBuffer()]
  const attributes = flowAttributes(batch, mapping)
  const writer = new ProtoWriter()
  const times = ['time_end', 'time_start', 'time_received'].flatMap((name) => {
    const column = batch.columns[name]
    return column?.kind === 'time' ? [column] : []
  })
  return (row, id) => {
    writer.reset()
    const time = times.find(({ values, valid }) => isPresent(valid, row) && !Number.isNaN(values[row]!))
    writeTime(writer, 1, time?.values[row] ?? received)
    writeTime(writer, 11, received)
    writer.uint(2, info[0])
    writer.text(3, info[1])
    const any = writer.begin(5)
    text.at = 0
    json(row, text)
    writer.bytes(1, text.slice())
    writer.end(any)
    attributes(writer, row)
    writeAttribute(writer, 6, 'log.record.uid', id)
    return writer.finish()
  }
}

export function eventLog(event: WeirEvent, received: number): Uint8Array {
  const writer = new ProtoWriter()
  writeTime(writer, 1, event.time ?? received)
  writeTime(writer, 11, received)
  writer.uint(2, info[0])
  writer.text(3, info[1])
  if (event.data !== undefined && event.encoding !== 'none') {
    const any = writer.begin(5)
    // Text is the same bytes; the type of the field differs.
    writer.bytes(event.encoding === 'binary' ? 7 : 1, event.data)
    writer.end(any)
  }
  const attribute = (key: string, value: string | number | boolean | undefined) => {
    if (value !== undefined) writeAttribute(writer, 6, key, value)
  }
  attribute('log.record.uid', event.id)
  attribute('cloudevents.event_id', event.id)
  attribute('cloudevents.event_source', event.source)
  attribute('cloudevents.event_type', event.type)
  attribute('cloudevents.event_subject', event.subject)
  attribute('weir.family', event.family ?? 'event')
  attribute('weir.key', event.key)
  attribute('weir.ref', event.ref)
  for (const [name, value] of Object.entries(event.extensions ?? {})) attribute(`cloudevents.${name}`, value)
  const [, trace, span] =
    /^00-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(String(event.extensions?.['traceparent'] ?? '')) ?? []
  if (trace !== undefined && span !== undefined) {
    writer.bytes(9, Buffer.from(trace, 'hex'))
    writer.bytes(10, Buffer.from(span, 'hex'))
  }
  return writer.finish()
}

export function logsRequest(records: readonly Uint8Array[], resource: OtlpResource): Uint8Array {
  const writer = new ProtoWriter()
  writeExport(writer, resource, (to) => {
    for (const record of records) to.bytes(2, record)
  })
  return writer.finish()
}
