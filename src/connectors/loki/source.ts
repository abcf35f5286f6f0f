import { snappyDecompress, SnappyTooLarge } from '../../codecs/snappy/decompress.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import { openPushSource, type PushedRows, type PushSource } from '../../messaging/push-source.ts'
import { messageOf } from '../../model/errors.ts'
import { PushRefused, tooLarge, type PushRequest } from '../../net/http/receiver.ts'
import type { LokiPushConfig, lokiPushSchema } from './config.ts'
import { lineEvents, linesOfJson, linesOfProtobuf } from './map-received.ts'

export const source = defineSource<typeof lokiPushSchema>('loki-push', {
  build: openLokiPush,
  probe: probeListener,
})

export function openLokiPush(config: LokiPushConfig, context: SourceContext): Promise<PushSource> {
  return openPushSource({
    config,
    context,
    routes: { '/loki/api/v1/push': (request) => decode(request, config) },
    metrics: { requests: 'weir_loki_push_requests_total', rows: 'weir_loki_push_lines_total' },
    hint: 'set the URL of the client to /loki/api/v1/push at this address',
  })
}

function decode({ headers, type, body }: PushRequest, { tenants, max_body: limit }: LokiPushConfig): PushedRows {
  const given = headers['x-scope-orgid']
  const tenant = typeof given === 'string' && given !== '' ? given : undefined
  if (tenants.length > 0 && (tenant === undefined || !tenants.includes(tenant)))
    throw new PushRefused(401, 'unauthorized', 'The tenant in X-Scope-OrgID is missing, or not in `tenants`.')
  if (type !== 'application/json' && type !== 'application/x-protobuf')
    throw new PushRefused(415, 'wrong_request', 'Content-Type must be application/json or application/x-protobuf.')
  try {
    const lines = type === 'application/json' ? linesOfJson(body) : linesOfProtobuf(snappyDecompress(body, limit))
    return { events: lineEvents(lines, tenant), answer: { status: 204 } }
  } catch (error) {
    if (error instanceof SnappyTooLarge) throw tooLarge(limit)
    throw new PushRefused(400, 'unreadable', `The request is malformed: ${messageOf(error)}.`)
  }
}
