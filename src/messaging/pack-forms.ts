import { encodeStructured, batchedType, protobufBatchType } from '../codecs/cloudevents/index.ts'
import { linesType } from '../codecs/bus-message/lines.ts'
import { isoTime } from '../codecs/flow-json/index.ts'
import type { FrameHeader } from '../engine/contracts.ts'
import { flowTime, sinkRows, type FlowForm } from '../engine/delivery/rows.ts'
import type { FlowBatch } from '../model/batches.ts'
import { fragmentOf, type RowWriter } from '../model/byte-buffer.ts'
import { stableId } from '../model/positions.ts'

export type PackFormat = 'json' | 'protobuf' | 'lines'

export type FlowPiece = Readonly<{
  header: FrameHeader
  batch: FlowBatch
  rows: Uint32Array
  firstRow: number
}>

export type PackForm = Readonly<{
  contentType: string
  /** Called once for each row of the piece, in order. */
  writer: (piece: FlowPiece) => RowWriter
  /** Body with the bytes of consecutive rows; a copy. */
  body: (rows: Uint8Array) => Uint8Array
}>

const lineEnd = 0x0a
const [opening, closing] = [0x5b, 0x5d]

export async function packForm(format: PackFormat, flows: FlowForm): Promise<PackForm> {
  switch (format) {
    case 'json':
      return { contentType: batchedType, writer: (piece) => structuredWriter(piece, flows), body: inBrackets }
    case 'lines':
      return { contentType: linesType, writer: (piece) => lineWriter(piece, flows), body: copied }
    case 'protobuf': {
      const { encodeProtobuf, joinProtobuf } = await import('../codecs/cloudevents/protobuf.ts')
      return {
        contentType: protobufBatchType,
        writer(piece) {
          const rows = sinkRows({ token: '', count: piece.rows.length, pieces: [piece], retried: false }, flows)
          return (_, out) => {
            const { value } = rows.next()
            if (value !== undefined) out.raw(joinProtobuf([encodeProtobuf(value.event)]))
          }
        },
        body: copied,
      }
    }
  }
}

/** The bytes of `encodeStructured` and a comma. Only id, time and data differ between rows of a piece. */
function structuredWriter({ header, batch, firstRow }: FlowPiece, flows: FlowForm): RowWriter {
  const { source, epoch, sourceSequence, received } = header
  const [write, timeOf] = [flows.write(batch), flowTime(batch, received)]
  const id = stableId(source, epoch, sourceSequence, 0).slice(0, -1)
  const text = encodeStructured({
    id,
    source: `/weir/${source}`,
    type: flows.type,
    time: 0,
    datacontenttype: flows.contentType,
    encoding: flows.encoding,
    data: Buffer.from('0'),
  }).toString()
  const idEnd = text.indexOf(id) + id.length
  const [between = '', rest = ''] = text.slice(idEnd).split(`,"time":"${isoTime(0)}"`)
  const [toId, toTime, toData] = [fragmentOf(text.slice(0, idEnd)), fragmentOf(between), fragmentOf(rest.slice(0, -2))]
  const [timeName, timeEnd, end] = [fragmentOf(',"time":"'), fragmentOf('"'), fragmentOf('},')]
  return (row, out) => {
    out.fragment(toId)
    out.integer(firstRow + row)
    out.fragment(toTime)
    const time = isoTime(timeOf(row))
    // RFC 3339 years have four digits.
    if (time.length === 24) {
      out.fragment(timeName)
      out.utf8(time)
      out.fragment(timeEnd)
    }
    out.fragment(toData)
    write(row, out)
    out.fragment(end)
  }
}

function lineWriter({ batch }: FlowPiece, flows: FlowForm): RowWriter {
  const write = flows.write(batch)
  return (row, out) => {
    write(row, out)
    out.byte(lineEnd)
  }
}

/** The last byte is a comma, and becomes the closing bracket. */
function inBrackets(rows: Uint8Array): Uint8Array {
  const body = new Uint8Array(rows.length + 1)
  body[0] = opening
  body.set(rows, 1)
  body[rows.length] = closing
  return body
}

function copied(rows: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(rows)
}
