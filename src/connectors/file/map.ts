import { encodeStructured } from '../../codecs/cloudevents/index.ts'
import { csvHeader, flowCsv } from '../../codecs/flow-csv/index.ts'
import { flowForm, type FlowFormChoice } from '../../codecs/flow-forms/index.ts'
import type { SinkBatch } from '../../engine/ports.ts'
import { sinkRows } from '../../engine/rows.ts'
import type { Failure } from '../../model/outcome.ts'
import { stableId } from '../../model/positions.ts'

const lineEnd = 0x0a
const carriageReturn = 0x0d
const space = 0x20

export interface Lines {
  /** The lines of all rows that can be written, in order. */
  readonly bytes: Uint8Array
  readonly failures: readonly Failure[]
}

export interface LineForm {
  /** What a file begins with; empty for most forms. */
  readonly head: Uint8Array
  readonly lines: (batch: SinkBatch) => Lines
}

export interface LineChoice {
  readonly codec: FlowFormChoice['codec'] | 'csv'
  readonly tcp_flags: FlowFormChoice['tcp_flags']
}

export function lineForm({ codec, tcp_flags }: LineChoice): LineForm {
  if (codec === 'csv') return { head: Buffer.from(csvHeader), lines: toCsv }
  return { head: new Uint8Array(0), lines: (batch) => toLines(batch, { codec, tcp_flags }) }
}

/** Each row on a line of its own: an event as a CloudEvent in JSON, a flow likewise, or bare as NetObserv has it. */
function toLines(batch: SinkBatch, choice: FlowFormChoice): Lines {
  const pieces: Uint8Array[] = []
  const failures: Failure[] = []
  for (const { index, kind, event } of sinkRows(batch, flowForm(choice))) {
    try {
      const bare = kind === 'flows' && choice.codec === 'netobserv-json' ? event.data : undefined
      pieces.push(bare ?? onOneLine(encodeStructured(event)), newline)
    } catch (error) {
      failures.push({ index, is: 'reject', reason: `can't be written as a CloudEvent: ${error instanceof Error ? error.message : String(error)}` })
    }
  }
  return { bytes: Buffer.concat(pieces), failures }
}

function toCsv({ pieces }: SinkBatch): Lines {
  const failures: Failure[] = []
  let text = ''
  let index = 0
  for (const { header: { source, epoch, sourceSequence }, batch, rows, firstRow } of pieces) {
    const line = batch.kind === 'flows' ? flowCsv(batch) : undefined
    for (const row of rows) {
      if (line === undefined) failures.push({ index, is: 'reject', reason: 'an event has no place in CSV, which holds flows; give the sink `only: { family: [flow] }`' })
      else text += line(row, stableId(source, epoch, sourceSequence, firstRow + row))
      index++
    }
  }
  return { bytes: Buffer.from(text), failures }
}

const newline = Buffer.of(lineEnd)

/** Data may have been sent with line breaks; between JSON tokens (never inside a string) they mean no more than a space. */
function onOneLine(json: Buffer): Buffer {
  for (const breaking of [lineEnd, carriageReturn]) {
    for (let at = json.indexOf(breaking); at >= 0; at = json.indexOf(breaking, at)) json[at] = space
  }
  return json
}
