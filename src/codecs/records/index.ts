/** Records in text (JSON, CSV, logfmt, lines by regular expression) as points, log lines or events. */
import { ByteBuffer } from '../../model/byte-buffer.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { flatPoints } from './flat-points.ts'
import { recordReader, type ParsedRecord } from './formats.ts'
import type { RecordRules } from './rules.ts'
import { LabelTooLong, shaper } from './shape.ts'
import { telemetryTypes } from '../../model/points.ts'

export { exactText, type Scalar } from './formats.ts'

/**
 * `received`: Unix ms, for records without a time. Throws with the reason if one record of the text is unreadable. Of
 * several records, one with a label above the bound is an event with the reason in the extension `parseerror`.
 */
export type RecordParser = (text: string, given: WeirEvent, received: number) => readonly WeirEvent[]

export function recordParser(rules: RecordRules): RecordParser {
  const read = recordReader(rules)
  const shape = shaper(rules)
  const flat = flatEvents(rules)
  return (text, given, received) => {
    const point = flat?.(text, given, received)
    if (point !== undefined) return [point]
    const records = read(text)
    const [first] = records
    if (records.length === 1 && first !== undefined) return [shape(first, given, given.id, received)]
    return records.map((record, index) => {
      const id = `${given.id}#${index}`
      try {
        return shape(record, given, id, received)
      } catch (error) {
        if (error instanceof LabelTooLong) return unshaped(record, given, id, error.message)
        throw new Error(`record ${index + 1}: ${messageOf(error)}`, { cause: error })
      }
    })
  }
}

function unshaped({ text }: ParsedRecord, given: WeirEvent, id: string, reason: string): WeirEvent {
  const { datacontenttype: _, dataschema: __, ...rest } = given
  return {
    ...rest,
    id,
    extensions: { ...given.extensions, parseerror: reason.slice(0, 512) },
    encoding: 'text',
    data: Buffer.from(text),
  }
}

/** Row of a point that `flatPoints` reads. */
export function pointRow<Given extends WeirEvent>(given: Given, rules: RecordRules, time: number) {
  return {
    ...given,
    family: 'point',
    type: telemetryTypes.point,
    subject: rules.name ?? '',
    time,
    datacontenttype: 'application/json',
    encoding: 'json',
  } as const
}

function flatEvents(rules: RecordRules) {
  const flat = flatPoints(rules)
  if (flat === undefined) return undefined
  const out = new ByteBuffer()
  return (text: string, given: WeirEvent, received: number): WeirEvent | undefined => {
    if (given.extensions !== undefined || given.dataschema !== undefined || !text.isWellFormed()) return undefined
    out.at = 0
    const at = flat(Buffer.from(text), given.time, out)
    if (at === undefined) return undefined
    return { ...pointRow(given, rules, Number.isNaN(at) ? received : at), data: out.copy() }
  }
}

export { flatPoints } from './flat-points.ts'
export type { RecordRules } from './rules.ts'
