import { createHash } from 'node:crypto'
import { encodeStructured } from '../../codecs/cloudevents/index.ts'
import { flowForm } from '../../codecs/flow-forms/index.ts'
import { isoTime } from '../../codecs/flow-json/index.ts'
import type { SinkBatch } from '../../engine/contracts.ts'
import { sinkRows, type SinkRow } from '../../engine/delivery/rows.ts'
import { onOneLine } from '../../messaging/lines.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { parseRaw } from '../../model/exact-json.ts'
import { isRecord, type Fields } from '../../model/json.ts'
import type { Failure } from '../../model/outcome.ts'
import type { ElasticsearchConfig } from './config.ts'
import { indexNames } from './map-index.ts'

export type Document = Readonly<{
  index: number
  target: string
  /** Action line and source, each with its line end. */
  bytes: Uint8Array
  source: Uint8Array
}>

export type MapDocuments = (batch: SinkBatch) => Generator<Document | Failure>

const flows = flowForm({ codec: 'json', tcp_flags: 'number' })
const newline = Buffer.from('\n')

type Choice = Pick<ElasticsearchConfig, 'index' | 'document' | 'id'>

export function documentsOf({ index: pattern, document, id: identity }: Choice): MapDocuments {
  const names = indexNames(pattern)
  const write = writers[document]
  return function* documents(batch) {
    const received = receivedOf(batch)
    for (const row of sinkRows(batch, flows)) {
      const { index, event } = row
      try {
        const time = event.time ?? received[index] ?? 0
        // Parsed once, and only if needed.
        let parsed: Fields | undefined
        const data = () => (parsed ??= fieldsIn(event))
        const source = write({ row, time: isoTime(time), data })
        const target = names(row, time, data)
        const id = identity === 'row' ? row.id : identityOf(event)
        const action = Buffer.from(`${JSON.stringify({ create: { _index: target, _id: id } })}\n`)
        yield { index, target, source, bytes: Buffer.concat([action, source, newline]) }
      } catch (error) {
        yield { index, is: 'reject', reason: messageOf(error) }
      }
    }
  }
}

/** Id of fixed length: the server limits an id to 512 bytes. */
function identityOf({ source, id }: WeirEvent): string {
  return createHash('sha256').update(source).update('\0').update(id).digest('base64url').slice(0, 27)
}

type Parts = Readonly<{ row: SinkRow; time: string; data: () => Fields }>

const writers: Readonly<Record<ElasticsearchConfig['document'], (parts: Parts) => Uint8Array>> = {
  event({ row, time }) {
    const event = onOneLine(encodeStructured(row.event))
    return Buffer.concat([Buffer.from(`{"@timestamp":"${time}",`), event.subarray(1)])
  },

  data({ row, time, data }) {
    const { datacontenttype: type = 'no data' } = row.event
    const fields = data()
    if (row.event.encoding !== 'json') throw new Error(`\`document: data\` needs JSON, and this is ${type}`)
    const { '@timestamp': value, ...others } = fields
    const kept = value === undefined || value === time ? {} : { [unusedName('@timestamp_', fields)]: value }
    return Buffer.from(JSON.stringify({ '@timestamp': time, ...others, ...kept }))
  },

  telegraf({ row: { event, family }, time, data }) {
    const fields = data()
    const isPoint = family === 'point' && isRecord(fields['fields'])
    const name = isPoint ? String(fields['name']) : family
    const origin = { source: event.source, type: event.type, ...(event.subject && { subject: event.subject }) }
    const tag = isPoint ? (fields['labels'] ?? {}) : origin
    const values = isPoint ? { ...(fields['fields'] as Fields), ...(fields['special'] as Fields) } : fields
    const members = { '@timestamp': time, measurement_name: name, tag }
    return Buffer.from(JSON.stringify({ ...members, [unusedName(name, members)]: values }))
  },
}

/** The name, with `_` behind it while the document has another member of this name. */
function unusedName(name: string, members: Fields): string {
  return Object.hasOwn(members, name) ? unusedName(`${name}_`, members) : name
}

/** Numbers keep all digits. */
function fieldsIn({ encoding, data }: WeirEvent): Fields {
  if (encoding !== 'json' || data === undefined) return {}
  const value = parseRaw(Buffer.from(data.buffer, data.byteOffset, data.length).toString())
  if (isRecord(value) && !isRaw(value)) return value
  throw new Error('the data is JSON, but not an object')
}

const isRaw = (value: Fields) => Object.keys(value).length === 1 && Object.isFrozen(value) && 'rawJSON' in value

function receivedOf({ pieces, count }: SinkBatch): Float64Array {
  const times = new Float64Array(count)
  let at = 0
  for (const { header, rows } of pieces) times.fill(header.received, at, (at += rows.length))
  return times
}
