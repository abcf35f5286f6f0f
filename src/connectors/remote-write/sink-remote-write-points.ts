import type { Context, Preview, Sink, SinkBatch } from '../../engine/contracts.ts'
import { withBehindFailed } from '../../engine/delivery/behind-failed.ts'
import { deliverInHalves, type HalvesAnswer } from '../../engine/delivery/in-halves.ts'
import { defineSink } from '../../engine/define.ts'
import { Pusher } from './client.ts'
import type { RemoteWritePointsConfig, remoteWritePointsSchema } from './config.ts'
import { shorten } from './map.ts'
import { SampleNames, samplesIn } from './map-points.ts'

const requestBytes = 4 * 1024 * 1024

export const sink = defineSink<typeof remoteWritePointsSchema>('remote-write-points', {
  accepts: ['events'],
  idempotency: 'id',
  build: openPoints,
})

async function openPoints(config: RemoteWritePointsConfig, context: Context): Promise<Sink> {
  // Receivers of 2.0 accept 1.0 too. A request of 1.0 is any number of encoded rows.
  const pusher = await Pusher.open({ ...config, protocol: 'v1' }, context)
  const { metrics, id, host } = context
  const names = new SampleNames()
  const drop = () => metrics.count('weir_remote_write_dropped_values_total', 1, { sink: id, reason: 'type' })

  async function write(rows: readonly Uint8Array[], signal: AbortSignal): Promise<HalvesAnswer> {
    const answer = await pusher.write(Buffer.concat(rows), signal)
    if (answer.is === 'accepted') return undefined
    if (answer.is === 'retry') return answer
    const text = shorten(answer.text)
    const reason = `${answer.status}${text === '' ? '' : `: ${text}`}`
    if (answer.divisible) return { is: 'divide', reason }
    return { is: 'items', items: rows.map(() => ({ is: 'reject', reason }) as const) }
  }

  return {
    async send(batch, signal) {
      const limits = { rows: config.request_samples, bytes: requestBytes }
      const options = { limits, budgetMs: config.timeout, clock: host.clock, signal }
      const rows = samplesIn(batch, config.labels, drop, names)
      // The same sample again is accepted.
      return withBehindFailed(batch, await deliverInHalves(rows, options, (parts) => write(parts, signal)))
    },
    probe: (signal) => pusher.probe(signal),
    *preview(batch: SinkBatch): Generator<Preview> {
      const rows = samplesIn(batch, config.labels, () => {}, new SampleNames())
      for (const row of rows.toSorted((a, b) => a.index - b.index))
        yield 'is' in row ? { problem: row.reason } : { to: config.url, body: row.bytes }
    },
    close: () => Promise.resolve(pusher.close()),
  }
}
