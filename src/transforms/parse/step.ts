import { exactText, recordParser, type Scalar } from '../../codecs/records/index.ts'
import type { BatchTransform } from '../../engine/contracts.ts'
import { messageOf } from '../../model/errors.ts'
import { eventAt, toEventBatch, type WeirEvent } from '../../model/events.ts'
import { parseExact } from '../../model/exact-json.ts'
import { assertShallow } from '../../model/json-depth.ts'
import type { Failure } from '../../model/outcome.ts'
import { at } from '../rows/fields.ts'
import type { ParseConfig } from './config.ts'

const fromUtf8 = new TextDecoder('utf-8', { fatal: true })

/** All records of an event are emitted, or none: a dead letter that is sent again repeats no record. */
export function parseStep(config: ParseConfig): BatchTransform {
  const parser = recordParser(config)
  const inputOf = inputReader(config.field)
  return {
    take({ batch, rows, header }) {
      if (batch.kind !== 'events') return { outputs: [], failures: [] }
      const events: WeirEvent[] = []
      const failures: Failure[] = []
      for (const [index, row] of rows.entries()) {
        const given = eventAt(batch, row)
        try {
          const results = parser(inputOf(given), given, header.received)
          for (const event of results) events.push(event)
          if (results.length === 0)
            failures.push({ index, is: 'filter', reason: 'no_records', rows: Uint32Array.of(index) })
        } catch (error) {
          const reason = messageOf(error)
          if (config.on_error === 'reject') failures.push({ index, is: 'reject', reason })
          else events.push({ ...given, extensions: { ...given.extensions, parseerror: reason.slice(0, 512) } })
        }
      }
      return { outputs: events.length === 0 ? [] : [{ to: '', batch: toEventBatch(events) }], failures }
    },
  }
}

function inputReader(field: string): (event: WeirEvent) => string {
  const [head = '', ...path] = field.split('.')
  if (head === 'data' && path.length === 0) return dataText
  return (event) => {
    const value =
      head === 'data'
        ? at(shallow(dataText(event)), path)
        : head === 'extensions'
          ? event.extensions?.[path.join('.')]
          : event[head as 'subject']
    if (value === undefined || value === null) throw new Error(`the event has no field \`${field}\``)
    return typeof value === 'object' ? exactText(value) : String(value as Scalar)
  }
}

function shallow(text: string): unknown {
  assertShallow(text)
  return parseExact(text)
}

function dataText({ data, encoding }: WeirEvent) {
  if (data === undefined || encoding === 'none') throw new Error('the event has no data')
  try {
    return fromUtf8.decode(data)
  } catch (error) {
    throw new Error('the data is not UTF-8', { cause: error })
  }
}
