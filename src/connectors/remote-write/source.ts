import { snappyDecompress, SnappyTooLarge } from '../../codecs/snappy/decompress.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import { openPushSource, type PushedRows, type PushSource } from '../../messaging/push-source.ts'
import { messageOf } from '../../model/errors.ts'
import { PushRefused, tooLarge, type PushRequest } from '../../net/http/receiver.ts'
import type { PointData } from '../../model/points.ts'
import type { RemoteWriteSourceConfig, remoteWriteSourceSchema } from './config.ts'
import { samplesOfV1, samplesOfV2, type ReceivedSamples } from './map-received.ts'

export const source = defineSource<typeof remoteWriteSourceSchema>('remote-write', {
  build: openRemoteWrite,
  probe: probeListener,
})

export function openRemoteWrite(config: RemoteWriteSourceConfig, context: SourceContext): Promise<PushSource> {
  const metadata = new Map<string, NonNullable<PointData['kind']>>()
  const decode = (request: PushRequest) => decodeWith(request, config.max_body, metadata)
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
function decodeWith(
  { headers, type, body }: PushRequest,
  limit: number,
  metadata: Map<string, NonNullable<PointData['kind']>>,
): PushedRows {
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
  let received: ReceivedSamples
  try {
    const plain = snappyDecompress(body, limit)
    received = isV2 ? samplesOfV2(plain) : samplesOfV1(plain, metadata)
  } catch (error) {
    if (error instanceof SnappyTooLarge) throw tooLarge(limit)
    throw new PushRefused(400, 'unreadable', `The request is malformed: ${messageOf(error)}.`)
  }
  const { events, samples, histograms, exemplars } = received
  return {
    events,
    left: { native_histogram: histograms, exemplar: exemplars },
    answer: {
      status: 204,
      headers: {
        'x-prometheus-remote-write-samples-written': String(samples),
        'x-prometheus-remote-write-histograms-written': '0',
        'x-prometheus-remote-write-exemplars-written': '0',
      },
    },
  }
}
