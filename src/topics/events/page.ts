/** Pages of events, whole events, and the events around one. */
import { parseWithTexts } from '../../model/exact-json.ts'
import { parsedJson } from '../../model/json.ts'
import { dialectOf, type QueryField } from '../../query/index.ts'
import {
  conditionOf,
  pageFingerprint,
  pageOf,
  pageSql,
  readCursor,
  writeCursor,
  type Cursor,
  type PageRequest,
  type RowQuery,
} from '../../query/plan/index.ts'
import { isoSpan } from '../coverage.ts'
import { readManyRows, type ManyRows } from '../many-rows.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { readRows } from '../rows.ts'
import { readSorted } from '../sorted-rows.ts'
import { moment } from '../time-span.ts'
import { withinEdge } from './edge.ts'
import {
  eventQuery,
  eventsIn,
  eventTime,
  fieldsOf,
  inTime,
  listedFields,
  previewCharacters,
  sortOf,
  textOfField,
} from './rows.ts'
import type { ContextQuery, EventContext, EventPage, EventPlace, EventRecord, EventRow, EventsQuery } from './schema.ts'

type Reading = Surroundings & ManyRows

export async function readEvents(query: EventsQuery, surroundings: Reading): Promise<EventPage> {
  const { now, viewer } = surroundings
  const { columns, cursor, sort = '-time', limit = 100 } = query
  const further = fieldsOf(columns, 'columns').map(textOfField)
  const request: PageRequest = {
    ...eventQuery(query, now, viewer),
    columns: [...listedFields, ...further],
    sort: sortOf(sort),
    limit,
    upTo: BigInt(Math.floor(now)) * 1000n,
  }
  const page = cursor === undefined ? request : continued(request, cursor)
  const { rows, next } = pageOf(page, await rowsOf(page, surroundings))
  return {
    events: rows.map((row) => rowOf(row, further)),
    next: next === undefined ? null : writeCursor(next),
    span: isoSpan(page.span),
  }
}

function continued(first: PageRequest, cursor: string): PageRequest {
  const after = readCursor(cursor, first.sort)
  if (after === undefined || after.fingerprint !== pageFingerprint(first))
    throw new Refusal(
      'WEIR_API_INVALID',
      after === undefined ? 'The cursor is invalid.' : 'The cursor belongs to another query.',
      ['Send `next` of the previous page unchanged with the parameters of the first page, or omit it to start over.'],
    )
  return { ...first, span: { from: after.from, to: after.to }, upTo: after.upTo, after }
}

/** One row more than the page if there is one. */
function rowsOf(request: PageRequest, reading: Reading): Promise<readonly Record<string, unknown>[]> {
  return request.sort[0]?.field.name === eventTime.name ? readInTime(request, reading) : readSorted(request, reading)
}

/** The time of the last row is read first: only few rows have the order within a source computed. */
async function readInTime(request: PageRequest, reading: Reading): Promise<readonly Record<string, unknown>[]> {
  const dialect = dialectOf(reading.store)
  const [{ descending } = { descending: true }] = request.sort
  const begun = request.after?.keys[0] ?? null
  const edges = {
    descending,
    limit: request.limit + 1,
    upTo: request.upTo,
    ...(begun === null ? {} : { beyond: BigInt(begun) }),
  }
  return readManyRows(reading, pageSql(request, await withinEdge(request, edges, reading), dialect))
}

function rowOf(cells: readonly unknown[], further: readonly QueryField[]): EventRow {
  const [time, received, family, type, source, subject, level, preview, pos, ...values] = cells as readonly (
    | string
    | null
  )[]
  const data = preview ?? null
  return {
    time: time ?? '',
    received: received ?? '',
    family: family ?? '',
    type: type ?? '',
    source: source ?? '',
    subject: subject ?? null,
    level: level ?? null,
    // The store counts characters.
    data: data === null ? null : Array.from(data).slice(0, previewCharacters).join(''),
    cut: data !== null && data.length > previewCharacters && Array.from(data).length > previewCharacters,
    pos: pos ?? '',
    ...(further.length === 0
      ? {}
      : { cells: Object.fromEntries(further.map(({ name }, index) => [name, values[index] ?? null])) }),
  }
}

function ofPlace({ pos, time }: EventPlace, { now, viewer, store }: Surroundings): string {
  const dialect = dialectOf(store)
  const at = time === undefined ? undefined : moment(time, 'time', now)
  const range = at === undefined ? { from: 0n, to: moment('9999-12-31', 'time', now) } : { from: at, to: at + 1n }
  const condition = conditionOf(eventsIn(range, '', viewer), dialect)
  return `FROM events WHERE ${condition} AND _pos = ${dialect.text(pos)} LIMIT 1`
}

function notFound(pos: string): Refusal {
  return new Refusal('WEIR_API_NOT_FOUND', `There is no event ${pos}.`, [
    'GET /api/v1/events lists events; expired ones are deleted.',
  ])
}

type WholeRow = Omit<EventRecord, 'data' | 'extensions' | 'pos'> &
  Readonly<{ _pos: string; body: string | null; extended: string | null }>

const attributes = 'id source type subject datacontenttype dataschema family ref key _pos data_base64'.split(' ')

export async function readEvent(of: EventPlace, surroundings: Surroundings): Promise<EventRecord> {
  const { asText, identifier, isoTime } = dialectOf(surroundings.store)
  const columns = [
    ...attributes.map(identifier),
    ...['time', 'time_received'].map((name) => `${isoTime(identifier(name))} AS ${name}_text`),
    `${asText('data')} AS body`,
    `${asText('extensions')} AS extended`,
  ]
  const [row] = await readRows<WholeRow & Readonly<{ time_text: string | null; time_received_text: string }>>(
    surroundings,
    `SELECT ${columns.join(', ')} ${ofPlace(of, surroundings)}`,
  )
  if (row === undefined) throw notFound(of.pos)
  const { _pos: pos, body, extended, time_text: time, time_received_text: received, ...event } = row
  return { ...event, time, time_received: received, pos, data: jsonOf(body), extensions: jsonOf(extended) }
}

/** Integers beyond 2^53 are texts. */
export function jsonOf(text: string | null): unknown {
  if (text === null) return null
  try {
    return parseWithTexts(text)
  } catch {
    return text
  }
}

type StreamRow = Readonly<{ us: number | string; sequence: number | string; row: number | string }> &
  Readonly<{ family: string; source: string; labels: string | null }>

const dayUs = 86_400_000_000n

export async function readContext(query: ContextQuery, surroundings: Reading): Promise<EventContext> {
  const { before = 20, after = 20 } = query
  const { store, now, viewer } = surroundings
  const dialect = dialectOf(store)
  const [time, sequence, row] = inTime('descending').map(({ field }) => field.sql?.(dialect))
  const [line] = await readRows<StreamRow>(
    surroundings,
    `SELECT ${dialect.micros(time!)} AS us, ${sequence} AS sequence, ${row} AS row, family, source, ` +
      `${dialect.jsonText('data', ['labels'])} AS labels ${ofPlace(query, surroundings)}`,
  )
  if (line === undefined) throw notFound(query.pos)
  const us = BigInt(line.us)
  const labels = line.family === 'log' ? line.labels : null
  const range = { from: us - dayUs, to: us + dayUs }
  const rowQuery = eventsIn(range, streamFilter(line, labels), viewer)
  const position: Omit<Cursor, 'fingerprint'> = {
    ...range,
    upTo: BigInt(Math.floor(now)) * 1000n,
    keys: [line.us, line.sequence, line.row],
    position: query.pos,
  }
  const side = (order: Side['order'], limit: number) =>
    limit === 0 ? none : readSide({ rowQuery, position, order, limit }, surroundings)
  const [earlier, later] = await Promise.all([side('descending', before), side('ascending', after)])
  return {
    stream: { family: line.family, source: line.source, labels: textsIn(labels) },
    before: earlier.events.toReversed(),
    after: later.events,
    more: { before: earlier.more, after: later.more },
  }
}

const none = { events: [], more: false } as const

type Side = Readonly<{
  rowQuery: RowQuery
  position: Omit<Cursor, 'fingerprint'>
  order: 'ascending' | 'descending'
  limit: number
}>

async function readSide({ rowQuery, position, order, limit }: Side, reading: Reading) {
  const request: PageRequest = {
    ...rowQuery,
    columns: listedFields,
    sort: inTime(order),
    limit,
    upTo: position.upTo,
    after: { ...position, fingerprint: '' },
  }
  const { rows, next } = pageOf(request, await readInTime(request, reading))
  return { events: rows.map((row) => rowOf(row, [])), more: next !== undefined }
}

function streamFilter({ family, source }: StreamRow, labels: string | null): string {
  const equal = (field: string, value: string) => `${field} = "${value.replaceAll(/["\\]/g, '\\$&')}"`
  const stream = `${equal('family', family)} and ${equal('source', source)}`
  if (family !== 'log') return stream
  return `${stream} and ${labels === null ? 'not exists(data.labels)' : equal('data.labels', labels)}`
}

function textsIn(labels: string | null): Readonly<Record<string, string>> {
  return (labels === null ? {} : (parsedJson(labels) ?? {})) as Readonly<Record<string, string>>
}
