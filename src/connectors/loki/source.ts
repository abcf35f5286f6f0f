import type { SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import { overHttp, recordDecoder } from '../../messaging/otlp/over-http.ts'
import { openPushSource, type Decode, type PushSource } from '../../messaging/push-source.ts'
import { withSnappy } from '../../messaging/snappy-body.ts'
import { malformed, PushRefused } from '../../net/http/push-refused.ts'
import type { PushAnswer, PushRequest } from '../../net/http/receiver.ts'
import type { LokiPushConfig, lokiPushSchema } from './config.ts'
import { LineRows } from './map-lines.ts'
import { linesOfJson, linesOfProtobuf } from './map-received.ts'

export const source = defineSource<typeof lokiPushSchema>('loki-push', {
  build: openLokiPush,
  probe: probeListener,
})

export function openLokiPush(config: LokiPushConfig, context: SourceContext): Promise<PushSource> {
  return openPushSource({
    config,
    context,
    routes: {
      '/loki/api/v1/push': (request) => decode(request, config),
      '/otlp/v1/logs': (request) => decodeOtlp(request, config, context.host.clock.now()),
    },
    // Probes and compose files of Loki use it.
    ready: '/ready',
    metrics: { requests: 'weir_loki_push_requests_total', rows: 'weir_loki_push_lines_total' },
    hint: 'set the URL of the client to /loki/api/v1/push at this address',
  })
}

function tenantOf({ headers }: PushRequest, { tenants }: LokiPushConfig): string | undefined {
  const given = headers['x-scope-orgid']
  const tenant = typeof given === 'string' && given !== '' ? given : undefined
  if (tenants.length > 0 && (tenant === undefined || !tenants.includes(tenant)))
    throw new PushRefused(401, 'unauthorized', 'The tenant in X-Scope-OrgID is missing, or not in `tenants`.')
  return tenant
}

/** Collectors of OpenTelemetry export to this route of Loki. */
function decodeOtlp(request: PushRequest, config: LokiPushConfig, now: number): Decode<PushAnswer> {
  tenantOf(request, config)
  return overHttp('logs', request, recordDecoder(config, now))
}

/** Lines at fault cost no others. The answer is then 400, as that of Loki. */
function decode(request: PushRequest, config: LokiPushConfig): Decode<PushAnswer> {
  const { type, body } = request
  const { max_body: limit } = config
  const tenant = tenantOf(request, config)
  if (type !== 'application/json' && type !== 'application/x-protobuf')
    throw new PushRefused(415, 'wrong_request', 'Content-Type must be application/json or application/x-protobuf.')
  return function* (rows) {
    const lines = new LineRows(rows, config, tenant)
    try {
      yield* type === 'application/json'
        ? linesOfJson(body, lines)
        : withSnappy(request, limit, (plain) => linesOfProtobuf(plain, lines))
    } catch (error) {
      throw malformed(error)
    }
    if (rows.faults === 0) return { answer: { status: 204 } }
    const message =
      rows.faults === 1 && !rows.isAny
        ? `The request is malformed: ${rows.fault}.`
        : `${rows.faults} lines are not stored, the others are. The first: ${rows.fault}.`
    return {
      answer: { status: 400, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${message}\n` },
      refused: { reason: 'unreadable', message },
    }
  }
}
