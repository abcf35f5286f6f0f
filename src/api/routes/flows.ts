import type { FastifyInstance } from 'fastify'
import type { StoreReader } from '../../engine/control.ts'
import type { Host } from '../../host/index.ts'
import { dialectOf, flowNames, memberOrder, type Expression, type QueryField } from '../../query/index.ts'
import {
  amongKeys,
  cutInTies,
  keysSql,
  pageOf,
  pageSql,
  pageFingerprint as fingerprintOf,
  readCursor,
  windowsOf,
  writeCursor,
  type PageRequest,
  type SortKey,
  type TimeSpan,
} from '../../query/plan/index.ts'
import type { Principal } from '../access/principal.ts'
import { answerRows } from '../answer.ts'
import { asSmall } from '../fair/store.ts'
import { abortOnDisconnect, manyRowsOf } from '../store-query.ts'
import { answerGroups } from '../groups.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { answerFrame, answerProperties, columnOf, plainField, rowQueryOf, unknownField } from '../query-parameters.ts'
import { FlowsParameters, type FlowsQuery } from '../../topics/flows/parameters.ts'
import { typed } from '../typed.ts'
import { listOf } from '../../topics/comma-list.ts'
import { ringPage } from '../ring/page.ts'
import { missingIn, storedTo, type Missing } from '../../topics/coverage.ts'
import { sumProperties } from '../sum-parameters.ts'
import { integer, object, refusals } from '../json-schema.ts'

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

const sums = object({ groups: integer, ...sumProperties })

export const flowSchemas = {
  FlowPage: object(
    {
      ...answerProperties,
      others: {
        ...sums,
        description: 'With `group`: sums of the remaining groups. Rows and others add up to the total.',
      },
      total: { ...sums, description: 'With `group`: sums of all groups.' },
    },
    { required: ['columns', 'rows', 'next', 'source', 'span', 'exact'] },
  ),
} as const

const schema = {
  operationId: 'flows',
  summary: 'Matching flows, page by page',
  description:
    'Sorted over the whole result. All pages show the state at the time of the first page: no row appears ' +
    'twice, and new rows do not extend ' +
    'the result.',
  querystring: FlowsParameters,
  response: { 200: { $ref: 'FlowPage#' }, ...refusals },
} as const

export function flowRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  typed(app).get('/api/v1/flows', { schema }, async (request, reply) => {
    const { query } = request
    if (query.group !== undefined) return answerGroups(request, query, reply, { context, hub })
    const foreign = (['by', 'measure', 'of', 'offset', 'source', 'sums', 'beside'] as const).find(
      (name) => query[name] !== undefined,
    )
    if (foreign !== undefined)
      throw new ApiError('WEIR_API_INVALID', `"${foreign}" applies to groups, and "group" is missing.`, {
        hints: ['Pages of flows support `sort` and `columns`.'],
      })
    const parsed = pageRequest(query, context.host.clock.now(), request.principal)
    const {
      control: { store },
    } = context
    const disconnected = abortOnDisconnect(reply)
    const answer =
      store === undefined
        ? await ringPage(hub.ringSource(), parsed, disconnected)
        : await storePage(store, context, parsed, disconnected)
    if (answer === undefined) return reply.hijack()
    const { rows, next } = pageOf(parsed, answer.rows)
    const facts = {
      ...answer,
      source: store === undefined ? 'ring' : 'raw',
      ...(next === undefined ? {} : { next: writeCursor(next) }),
    }
    return answerRows(
      request,
      reply,
      answerFrame(parsed.columns.map(columnOf), rows, answer.span, facts),
      context.host.timers,
    )
  })
}

async function storePage(
  store: StoreReader,
  context: ApiContext,
  request: PageRequest,
  disconnected: AbortSignal,
): Promise<(Missing & Readonly<{ rows: Record<string, unknown>[]; span: TimeSpan; storedTo?: bigint }>) | undefined> {
  const unstored = storedTo(context, request.span)
  const rows = await readPage(store, request, disconnected, context.host)
  return rows === undefined
    ? undefined
    : { rows, span: request.span, ...(await missingIn(context, request)), ...unstored }
}

/** Parts of the span until the page is full. If the page is in another order, its keys are read first. */
async function readPage(
  store: StoreReader,
  request: PageRequest,
  disconnected: AbortSignal,
  host: Host,
): Promise<Record<string, unknown>[] | undefined> {
  const dialect = dialectOf(store)
  const windows = windowsOf(request, (await store.sums?.())?.flows.hours ?? [], dialect)
  if (windows !== undefined) return readWindows(store, request, windows, { disconnected, host })
  let keys: Record<string, unknown>[] | undefined
  for (const ties of [false, true]) {
    const sql = keysSql(request, ties, dialect)
    if (sql === undefined) return manyRowsOf(store, pageSql(request, undefined, dialect), disconnected, host)
    keys = await manyRowsOf(store, sql, disconnected, host)
    if (keys === undefined || !cutInTies(request, keys)) break
  }
  // Rows added later belong to no page.
  if (keys === undefined || keys.length === 0) return keys
  return manyRowsOf(store, pageSql(request, amongKeys(request, keys, dialect), dialect), disconnected, host)
}

async function readWindows(
  store: StoreReader,
  request: PageRequest,
  windows: readonly string[],
  { disconnected, host }: Readonly<{ disconnected: AbortSignal; host: Host }>,
): Promise<Record<string, unknown>[] | undefined> {
  const rowsFound: Record<string, unknown>[] = []
  for (const [at, window] of windows.entries()) {
    const sql = pageSql({ ...request, limit: request.limit - rowsFound.length }, window, dialectOf(store))
    const read = () => manyRowsOf(store, sql, disconnected, host)
    // The first parts of a range have few rows.
    const rows = await (at < 2 && at < windows.length - 1 ? asSmall(read) : read())
    if (rows === undefined) return undefined
    rowsFound.push(...rows)
    if (rowsFound.length > request.limit) break
  }
  return rowsFound
}

function pageRequest(query: FlowsQuery, now: number, principal: Principal): PageRequest {
  const { filter, ...rowQuery } = rowQueryOf(query, 'time_received', now, principal)
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
    throw new ApiError('WEIR_API_INVALID', 'The cursor is invalid.', {
      hints: ['Send `next` of the previous page unchanged, or omit it to start over.'],
    })
  if (after.fingerprint !== fingerprintOf(first)) {
    throw new ApiError('WEIR_API_INVALID', 'The cursor belongs to another query.', {
      hints: [
        'Filter, both_ways, reporters, time and sort must be those of the first page. Omit the cursor to start over.',
      ],
    })
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
