import { busMessage } from '../../../codecs/bus-message/index.ts'
import { isoTime } from '../../../codecs/flow-json/index.ts'
import type { FrameHeader, SinkBatch, SinkPiece } from '../../../engine/contracts.ts'
import { flowTime, sinkRows, type FlowForm, type SinkRow } from '../../../engine/delivery/rows.ts'
import type { FlowBatch } from '../../../model/batches.ts'
import { ByteBuffer, digitsOf, fragmentOf, type Fragment } from '../../../model/byte-buffer.ts'
import { stableId } from '../../../model/positions.ts'
import { flowKeyBytes, putFlowKey } from './flow-key.ts'
import type { Outbox } from './outbox.ts'
import type { Partitioner } from './partition.ts'
import { putVarint, Records } from './records.ts'
import { toMessage } from '../map.ts'

type FlowRecordOptions = Readonly<{
  form: FlowForm
  mode: 'binary' | 'raw'
  partitioner: Partitioner
  keyed: boolean
  topic: (row: SinkRow) => string
  slice: number
}>

type FlowPiece = Readonly<{
  header: FrameHeader
  batch: FlowBatch
  rows: Uint32Array
  firstRow: number
}>

type Part = Readonly<{
  first: number
  piece: FlowPiece
  rows: Uint32Array
  topic: string
}>

const maxKept = 8 * 2 ** 20

export class FlowRecords {
  readonly #options: FlowRecordOptions
  /** Reused, because buffers of megabytes cost collections. */
  #out = new ByteBuffer()

  constructor(options: FlowRecordOptions) {
    this.#options = options
  }

  topics(pieces: readonly SinkPiece[]): readonly string[] {
    return flowPieces(pieces).map((piece) => this.#options.topic(this.#firstRow(piece)))
  }

  /** One after the other: each is valid until the next. */
  *outboxes(pieces: readonly SinkPiece[]): Generator<Outbox> {
    const flows = flowPieces(pieces)
    let left = flows.reduce((sum, { rows }) => sum + rows.length, 0)
    const slice = Math.min(this.#options.slice, left)
    let outbox = this.#begin(slice)
    for (const piece of flows) {
      const write = this.#writer(piece)
      const topic = this.#options.topic(this.#firstRow(piece))
      for (let from = 0; from < piece.rows.length;) {
        const rows = piece.rows.subarray(from, from + slice - outbox.records.count)
        outbox.add({ first: outbox.records.count, piece, rows, topic }, write)
        from += rows.length
        left -= rows.length
        if (outbox.records.count < slice && left > 0) continue
        yield outbox
        outbox = this.#begin(slice)
      }
    }
  }

  #begin(slice: number): FlowOutbox {
    if (this.#out.bytes.length > maxKept) this.#out = new ByteBuffer()
    return new FlowOutbox(new Records(slice, this.#options.partitioner, this.#out))
  }

  #writer(piece: FlowPiece): (row: number, records: Records) => void {
    const { form, keyed } = this.#options
    const { batch, firstRow, header } = piece
    const [write, timeOf, headers] = [form.write(batch), flowTime(batch, header.received), this.#headers(piece)]
    return (row, records) => {
      const { out } = records
      const time = headers.timed ? isoTime(timeOf(row)) : ''
      const start = out.at
      putVarint(out, flowKeyBytes)
      const hasKey = keyed && putFlowKey(batch, row, out)
      const key = out.at - flowKeyBytes
      if (!hasKey) {
        out.at = start
        putVarint(out, -1)
      }
      const value = records.beginValue()
      write(row, out)
      records.endValue(value)
      const id = headers.put(out, firstRow + row, time)
      if (hasKey) records.end(out.bytes, key, key + flowKeyBytes)
      else records.end(out.bytes, id.at, id.at + id.length)
    }
  }

  #firstRow(piece: FlowPiece): SinkRow {
    const single: SinkBatch = {
      token: '',
      count: 1,
      pieces: [{ ...piece, rows: piece.rows.subarray(0, 1) }],
      retried: false,
    }
    const [row] = sinkRows(single, this.#options.form)
    if (row === undefined) throw new Error('a piece without rows')
    return row
  }

  #headers(piece: FlowPiece): RecordHeaders {
    const row = this.#firstRow(piece)
    const event = { ...row.event, time: 0 }
    const { headers } = toMessage(busMessage(row, event, this.#options.mode), '')
    return new RecordHeaders(headers, row.id, fragmentOf(idOf(piece, 0).slice(0, -1)))
  }
}

function flowPieces(pieces: readonly SinkPiece[]): FlowPiece[] {
  return pieces.flatMap(({ header, batch, rows, firstRow }) =>
    batch.kind === 'flows' && rows.length > 0 ? [{ header, batch, rows, firstRow }] : [],
  )
}

function idOf({ header: { source, epoch, sourceSequence } }: FlowPiece, row: number) {
  return stableId(source, epoch, sourceSequence, row)
}

class FlowOutbox implements Outbox {
  readonly records: Records
  readonly #parts: Part[] = []

  constructor(records: Records) {
    this.records = records
  }

  add(part: Part, write: (row: number, records: Records) => void): void {
    this.#parts.push(part)
    for (const row of part.rows) write(row, this.records)
  }

  topic(at: number): string {
    return this.#partOf(at).topic
  }

  key(): undefined {
    return undefined
  }

  id(at: number): string {
    const { first, piece, rows } = this.#partOf(at)
    return idOf(piece, piece.firstRow + (rows[at - first] ?? 0))
  }

  #partOf(at: number): Part {
    const part = this.#parts.findLast(({ first }) => first <= at)
    if (part === undefined) throw new Error(`no record ${at}`)
    return part
  }
}

/** Years of RFC 3339 have four digits. */
const timeLength = 24

/** Headers of the flows of a piece, which differ in their ids and times only. */
class RecordHeaders {
  readonly timed: boolean
  readonly #parts: (Fragment | 'id' | 'time')[] = []
  readonly #count: number
  readonly #timeName = fragmentOf(withLength('ce_time'))
  readonly #prefix: Fragment
  readonly #id = { at: 0, length: 0 }

  constructor(headers: Readonly<Record<string, string>>, id: string, prefix: Fragment) {
    this.#prefix = prefix
    const entries = Object.entries(headers)
    this.timed = 'ce_time' in headers
    this.#count = entries.length
    const same = new ByteBuffer(256)
    const end = (then: 'id' | 'time' | undefined) => {
      if (same.at > 0) this.#parts.push(fragmentOf(same.copy()))
      same.at = 0
      if (then !== undefined) this.#parts.push(then)
    }
    for (const [name, value] of entries) {
      if (name !== 'ce_time') same.raw(withLength(name))
      if (name === 'ce_time') end('time')
      else if (value === id) end('id')
      else same.raw(withLength(value))
    }
    end(undefined)
  }

  put(out: ByteBuffer, row: number, time: string): Readonly<{ at: number; length: number }> {
    this.#id.length = this.#prefix.length + digitsOf(row)
    const omitted = this.timed && time.length !== timeLength
    putVarint(out, omitted ? this.#count - 1 : this.#count)
    for (const part of this.#parts) {
      if (part === 'id') {
        putVarint(out, this.#id.length)
        this.#id.at = out.at
        out.fragment(this.#prefix)
        out.integer(row)
      } else if (part !== 'time') out.fragment(part)
      else if (!omitted) {
        out.fragment(this.#timeName)
        putVarint(out, timeLength)
        out.utf8(time)
      }
    }
    return this.#id
  }
}

function withLength(text: string): Uint8Array {
  const out = new ByteBuffer(16)
  putVarint(out, Buffer.byteLength(text))
  out.utf8(text)
  return out.copy()
}
