import {
  partialSuccessBody,
  retryStatusBody,
  rpcStatusBody,
  walkOtlp,
  walkOtlpJson,
  type OtlpSignal,
  type OtlpVisitor,
} from '../../codecs/otlp/index.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import {
  openPushSource,
  type Decode,
  type MoreListeners,
  type PushSource,
  type PushTaker,
} from '../../messaging/push-source.ts'
import type { Decoding, PushedRows } from '../../messaging/pushed-rows.ts'
import { listenGrpc, type GrpcAnswer, type GrpcCall, type GrpcFailure } from '../../net/grpc-server.ts'
import { malformed, PushRefused, refusalOf } from '../../net/http/push-refused.ts'
import { bearerCheck, type PushAnswer, type PushRequest } from '../../net/http/receiver.ts'
import { revealSecret } from '../../net/secrets.ts'
import type { TlsFiles } from '../../net/tls-files.ts'
import type { OtlpSourceConfig, otlpSourceSchema } from './config.ts'
import { PointVisitor } from './map-points.ts'
import { RecordVisitor } from './map-records.ts'

export const source = defineSource<typeof otlpSourceSchema>('otlp', { build: openOtlp, probe: probeListener })

const protobuf = 'application/x-protobuf'
const json = 'application/json'

export function openOtlp(config: OtlpSourceConfig, context: SourceContext): Promise<PushSource> {
  const route = (signal: OtlpSignal) => (request: PushRequest) =>
    overHttp(signal, request, decoderOf(signal, config, context.host.clock.now()))
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
type Decoder = (rows: PushedRows, walk: (visitor: OtlpVisitor) => Decoding<void>) => Decoding<Rejected | undefined>

function decoderOf(signal: OtlpSignal, config: OtlpSourceConfig, now: number): Decoder {
  return function* (rows, walk) {
    const visitor = signal === 'logs' ? new RecordVisitor(rows, config, now) : new PointVisitor(rows, config, now)
    try {
      yield* walk(visitor)
    } catch (error) {
      throw malformed(error)
    }
    if (visitor instanceof PointVisitor) rows.left['exemplar'] = visitor.exemplars
    return rows.faults === 0 ? undefined : { rejected: rows.faults, message: rows.fault }
  }
}

function overHttp(signal: OtlpSignal, { type, body }: PushRequest, decode: Decoder): Decode<PushAnswer> {
  if (type !== protobuf && type !== json)
    throw new PushRefused(415, 'wrong_request', `Content-Type must be ${protobuf} or ${json}.`)
  return function* (rows) {
    const partial = yield* decode(rows, (visitor) =>
      type === json ? walkOtlpJson(signal, body, visitor) : walkOtlp(signal, body, visitor),
    )
    const answer = type === json ? JSON.stringify(partialJson(signal, partial)) : partialProtobuf(partial)
    return { answer: { status: 200, headers: { 'content-type': type }, body: answer } }
  }
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
const codes: Readonly<Record<number, GrpcFailure['code']>> = {
  400: 'invalid',
  401: 'unauthenticated',
  413: 'exhausted',
}
const unavailable = 14
const retryMs = 1000
const graceMs = 5000

async function openGrpc(
  config: OtlpSourceConfig,
  { host }: SourceContext,
  pushes: PushTaker,
  tls: TlsFiles | undefined,
): Promise<MoreListeners> {
  const { grpc: places, token, max_body: maxMessage } = config
  const isAllowed = bearerCheck(token === null ? undefined : revealSecret(token))
  const take = async (signal: OtlpSignal, { authorization, lease, read }: GrpcCall): Promise<GrpcAnswer> => {
    try {
      if (!isAllowed(authorization)) throw new PushRefused(401, 'unauthorized', 'The token is missing or wrong.')
      const message = await read()
      const decode = decoderOf(signal, config, host.clock.now())
      return await pushes.take(lease, function* (rows) {
        const partial = yield* decode(rows, (visitor) => walkOtlp(signal, message, visitor))
        return { answer: partialProtobuf(partial) }
      })
    } catch (error) {
      const { status, reason, message: why } = refusalOf(error)
      pushes.refuse(reason, why)
      const code = codes[status]
      return code === undefined
        ? { code: 'unavailable', why, details: retryStatusBody(unavailable, why, retryMs) }
        : { code, why }
    }
  }
  const listeners = await listenGrpc({
    places,
    tls,
    maxMessage,
    host,
    methods: {
      [grpcPaths.logs]: (call) => take('logs', call),
      [grpcPaths.metrics]: (call) => take('metrics', call),
    },
  })
  return { ...listeners, close: () => listeners.close(graceMs) }
}
