import { flowForm } from '../../codecs/flow-forms/index.ts'
import type { SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import { sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { parseExact } from '../../model/exact-json.ts'
import { fieldsOf, isRecord, type Fields } from '../../model/json.ts'
import type { Failure } from '../../model/outcome.ts'
import type { InfluxdbConfig } from './config.ts'
import {
  escapeName,
  fieldText,
  inMeasurement,
  inTag,
  tagText,
  timeText,
  type Drop,
  type FieldType,
} from './map-line.ts'

export type Line = Readonly<{ index: number; bytes: Uint8Array }>

/** A line, or the outcome of a row without one. */
export type MapLines = (batch: SinkBatch, drop: Drop) => Generator<Line | Failure>

type Row = Readonly<{
  name: string
  tags: Iterable<readonly [string, string]>
  fields: Iterable<readonly [string, unknown, FieldType]>
}>

const flows = flowForm({ codec: 'json', tcp_flags: 'number' })
const attributes = ['source', 'type', 'subject'] as const

type Choice = Pick<InfluxdbConfig, 'measurement' | 'tags' | 'fields' | 'types'>

export function linesOf(choice: Choice): MapLines {
  const types = new Map(Object.entries(choice.types))
  const tagNames = new Set(choice.tags)
  const fieldNames = new Set(choice.fields)
  const forms = { point: pointRow, other: otherRow }
  return function* lines(batch, drop) {
    const rows = sinkRows(batch, flows)
    for (const piece of batch.pieces)
      for (const at of piece.rows) {
        const row = rows.next().value as SinkRow
        try {
          const text = lineOf(row, timeOf(row, piece, at), drop)
          yield text === undefined
            ? { index: row.index, is: 'drop', reason: 'no field has a value that line protocol can hold' }
            : { index: row.index, bytes: Buffer.from(text) }
        } catch (error) {
          yield { index: row.index, is: 'reject', reason: messageOf(error) }
        }
      }
  }

  function lineOf(row: SinkRow, time: string, drop: Drop): string | undefined {
    const data = dataOf(row.event)
    const isPoint = row.family === 'point' && isRecord(data['fields'])
    const { name, tags, fields } = forms[isPoint ? 'point' : 'other'](row, data)
    let values = ''
    for (const [key, value, type] of fields) {
      const text = fieldText(value, types.get(key) ?? type, drop)
      if (text !== undefined) values += `${values === '' ? '' : ','}${escapeName(key, inTag, drop)}=${text}`
    }
    if (isPoint) for (const _ of Object.keys(fieldsOf(data['special']))) drop('not_a_number')
    if (values === '') return undefined
    const sorted = [...tags].sort(([a], [b]) => (a < b ? -1 : 1))
    let head = escapeName(choice.measurement ?? name, inMeasurement, drop)
    for (const [key, value] of sorted) head += tagText(key, value, drop)
    return `${head} ${values} ${time}\n`
  }

  function pointRow(_: SinkRow, { name, labels, fields }: Fields): Row {
    return {
      name: String(name),
      tags: Object.entries(fieldsOf(labels)).map(([key, value]) => [key, String(value)] as const),
      fields: Object.entries(fieldsOf(fields)).map(([key, value]) => [key, value, typeOf(value)] as const),
    }
  }

  function otherRow({ event, family }: SinkRow, data: Fields): Row {
    const flat = new Map(flattened(data, ''))
    const tags: (readonly [string, string])[] = []
    for (const tag of choice.tags) {
      const value = flat.get(tag) ?? attributes.map((one) => (one === tag ? event[one] : undefined)).find(Boolean)
      if (value !== undefined) tags.push([tag, String(value)])
    }
    const isFlow = family === 'flow'
    const fields: (readonly [string, unknown, FieldType])[] = []
    for (const [key, value] of flat) {
      const isChosen =
        fieldNames.size > 0
          ? fieldNames.has(key)
          : !tagNames.has(key) && (typeof value !== 'string' || isFlow || (family === 'log' && key === 'line'))
      if (isChosen) fields.push([key, value, isFlow && isWhole(value) ? 'int' : typeOf(value)])
    }
    if (fields.length === 0) throw new Error(noFields)
    return { name: family, tags, fields }
  }
}

const noFields = 'the row has no numeric field; name its members in `fields`, or let the sink take `only` other rows'

const isWhole = (value: unknown) => typeof value === 'bigint' || Number.isSafeInteger(value)

function typeOf(value: unknown): FieldType {
  if (typeof value === 'string') return 'text'
  return typeof value === 'boolean' ? 'bool' : 'float'
}

function dataOf({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  return fieldsOf(parseExact(Buffer.from(data.buffer, data.byteOffset, data.length).toString()))
}

/** Members of nested objects are joined by `_`. Lists have no form in line protocol. */
function* flattened(data: Fields, prefix: string): Generator<readonly [string, string | number | bigint | boolean]> {
  for (const [key, value] of Object.entries(data)) {
    if (isRecord(value)) yield* flattened(value, `${prefix}${key}_`)
    else if (value !== null && typeof value !== 'object') yield [prefix + key, value as string]
  }
}

/**
 * A point of equal name, tags and time replaces the earlier one. Rows that are no points get the digits below the
 * millisecond from their place in the journal, so that each is stored.
 */
function timeOf({ event, family }: SinkRow, { header, firstRow }: SinkPiece, row: number): string {
  const ms = event.time ?? header.received
  const below =
    family === 'point'
      ? Math.min(999, Math.round((ms - Math.floor(ms)) * 1000)) * 1000
      : ((header.sourceSequence % 1_000_000) * 8191 + firstRow + row) % 1_000_000
  return timeText(ms, below)
}
