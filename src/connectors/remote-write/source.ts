import type { SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import { openPushSource, type Decode, type PushSource } from '../../messaging/push-source.ts'
import { withSnappy } from '../../messaging/snappy-body.ts'
import { PushRefused } from '../../net/http/push-refused.ts'
import type { PushAnswer, PushRequest } from '../../net/http/receiver.ts'
import type { RemoteWriteSourceConfig, remoteWriteSourceSchema } from './config.ts'
import { decodeV1, decodeV2, type Metadata } from './map-versions.ts'

export const source = defineSource<typeof remoteWriteSourceSchema>('remote-write', {
  build: openRemoteWrite,
  probe: probeListener,
})

export function openRemoteWrite(config: RemoteWriteSourceConfig, context: SourceContext): Promise<PushSource> {
  const metadata: Metadata = new Map()
  const decode = (request: PushRequest) => decodeWith(request, config, metadata)
  return openPushSource({
    config,
    context,
    routes: { '/api/v1/write': decode, '/api/v1/push': decode },
    metrics: {
      requests: 'weir_remote_write_received_requests_total',
      rows: 'weir_remote_write_received_samples_total',
    },
    hint: 'set the URL of `remote_write` to /api/v1/write at this address',
  })
}

const v2Message = 'io.prometheus.write.v2.Request'

/** A sender falls back to 1.0 after 415. Without the headers of written samples, it takes a receiver for an old one. */
function decodeWith(request: PushRequest, config: RemoteWriteSourceConfig, metadata: Metadata): Decode<PushAnswer> {
  const { headers, type } = request
  const message = /;\s*proto=\s*"?([\w.]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'prometheus.WriteRequest'
  const isV2 = message === v2Message
  if (type !== 'application/x-protobuf' || (!isV2 && message !== 'prometheus.WriteRequest'))
    throw new PushRefused(
      415,
      'wrong_request',
      'Content-Type must be application/x-protobuf of remote write 1.0 or 2.0.',
    )
  if (headers['content-encoding'] !== 'snappy')
    throw new PushRefused(415, 'wrong_request', 'Content-Encoding must be snappy.')
  return (rows) =>
    withSnappy(request, config.max_body, function* (body) {
      const { samples, histograms, exemplars } = yield* isV2
        ? decodeV2(body, rows, config)
        : decodeV1(body, rows, config, metadata)
      for (const [reason, count] of Object.entries({ native_histogram: histograms, exemplar: exemplars }))
        rows.left[reason] = (rows.left[reason] ?? 0) + count
      const written = {
        'x-prometheus-remote-write-samples-written': String(samples),
        'x-prometheus-remote-write-histograms-written': '0',
        'x-prometheus-remote-write-exemplars-written': '0',
      }
      if (rows.faults === 0) return { answer: { status: 204, headers: written } }
      const refusal = `${rows.faults} series are not stored, the others are. The first: ${rows.fault}.`
      return {
        answer: {
          status: 400,
          headers: { ...written, 'content-type': 'text/plain; charset=utf-8' },
          body: `${refusal}\n`,
        },
        refused: { reason: 'unreadable', message: refusal },
      }
    })
}
