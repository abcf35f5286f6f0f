import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  batchedType,
  CloudEventsError,
  decodeHttp,
  invalidAttribute,
  isProtobuf,
  isProtobufBatch,
  protobufBatchType,
  protobufType,
  structuredType,
} from '../../codecs/cloudevents/index.ts'
import type { SinkOutcome, Ingested } from '../../engine/control.ts'
import type { EventBatch } from '../../model/batches.ts'
import { toEventBatch } from '../../model/events.ts'
import { encodings } from '../request/body.ts'
import type { ApiContext } from '../options.ts'
import { ApiError } from '../problems.ts'
import { integer, object, problem } from '../openapi/json-schema.ts'

const supported = [
  'application/cloudevents+json (one event)',
  'application/cloudevents-batch+json (a JSON array of events)',
  'application/cloudevents+protobuf and application/cloudevents-batch+protobuf (the same in protobuf)',
  'any other type together with ce-specversion, ce-id, ce-source and ce-type headers (binary mode)',
]

const schema = {
  operationId: 'postEvents',
  summary: 'Receive CloudEvents',
  description:
    'CloudEvents 1.0 over HTTP in binary, structured or batched mode, in JSON or protobuf. With 200, all ' +
    'events are synced to the journal ' +
    '(with `ack: sink:<id>` also settled by the sink). With any other status none was accepted. A batch is ' +
    'accepted completely or not at all. ' +
    `The body may be compressed: ${encodings.join(', ')}.`,
  response: {
    200: object(
      {
        accepted: integer,
        duplicates: { type: 'integer', description: 'Duplicates by source and id, not stored again.' },
      },
      { required: ['accepted', 'duplicates'] },
    ),
    400: problem,
    413: problem,
    415: problem,
    422: problem,
    503: problem,
  },
} as const

/** `nothing`: without a body, where clients read a body as an event (Knative). */
export function eventRoutes(
  app: FastifyInstance,
  context: ApiContext,
  path = '/events',
  answer: 'counts' | 'nothing' = 'counts',
): void {
  app.post(path, { schema, config: { body: 'raw' } }, async (request, reply) => {
    const body = rawBody(request)
    request.memory.grow(columnsPerByte * body.length)
    const counts = await takeEvents(context, request.headers, body)
    return answer === 'nothing' ? reply.code(200).send() : reply.send(counts)
  })

  app.options(
    path,
    {
      schema: {
        operationId: 'validateWebhook',
        summary: 'Validation handshake of CloudEvents web hooks',
        response: { 200: { description: 'Allowed' } },
      },
    },
    handshake,
  )
}

/** Body of a route with `body: 'raw'`. */
export const rawBody = ({ body }: Pick<FastifyRequest, 'body'>): Buffer =>
  Buffer.isBuffer(body) ? body : Buffer.alloc(0)

/** Columns of the rows, and their copy for the journal, by bytes of the body. */
export const columnsPerByte = 2

/** Throws ApiError if the events are refused, all of them. */
export async function takeEvents(
  { control, httpInvalid }: ApiContext,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<Omit<Ingested, 'outcome'>> {
  checkMediaType(headers)
  const type = headers['content-type']
  const batch =
    isProtobuf(type) || isProtobufBatch(type)
      ? await decodeProtobufBody(headers, body)
      : refusing(() => decodeHttp(headers, body))
  const invalid = httpInvalid === 'accept' ? undefined : invalidAttribute(batch)
  if (invalid !== undefined)
    throw new ApiError('WEIR_API_EVENT', `${sentence(invalid)} No event of this request was accepted.`, {
      hints: ['`http.invalid: accept` accepts such events; sinks escape them.'],
    })
  if (batch.count === 0) return { accepted: 0, duplicates: 0 }
  const { accepted, duplicates, outcome } = await control.ingest(batch)
  if (outcome !== undefined) settle(outcome)
  return { accepted, duplicates }
}

const whole = new Set([structuredType, batchedType, protobufType, protobufBatchType])

function checkMediaType(headers: IncomingHttpHeaders) {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== undefined && whole.has(type)) return
  if (type?.startsWith('application/cloudevents') !== true && headers['ce-specversion'] !== undefined) return
  throw new ApiError(
    'WEIR_API_MEDIA_TYPE',
    `Content-Type ${type === undefined ? 'is missing' : `"${type}"`} and no ce-specversion header: the ` +
      'request is not a readable CloudEvent.',
    {
      hints: supported.map((name) => `Supported: ${name}.`),
      headers: { 'accept-post': [...whole].join(', ') },
    },
  )
}

async function decodeProtobufBody(headers: IncomingHttpHeaders, body: Buffer): Promise<EventBatch> {
  const { decodeProtobuf, decodeProtobufBatch } = await import('../../codecs/cloudevents/protobuf.ts')
  return refusing(() =>
    toEventBatch(isProtobuf(headers['content-type']) ? [decodeProtobuf(body)] : decodeProtobufBatch(body)),
  )
}

function refusing(read: () => EventBatch): EventBatch {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof CloudEventsError)) throw error
    throw new ApiError(
      error.problem === 'too-large' ? 'WEIR_API_TOO_LARGE' : 'WEIR_API_EVENT',
      `${sentence(error.message)} No event of this request was accepted.`,
    )
  }
}

function sentence(text: string) {
  const start = text.charAt(0).toUpperCase() + text.slice(1)
  return start.endsWith('.') ? start : `${start}.`
}

/** With a subscribed sink, success means delivery. */
export function settle(outcome: SinkOutcome): void {
  switch (outcome.is) {
    case 'delivered':
      return
    case 'pending':
      throw new ApiError(
        'WEIR_API_PENDING',
        'The events are in the journal, but the sink has not settled them yet. Send them again: duplicates ' +
          'are recognized by source and id.',
        {
          headers: { 'retry-after': '5' },
        },
      )
    case 'dead-lettered':
      throw new ApiError(
        'WEIR_API_DEAD_LETTERED',
        `The sink rejected ${outcome.rows} of the events; they are among its dead ` +
          `letters.${outcome.reason === undefined ? '' : ` ${sentence(outcome.reason)}`}`,
        {
          hints: ['`weir dead-letters list` shows them with the reason.'],
        },
      )
    case 'dropped':
      throw new ApiError('WEIR_API_DROPPED', `The sink dropped the events (${outcome.reason}).`)
  }
}

/** HTTP 1.1 Web Hooks for Event Delivery, section 4. */
function handshake(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.header('allow', 'POST, OPTIONS')
  const origin = request.headers['webhook-request-origin']
  if (typeof origin === 'string') reply.header('webhook-allowed-origin', origin).header('webhook-allowed-rate', '*')
  return reply.code(200).send()
}
