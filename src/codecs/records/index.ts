/** Records in text (JSON, CSV, logfmt, lines by regular expression) as points, log lines or events. */
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { flatPoints } from './flat-points.ts'
import { recordReader } from './formats.ts'
import type { RecordRules } from './rules.ts'
import { shaper } from './shape.ts'

export { exactText, type Scalar } from './formats.ts'

/** `received`: Unix ms, for records without a time. Throws with the reason if one record of the text is unreadable. */
export type RecordParser = (text: string, given: WeirEvent, received: number) => readonly WeirEvent[]

export function recordParser(rules: RecordRules): RecordParser {
  const read = recordReader(rules)
  const shape = shaper(rules)
  const flat = flatPoints(rules)
  return (text, given, received) => {
    const point = flat?.(text, given, received)
    if (point !== undefined) return [point]
    const records = read(text)
    const [first] = records
    if (records.length === 1 && first !== undefined) return [shape(first, given, given.id, received)]
    return records.map((record, index) => {
      try {
        return shape(record, given, `${given.id}#${index}`, received)
      } catch (error) {
        throw new Error(`record ${index + 1}: ${messageOf(error)}`, { cause: error })
      }
    })
  }
}

export type { RecordRules } from './rules.ts'
