import { encodeStructured } from '../../codecs/cloudevents/index.ts'
import { flowJson } from '../../codecs/flow-json/index.ts'
import type { SinkBatch } from '../../engine/ports.ts'
import { sinkRows } from '../../engine/rows.ts'
import type { Failure } from '../../model/outcome.ts'

const lineEnd = 0x0a
const carriageReturn = 0x0d
const space = 0x20

export interface Lines {
  /** The lines of all rows that can be written, in order. */
  readonly bytes: Uint8Array
  readonly failures: readonly Failure[]
}

/** Each row as a CloudEvent in JSON on a line of its own. */
export function toLines(batch: SinkBatch): Lines {
  const pieces: Uint8Array[] = []
  const failures: Failure[] = []
  for (const { index, event } of sinkRows(batch, flowJson)) {
    try {
      pieces.push(onOneLine(encodeStructured(event)), newline)
    } catch (error) {
      failures.push({ index, is: 'reject', reason: `can't be written as a CloudEvent: ${error instanceof Error ? error.message : String(error)}` })
    }
  }
  return { bytes: Buffer.concat(pieces), failures }
}

const newline = Buffer.of(lineEnd)

/** Data may have been sent with line breaks; between JSON tokens (never inside a string) they mean no more than a space. */
function onOneLine(json: Buffer): Buffer {
  for (const breaking of [lineEnd, carriageReturn]) {
    for (let at = json.indexOf(breaking); at >= 0; at = json.indexOf(breaking, at)) json[at] = space
  }
  return json
}
