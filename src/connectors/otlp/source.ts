import { HelpTexts } from '../../codecs/samples/index.ts'
import { retryStatusBody, rpcStatusBody, walkOtlp, type OtlpSignal } from '../../codecs/otlp/index.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import { openPushSource, type MoreListeners, type PushSource, type PushTaker } from '../../messaging/push-source.ts'
import { listenGrpc, type GrpcAnswer, type GrpcCall, type GrpcFailure } from '../../net/grpc-server.ts'
import { PushRefused, refusalOf } from '../../net/http/push-refused.ts'
import { bearerCheck, type PushRequest } from '../../net/http/receiver.ts'
import { revealSecret } from '../../net/secrets.ts'
import type { TlsFiles } from '../../net/tls-files.ts'
import type { OtlpSourceConfig, otlpSourceSchema } from './config.ts'
import { PointVisitor } from './map-points.ts'
import {
  otlpJson,
  otlpProtobuf,
  overHttp,
  partialProtobuf,
  recordDecoder,
  walked,
  type OtlpDecoder,
} from '../../messaging/otlp/over-http.ts'

export const source = defineSource<typeof otlpSourceSchema>('otlp', { build: openOtlp, probe: probeListener })

export function openOtlp(config: OtlpSourceConfig, context: SourceContext): Promise<PushSource> {
  const helps = new HelpTexts()
  const decoderAt: DecoderOf = (signal) => decoderOf(signal, config, context.host.clock.now(), helps)
  const route = (signal: OtlpSignal) => (request: PushRequest) => overHttp(signal, request, decoderAt(signal))
  return openPushSource({
    config,
    context,
    routes: { '/v1/logs': route('logs'), '/v1/metrics': route('metrics') },
    metrics: { requests: 'weir_otlp_received_requests_total', rows: 'weir_otlp_received_rows_total' },
    hint: 'set the endpoint of the exporter to this address',
    explain: (message, type) =>
      type === otlpJson
        ? { type, body: JSON.stringify({ message }) }
        : { type: otlpProtobuf, body: rpcStatusBody(message) },
    openMore: (pushes, tls) => openGrpc(config, context, decoderAt, { pushes, tls }),
  })
}

type DecoderOf = (signal: OtlpSignal) => OtlpDecoder

function decoderOf(signal: OtlpSignal, config: OtlpSourceConfig, now: number, helps: HelpTexts): OtlpDecoder {
  if (signal === 'logs') return recordDecoder(config, now)
  return function* (rows, walk) {
    const visitor = new PointVisitor(rows, config, now, helps)
    const rejected = yield* walked(rows, visitor, walk)
    rows.left['exemplar'] = visitor.exemplars
    return rejected
  }
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
  decoderAt: DecoderOf,
  { pushes, tls }: Readonly<{ pushes: PushTaker; tls: TlsFiles | undefined }>,
): Promise<MoreListeners> {
  const { grpc: places, token, max_body: maxMessage } = config
  const isAllowed = bearerCheck(token === null ? undefined : revealSecret(token))
  const take = async (signal: OtlpSignal, { authorization, lease, read }: GrpcCall): Promise<GrpcAnswer> => {
    try {
      if (!isAllowed(authorization)) throw new PushRefused(401, 'unauthorized', 'The token is missing or wrong.')
      const message = await read()
      const decode = decoderAt(signal)
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
