import type { SourceContext } from '../../engine/contracts.ts'
import { defineSource } from '../../engine/define.ts'
import { probeListener } from '../../messaging/push-probe.ts'
import { openPushSource, type Decode, type PushSource } from '../../messaging/push-source.ts'
import type { PushedRows } from '../../messaging/pushed-rows.ts'
import { withSnappy } from '../../messaging/snappy-body.ts'
import { PushRefused } from '../../net/http/push-refused.ts'
import type { PushAnswer, PushRequest } from '../../net/http/receiver.ts'
import type { RemoteWriteSourceConfig, remoteWriteSourceSchema } from './config.ts'
import { decodeV1, decodeV2, Metadata } from './map-versions.ts'

export const source = defineSource<typeof remoteWriteSourceSchema>('remote-write', {
  build: openRemoteWrite,
  probe: probeListener,
})

export function openRemoteWrite(config: RemoteWriteSourceConfig, context: SourceContext): Promise<PushSource> {
  const metadata = new Metadata()
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

const histogramText =
  'native histograms are not stored: let the sender scrape classic histograms too ' +
  '(`always_scrape_classic_histograms`) and set `send_native_histograms: false`. Samples are stored.'
const exemplarText = 'exemplars are not stored: set `send_exemplars: false`. Samples are stored.'

function seriesText({ faults, fault }: PushedRows): string {
  return `${faults} series are not stored, the others are. The first: ${fault}.`
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
  // Old clients omit the encoding.
  if ((headers['content-encoding'] ?? 'snappy') !== 'snappy')
    throw new PushRefused(415, 'wrong_request', 'Content-Encoding must be snappy.')
  return (rows) =>
    withSnappy(request, config.max_body, function* (body) {
      const { samples, histograms, exemplars } = yield* isV2
        ? decodeV2(body, rows, config, metadata)
        : decodeV1(body, rows, config, metadata)
      const texts = rows.faults === 0 ? [] : [seriesText(rows)]
      for (const [reason, count, text] of [
        ['native_histogram', histograms, histogramText],
        ['exemplar', exemplars, exemplarText],
      ] as const) {
        if (count === 0) continue
        texts.push(`${count} ${text}`)
        rows.leave(reason, count, text)
      }
      const written = {
        'x-prometheus-remote-write-samples-written': String(samples),
        'x-prometheus-remote-write-histograms-written': '0',
        'x-prometheus-remote-write-exemplars-written': '0',
      }
      if (rows.faults === 0) return { answer: { status: 204, headers: written } }
      const refusal = texts.join(' ')
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
