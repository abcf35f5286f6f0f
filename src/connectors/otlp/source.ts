import { decodeOtlp, partialSuccessBody, rpcStatusBody, type OtlpSignal } from '../../codecs/otlp/index.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import {
  openPushSource,
  type MoreListeners,
  type PushedRows,
  type PushSource,
  type PushTaker,
} from '../../messaging/push-source.ts'
import { messageOf } from '../../model/errors.ts'
import { isRecord, type Fields } from '../../model/json.ts'
import { assertShallow } from '../../model/json-depth.ts'
import { listenGrpc, type GrpcAnswer, type GrpcCall, type GrpcFailure } from '../../net/grpc-server.ts'
import { bearerCheck, PushRefused, type PushRequest } from '../../net/http/receiver.ts'
import { revealSecret } from '../../net/secrets.ts'
import type { TlsFiles } from '../../net/tls-files.ts'
import type { OtlpSourceConfig, otlpSourceSchema } from './config.ts'
import { pointEvents } from './map-points.ts'
import { recordEvents } from './map-records.ts'

export const source = defineSource<typeof otlpSourceSchema>('otlp', { build: openOtlp, probe: probeListener })

const protobuf = 'application/x-protobuf'
const json = 'application/json'

export function openOtlp(config: OtlpSourceConfig, context: SourceContext): Promise<PushSource> {
  const now = () => context.host.clock.now()
  const route = (signal: OtlpSignal) => (request: PushRequest) => overHttp(signal, request, now())
  return openPushSource({
    config,
    context,
    routes: { '/v1/logs': route('logs'), '/v1/metrics': route('metrics') },
    metrics: { requests: 'weir_otlp_received_requests_total', rows: 'weir_otlp_received_rows_total' },
    hint: 'set the endpoint of the exporter to this address',
    explain: (message, type) =>
      type === json ? { type, body: JSON.stringify({ message }) } : { type: protobuf, body: rpcStatusBody(message) },
    openMore: (pushes, tls) => openGrpc(config, context, pushes, tls),
  })
}

type Rejected = Readonly<{ rejected: number; message: string }>
type Rows = Omit<PushedRows, 'answer'> & Readonly<{ partial: Rejected | undefined }>

function rowsOf(signal: OtlpSignal, decode: () => Fields, now: number): Rows {
  try {
    const request = decode()
    if (signal === 'logs') return { events: recordEvents(request, now), partial: undefined }
    const { events, exemplars, rejected, message } = pointEvents(request, now)
    return {
      events,
      left: { exemplar: exemplars, invalid_point: rejected },
      partial: rejected === 0 ? undefined : { rejected, message },
    }
  } catch (error) {
    throw new PushRefused(400, 'unreadable', `The request is malformed: ${messageOf(error)}.`)
  }
}

function overHttp(signal: OtlpSignal, { type, body }: PushRequest, now: number): PushedRows {
  if (type !== protobuf && type !== json)
    throw new PushRefused(415, 'wrong_request', `Content-Type must be ${protobuf} or ${json}.`)
  const decode = type === json ? () => objectOf(body) : () => decodeOtlp(signal, body)
  const { partial, ...rows } = rowsOf(signal, decode, now)
  const answer = type === json ? JSON.stringify(partialJson(signal, partial)) : partialProtobuf(partial)
  return { ...rows, answer: { status: 200, headers: { 'content-type': type }, body: answer } }
}

function objectOf(body: Uint8Array): Fields {
  assertShallow(body)
  let given: unknown
  try {
    given = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch (error) {
    throw new Error('the body is not valid JSON', { cause: error })
  }
  if (!isRecord(given)) throw new Error('the body is no object')
  return given
}

function partialJson(signal: OtlpSignal, partial: Rejected | undefined) {
  if (partial === undefined) return {}
  const field = signal === 'logs' ? 'rejectedLogRecords' : 'rejectedDataPoints'
  return { partialSuccess: { [field]: String(partial.rejected), errorMessage: partial.message } }
}

function partialProtobuf(partial: Rejected | undefined): Uint8Array {
  return partial === undefined ? new Uint8Array(0) : partialSuccessBody(partial)
}

const grpcPaths = {
  logs: '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
  metrics: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
} as const
const codes: Readonly<Record<number, GrpcFailure['code']>> = { 400: 'invalid', 401: 'unauthenticated' }
/** Messages in progress, as a multiple of the largest. */
const maxMessages = 4
const graceMs = 5000

async function openGrpc(
  { grpc: places, token, max_body: maxMessage }: OtlpSourceConfig,
  context: SourceContext,
  pushes: PushTaker,
  tls: TlsFiles | undefined,
): Promise<MoreListeners> {
  const isAllowed = bearerCheck(token === null ? undefined : revealSecret(token))
  let held = 0
  const take = async (signal: OtlpSignal, { message, authorization }: GrpcCall): Promise<GrpcAnswer> => {
    held += message.length
    try {
      if (!isAllowed(authorization)) throw new PushRefused(401, 'unauthorized', 'The token is missing or wrong.')
      if (held > maxMessages * maxMessage)
        throw new PushRefused(503, 'busy', 'Too many requests are in progress; send it again.')
      const { partial, ...rows } = rowsOf(signal, () => decodeOtlp(signal, message), context.host.clock.now())
      await pushes.take({ ...rows, answer: { status: 200 } })
      return partialProtobuf(partial)
    } catch (error) {
      const refused =
        error instanceof PushRefused ? error : new PushRefused(503, 'not_synced', `Append failed: ${messageOf(error)}`)
      pushes.refuse(refused.reason, refused.message)
      return { code: codes[refused.status] ?? 'unavailable', why: refused.message }
    } finally {
      held -= message.length
    }
  }
  const listeners = await listenGrpc({
    places,
    tls,
    maxMessage,
    timers: context.host.timers,
    methods: {
      [grpcPaths.logs]: (call) => take('logs', call),
      [grpcPaths.metrics]: (call) => take('metrics', call),
    },
  })
  return { ...listeners, close: () => listeners.close(graceMs) }
}
