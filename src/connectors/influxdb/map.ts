import { flowForm } from '../../codecs/flow-forms/index.ts'
import type { SinkBatch, SinkPiece } from '../../engine/contracts.ts'
import { sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import { messageOf } from '../../model/errors.ts'
import { dataEncodings, type EventBatch } from '../../model/batches.ts'
import { ByteBuffer, fragmentOf } from '../../model/byte-buffer.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { parseExact } from '../../model/exact-json.ts'
import { fieldsOf, isRecord, type Fields } from '../../model/json.ts'
import type { Failure } from '../../model/outcome.ts'
import type { InfluxdbConfig } from './config.ts'
import { seriesText, timeText, typeOf, unreservedField, withField, type Drop, type FieldType } from './map-line.ts'
import { pointLines } from './map-point.ts'

export type Line = Readonly<{ index: number; bytes: Uint8Array }>

/** A line, or the outcome of a row without one. */
export type MapLines = (batch: SinkBatch, drop: Drop) => Generator<Line | Failure>

type Members = Readonly<{
  tags: (readonly [string, string])[]
  fields: (readonly [string, unknown, FieldType])[]
}>

/** Undefined: no field has a value that line protocol can hold; null: the line is in `out`. */
type WriteLine = (row: number, drop: Drop, out: ByteBuffer) => string | undefined | null

const flows = flowForm({ codec: 'json', tcp_flags: 'number' })
const noMicroseconds = fragmentOf('000000\n')
/** Bytes that suffice for most lines. */
const lineBytes = 100
const attributes = ['source', 'type', 'subject'] as const

type Choice = Pick<InfluxdbConfig, 'measurement' | 'tags' | 'fields' | 'types'>

export function linesOf(choice: Choice): MapLines {
  const types = new Map(Object.entries(choice.types))
  const tagNames = new Set(choice.tags)
  const fieldNames = new Set(choice.fields)
  const points = pointLines(choice)
  return function* lines(batch, drop) {
    const out = new ByteBuffer(lineBytes * batch.count)
    let index = 0
    for (const piece of batch.pieces) {
      const write = piece.batch.kind === 'events' ? eventLines(piece, piece.batch) : flowLines(batch, piece)
      for (const row of piece.rows) {
        try {
          const from = out.at
          const text = write(row, drop, out)
          if (typeof text === 'string') out.utf8(text)
          // A larger buffer leaves earlier lines where they are.
          yield text === undefined
            ? { index, is: 'drop', reason: 'no field has a value that line protocol can hold' }
            : { index, bytes: out.slice(from) }
        } catch (error) {
          yield { index, is: 'reject', reason: messageOf(error) }
        }
        index++
      }
    }
  }

  function eventLines(piece: SinkPiece, batch: EventBatch): WriteLine {
    const { data, family, encoding, time, dictionary } = batch
    const texts = Buffer.from(data.bytes.buffer, data.bytes.byteOffset, data.bytes.length)
    return (row, drop, out) => {
      const isPoint = dictionary[family[row] ?? 0] === 'point' && dataEncodings[encoding[row] ?? 0] === 'json'
      if (isPoint) {
        const [from, to] = [data.offsets[row]!, data.offsets[row + 1]!]
        const given = time[row] ?? Number.NaN
        const at = Number.isNaN(given) ? piece.header.received : given
        if (points.bytes.append(data.bytes, from, to, out)) {
          endLine(at, out)
          return null
        }
        const line = points.line(texts.toString('utf8', from, to), pointTime(at), drop)
        if (line !== undefined) return line ?? undefined
      }
      const event = eventAt(batch, row)
      return lineOf(event, event.family ?? 'event', timeOf(event, piece, row), drop)
    }
  }

  function flowLines(batch: SinkBatch, piece: SinkPiece): WriteLine {
    const rows = sinkRows({ ...batch, pieces: [piece] }, flows)
    return (row, drop) => {
      const { event, family } = rows.next().value as SinkRow
      return lineOf(event, family, timeOf(event, piece, row), drop)
    }
  }

  function lineOf(event: WeirEvent, family: string, time: string, drop: Drop): string | undefined {
    const { tags, fields } = membersOf(event, family)
    let values = ''
    const names = new Set(fields.map(([key]) => key))
    for (const [key, value, type] of fields)
      values = withField(values, unreservedField(key, names), value, types.get(key) ?? type, drop)
    if (values === '') return undefined
    return `${seriesText(choice.measurement ?? family, tags, drop)} ${values} ${time}\n`
  }

  function membersOf(event: WeirEvent, family: string): Members {
    const flat = new Map<string, string | number | bigint | boolean>()
    for (const [name, value] of flattened(dataOf(event), '')) flat.set(unusedName(name, flat), value)
    const tags: (readonly [string, string])[] = []
    for (const tag of choice.tags) {
      const value =
        flat.get(tag) ?? attributes.map((attribute) => (attribute === tag ? event[attribute] : undefined)).find(Boolean)
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
    return { tags, fields }
  }
}

const noFields = 'the row has no numeric field; name its members in `fields`, or let the sink take `only` other rows'

const isWhole = (value: unknown) => typeof value === 'bigint' || Number.isSafeInteger(value)

function dataOf({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  return fieldsOf(parseExact(Buffer.from(data.buffer, data.byteOffset, data.length).toString()))
}

/** `a: { b }` and `a_b` are two values: the later one gets `_` behind its name. */
function unusedName(name: string, names: { has(name: string): boolean }): string {
  let unused = name
  while (names.has(unused)) unused += '_'
  return unused
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
function timeOf({ time }: WeirEvent, { header, firstRow }: SinkPiece, row: number): string {
  return timeText(time ?? header.received, ((header.sourceSequence % 1_000_000) * 8191 + firstRow + row) % 1_000_000)
}

function endLine(ms: number, out: ByteBuffer) {
  out.byte(32)
  if (Number.isSafeInteger(ms) && ms !== 0) {
    out.integer(ms)
    out.fragment(noMicroseconds)
  } else {
    out.utf8(pointTime(ms))
    out.byte(10)
  }
}

function pointTime(ms: number): string {
  return timeText(ms, Math.min(999, Math.round((ms - Math.floor(ms)) * 1000)) * 1000)
}
