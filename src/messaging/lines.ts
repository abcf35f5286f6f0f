import { encodeStructured } from '../codecs/cloudevents/index.ts'
import { csvHeader, flowCsv } from '../codecs/flow-csv/index.ts'
import { flowForm, type FlowFormChoice } from '../codecs/flow-forms/index.ts'
import type { Preview, SinkBatch } from '../engine/contracts.ts'
import { sinkRows } from '../engine/delivery/rows.ts'
import type { Failure } from '../model/outcome.ts'
import { stableId } from '../model/positions.ts'
import { messageOf } from '../model/errors.ts'

const lineEnd = 0x0a
const carriageReturn = 0x0d
const space = 0x20

type Lines = Readonly<{
  bytes: Uint8Array
  failures: readonly Failure[]
}>

export type LineForm = Readonly<{
  head: Uint8Array
  rows: (batch: SinkBatch) => Iterable<Uint8Array | string>
}>

type LineChoice = Readonly<{
  codec: FlowFormChoice['codec'] | 'csv'
  tcp_flags: FlowFormChoice['tcp_flags']
  netobserv_fields?: FlowFormChoice['netobserv_fields']
}>

export function lineForm({ codec, ...form }: LineChoice): LineForm {
  if (codec === 'csv') return { head: Buffer.from(csvHeader), rows: csvLines }
  return { head: new Uint8Array(0), rows: (batch) => jsonLines(batch, { codec, ...form }) }
}

export function toLines({ rows }: LineForm, batch: SinkBatch): Lines {
  const pieces: Uint8Array[] = []
  const failures: Failure[] = []
  let index = 0
  for (const line of rows(batch)) {
    if (typeof line === 'string') failures.push({ index, is: 'reject', reason: line })
    else pieces.push(line)
    index++
  }
  return { bytes: Buffer.concat(pieces), failures }
}

export function* previewLines({ rows }: LineForm, batch: SinkBatch): Generator<Preview> {
  for (const line of rows(batch)) yield typeof line === 'string' ? { problem: line } : { body: line }
}

function* jsonLines(batch: SinkBatch, choice: FlowFormChoice): Generator<Uint8Array | string> {
  for (const { kind, event } of sinkRows(batch, flowForm(choice))) {
    try {
      const bare = kind === 'flows' && choice.codec === 'netobserv-json' ? event.data : undefined
      yield Buffer.concat([bare ?? onOneLine(encodeStructured(event)), newline])
    } catch (error) {
      yield `can't be written as a CloudEvent: ${messageOf(error)}`
    }
  }
}

function* csvLines({ pieces }: SinkBatch): Generator<Uint8Array | string> {
  for (const {
    header: { source, epoch, sourceSequence },
    batch,
    rows,
    firstRow,
  } of pieces) {
    const line = batch.kind === 'flows' ? flowCsv(batch) : undefined
    for (const row of rows) {
      if (line === undefined) yield 'CSV supports flows only; set `only: { family: [flow] }` on the sink'
      else yield Buffer.from(line(row, stableId(source, epoch, sourceSequence, firstRow + row)))
    }
  }
}

const newline = Buffer.of(lineEnd)

/** Line breaks between tokens of JSON equal spaces. */
export function onOneLine(json: Buffer): Buffer {
  for (const breaking of [lineEnd, carriageReturn]) {
    for (let at = json.indexOf(breaking); at >= 0; at = json.indexOf(breaking, at)) json[at] = space
  }
  return json
}
