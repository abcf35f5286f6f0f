import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IsolatedResult } from '../../engine/control.ts'
import { isoOf, type ExportRequest } from '../../query/plan/index.ts'
import { eventFile } from '../../topics/events/export.ts'
import { EventExportParameters } from '../../topics/events/schema.ts'
import { flowExport, storedFlowFile } from '../../topics/flows/export.ts'
import { spendExport } from '../../topics/spend/index.ts'
import { ExportParameters } from '../../topics/spend/schema.ts'
import { answerStream } from '../answer.ts'
import { abortOnDisconnect, logErrors, requireStore } from '../store-query.ts'
import { RecordCount } from '../export/count.ts'
import type { Hub } from '../live/hub.ts'
import type { ApiContext } from '../options.ts'
import { FlowExportParameters, type FlowFormat } from '../../topics/flows/parameters.ts'
import { typed } from '../request/typed.ts'
import { isoSpan, missingIn, spanSince, storedTo } from '../../topics/coverage.ts'
import { refusals, string } from '../openapi/json-schema.ts'

const mediaTypes: Readonly<Record<FlowFormat, string>> = {
  parquet: 'application/vnd.apache.parquet',
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
}

/** Number of rows; its presence proves that the response is complete. */
const rowsTrailer = 'x-weir-rows'

const schema = {
  operationId: 'exportFlows',
  summary: 'All matching flows as a file',
  description:
    'Streamed, without a row limit. Columns have the requested order. Times are ISO 8601 in UTC with full ' +
    'precision, integers are exact, missing values are empty (in CSV an empty text is `""`). ' +
    'CSV follows RFC 4180 with a header. Parquet has times in microseconds, addresses as text, and estimates ' +
    'as text because they may exceed 64 bits. ' +
    `Without \`sort\`, rows have storage order. The trailer \`${rowsTrailer}\` has the number of rows; a ` +
    'truncated response has no trailer. ' +
    'The headers X-Weir-Source, X-Weir-From and X-Weir-To describe the data. X-Weir-Lost has the times of lost ' +
    'flows, and X-Weir-Stopped those when Weir did not run, if any, as `from/to`, comma-separated. ' +
    'Closing the connection cancels the query.',
  querystring: FlowExportParameters,
  response: {
    200: {
      description: 'The rows.',
      content: {
        'text/csv': { schema: string },
        'application/x-ndjson': { schema: string },
        'application/vnd.apache.parquet': { schema: string },
      },
    },
    ...refusals,
  },
} as const

const eventSchema = {
  operationId: 'exportEvents',
  summary: 'All matching events as a file',
  description:
    'Streamed, without a row limit, with whole bodies. The trailer `x-weir-rows` has the number of rows; a truncated ' +
    'response has no trailer. Closing the connection cancels the query.',
  querystring: EventExportParameters,
  response: {
    200: {
      description: 'The rows.',
      content: { 'text/csv': { schema: string }, 'application/x-ndjson': { schema: string } },
    },
    ...refusals,
  },
} as const

const spendSchema = {
  operationId: 'exportSpend',
  summary: 'Rows of FOCUS 1.2',
  description: 'All mandatory columns, and own columns with the prefix `x_`. Decimals are exact text.',
  querystring: ExportParameters,
  response: {
    200: {
      description: 'The rows.',
      content: { 'text/csv': { schema: string }, 'application/vnd.apache.parquet': { schema: string } },
    },
    ...refusals,
  },
} as const

export function exportRoutes(app: FastifyInstance, context: ApiContext, hub: Hub): void {
  typed(app).get('/api/v1/export', { schema }, async (request, reply) => {
    const query = request.query
    const { format = 'csv' } = query
    const parsed = flowExport(query, context.host.clock.now(), request.principal)
    const disconnected = abortOnDisconnect(reply)
    // Without a writer process, Parquet is made from NDJSON.
    const { store } = context.control
    const made =
      format === 'parquet' && (store?.isolated === undefined || store.dialect === 'clickhouse') ? 'ndjson' : format
    const bytes = await source(context, hub, { ...parsed, format: made }, reply, disconnected)
    if (bytes === undefined) return reply.hijack()
    const count = { rows: 0 }
    const rows = counted(logErrors(bytes, disconnected, context.log), made, count)
    reply.header('content-disposition', `attachment; filename="weir-flows.${format}"`)
    sendCount(request, reply, count)
    return answerStream(
      request,
      reply,
      mediaTypes[format],
      format !== made
        ? (await import('../export/parquet.ts')).parquetOf(rows, parsed.columns, context.host.timers)
        : rows,
    )
  })
}

/** Without a store there are no events of a range. */
export function eventExportRoute(app: FastifyInstance, context: ApiContext): void {
  typed(app).get('/api/v1/events/export', { schema: eventSchema }, async (request, reply) => {
    const { format = 'csv' } = request.query
    const signal = abortOnDisconnect(reply)
    const surroundings = { store: requireStore(context), now: context.host.clock.now(), signal }
    const bytes = await eventFile(request.query, { ...surroundings, viewer: request.principal })
    if (bytes === undefined) return reply.hijack()
    const count = { rows: 0 }
    sendCount(request, reply, count)
    reply.header('content-disposition', `attachment; filename="weir-events.${format}"`)
    return answerStream(
      request,
      reply,
      mediaTypes[format],
      counted(logErrors(bytes, signal, context.log), format, count),
    )
  })
}

/** After the rows, their number. */
function sendCount(request: FastifyRequest, reply: FastifyReply, count: Readonly<{ rows: number }>): void {
  if (request.raw.httpVersion === '1.0') return
  reply.header('transfer-encoding', 'chunked')
  reply.trailer(rowsTrailer, async () => String(count.rows))
}

/** Without a store there are no costs. */
export function spendExportRoute(app: FastifyInstance, context: ApiContext): void {
  typed(app).get('/api/v1/spend/export', { schema: spendSchema }, async (request, reply) => {
    const { format = 'csv' } = request.query
    const signal = abortOnDisconnect(reply)
    const surroundings = { store: requireStore(context), now: context.host.clock.now(), signal }
    const bytes = await spendExport(request.query, surroundings)
    if (bytes === undefined) return reply.hijack()
    reply.header('content-disposition', `attachment; filename="weir-spend.${format}"`)
    return answerStream(request, reply, mediaTypes[format], logErrors(bytes, signal, context.log))
  })
}

async function source(
  context: ApiContext,
  hub: Hub,
  { format, ...request }: ExportRequest & Readonly<{ format: FlowFormat }>,
  reply: FastifyReply,
  disconnected: AbortSignal,
): Promise<IsolatedResult | undefined> {
  const {
    control: { store },
  } = context
  const setSpanHeaders = (from: string, span: Readonly<{ from: bigint; to: bigint }>): void =>
    void reply.headers({ 'x-weir-source': from, 'x-weir-from': isoOf(span.from), 'x-weir-to': isoOf(span.to) })
  if (store === undefined) {
    const newest = await hub.newestFlows()
    const rows = await storedFlowFile(newest.store, { ...request, format }, disconnected)
    setSpanHeaders('ring', spanSince(request.span, newest.since()))
    return rows
  }
  const { storedTo: to } = storedTo(context, request.span)
  setSpanHeaders('raw', { from: request.span.from, to: to ?? request.span.to })
  const { lost, stopped } = await missingIn(context, request)
  for (const [name, spans = []] of [
    ['x-weir-lost', lost],
    ['x-weir-stopped', stopped],
  ] as const) {
    const texts = spans.map(isoSpan).map((span) => `${span.from}/${span.to}`)
    if (texts.length > 0) reply.header(name, texts.join(', '))
  }
  return storedFlowFile(store, { ...request, format }, disconnected)
}

async function* counted(
  bytes: AsyncGenerator<Uint8Array, number | undefined>,
  format: FlowFormat,
  count: { rows: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  if (format === 'parquet') {
    count.rows = (yield* bytes) ?? 0
    return
  }
  const records = new RecordCount(format)
  for await (const piece of bytes) {
    records.take(piece)
    count.rows = records.rows
    yield piece
  }
}
