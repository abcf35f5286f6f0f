import { flowNames, memberOrder, type Expression, type QueryField } from '../../query/index.ts'
import {
  pageFingerprint as fingerprintOf,
  pageOf,
  readCursor,
  writeCursor,
  type PageRequest,
  type SortKey,
  type TimeSpan,
} from '../../query/plan/index.ts'
import { listOf } from '../comma-list.ts'
import type { Coverage } from '../coverage.ts'
import type { Surroundings } from '../operation.ts'
import { Refusal } from '../refusal.ts'
import { columnOf } from './columns.ts'
import { frameOf } from './frame.ts'
import type { FlowsQuery } from './parameters.ts'
import { plainField, rowQueryOf, unknownField } from './row-query.ts'
import type { FlowPage } from './schema.ts'

/** `source`: raw, or ring for flows in memory. One row more than the page if there is one. */
export type PageRows = Coverage &
  Readonly<{ rows: readonly Record<string, unknown>[]; span: TimeSpan; source: string; exact?: boolean }>

/** How the rows of a page are read: from the store, or without one from the newest flows in memory. */
export type PageReader = Readonly<{ readPage: (request: PageRequest) => Promise<PageRows> }>

const received = 'time_received'

const defaultColumns = [
  'time_received',
  'time_start',
  'time_end',
  'src_addr',
  'src_name',
  'src_port',
  'dst_addr',
  'dst_name',
  'dst_port',
  'proto',
  'bytes',
  'packets',
  'bytes_est',
  'packets_est',
  'sampling',
  'exporter_addr',
  'src_label',
  'dst_label',
  '_pos',
]

/** Single flows, page by page. */
export async function readFlowPage(
  query: FlowsQuery,
  surroundings: Pick<Surroundings, 'now' | 'viewer'> & PageReader,
): Promise<FlowPage> {
  const request = pageRequest(query, surroundings)
  const result = await surroundings.readPage(request)
  const { rows, next } = pageOf(request, result.rows)
  const facts = { ...result, ...(next === undefined ? {} : { next: writeCursor(next) }) }
  return frameOf(request.columns.map(columnOf), rows, result.span, facts)
}

function pageRequest(query: FlowsQuery, { now, viewer }: Pick<Surroundings, 'now' | 'viewer'>): PageRequest {
  const { filter, ...rowQuery } = rowQueryOf(query, 'time_received', now, viewer)
  const sort = sortOf(query.sort ?? (rowQuery.time.name === 'flow_time' ? '-time_received' : `-${rowQuery.time.name}`))
  // Ties: descending receive time.
  if (!sort.some(({ field }) => field.name === received))
    sort.push({ field: plainField(received, 'sort'), descending: true })
  const first: PageRequest = {
    ...rowQuery,
    filter: query.pos === undefined ? filter : { is: 'and', parts: [filter, hasPosition(query.pos)] },
    columns: columnsOf(query.columns),
    sort,
    limit: query.limit ?? 100,
    ...(query.backwards === 'true' ? { backwards: true } : {}),
    upTo: BigInt(Math.floor(now)) * 1000n,
  }
  if (query.cursor === undefined) return first
  const after = readCursor(query.cursor, sort)
  if (after === undefined)
    throw new Refusal('WEIR_API_INVALID', 'The cursor is invalid.', [
      'Send `next` of the previous page unchanged, or omit it to start over.',
    ])
  if (after.fingerprint !== fingerprintOf(first)) {
    throw new Refusal('WEIR_API_INVALID', 'The cursor belongs to another query.', [
      'Filter, both_ways, reporters, time and sort must be those of the first page. Omit the cursor to start over.',
    ])
  }
  return { ...first, span: { from: after.from, to: after.to }, upTo: after.upTo, after }
}

function hasPosition(text: string): Expression {
  return { is: 'test', subject: { name: '_pos' }, operator: '=', values: [{ is: 'literal', text, quoted: true }] }
}

export function sortOf(written: string | undefined): SortKey[] {
  return listOf(written).flatMap((item) => {
    const descending = item.startsWith('-')
    const field = plainField(descending ? item.slice(1) : item, 'sort')
    const fields = field.member === undefined ? [field] : memberOrder(field)
    return fields.map((part) => ({ field: part, descending }))
  })
}

export function columnsOf(written: string | undefined): readonly QueryField[] {
  if (written === '*') return flowNames.fields
  const names = listOf(written)
  return (names.length === 0 ? defaultColumns : names).map((defaultColumn) => {
    const field = flowNames.field(flowNames.resolve(defaultColumn) ?? '')
    if (field === undefined) throw unknownField(defaultColumn, 'columns')
    return field
  })
}
