import { aggregatorOf, exposition, expositionChunks, type FlowAggregator } from '../../codecs/flow-metrics/index.ts'
import type { Context, Preview, Probe, Sink, SinkBatch } from '../../engine/contracts.ts'
import { defineSink } from '../../engine/define.ts'
import { RecentTokens } from '../../engine/delivery/recent-tokens.ts'
import { revealSecret } from '../../net/secrets.ts'
import { TlsFiles } from '../../net/tls-files.ts'
import { ScrapeServer } from './client.ts'
import type { PrometheusConfig, prometheusSchema } from './config.ts'

export const sink = defineSink<typeof prometheusSchema>('prometheus', {
  accepts: ['flows'],
  idempotency: 'token',
  build: openPrometheus,
})

const upkeepMs = 5000

async function openPrometheus(config: PrometheusConfig, context: Context): Promise<Sink> {
  const { id, host, log, metrics } = context
  const aggregator = aggregatorOf(config)
  const tokens = new RecentTokens()
  const tls = config.tls === null ? undefined : await tlsFiles(config.tls, context)
  let scrapes = 0
  const server = await ScrapeServer.open({
    places: config.listen,
    tls,
    token: () => (config.token === null ? undefined : revealSecret(config.token)),
    timers: host.timers,
    log,
    metrics(format) {
      scrapes++
      return {
        parts: expositionChunks(aggregator, format),
        done: () => {
          scrapes--
        },
      }
    },
    scraped: (outcome) => metrics.count('weir_prometheus_requests_total', 1, { sink: id, outcome }),
  })
  const upkeep = host.timers.every(upkeepMs, () => {
    // A scrape in progress has numbers of label sets.
    if (scrapes === 0) aggregator.sweep(host.clock.now())
    metrics.set('weir_flow_metrics_sets', aggregator.size, { sink: id })
    tls?.renew(`sink ${id}`, log, () => server.renew()).catch(() => undefined)
  })
  return {
    send(batch, signal) {
      const reason = signal.aborted ? 'not counted: the sink is stopping' : server.problem
      if (reason !== undefined)
        return Promise.resolve(Array.from({ length: batch.count }, (_, index) => ({ index, is: 'retry', reason })))
      if (!tokens.has(batch.token)) {
        countFlows(aggregator, batch, host.clock.now())
        tokens.add(batch.token)
        const surplus = aggregator.takeSurplus()
        if (surplus > 0)
          metrics.count('weir_flow_metrics_surplus_samples_total', surplus, { sink: id, reason: 'max_series' })
      }
      return Promise.resolve([])
    },
    probe: () => Promise.resolve(probeOf(server)),
    preview: (batch) => previewOf(config, batch, host.clock.now()),
    async close() {
      upkeep.cancel()
      await server.close()
    },
  }
}

function tlsFiles(
  { cert_file, key_file, client_ca_file: ca_file }: NonNullable<PrometheusConfig['tls']>,
  { host }: Context,
) {
  return TlsFiles.open({ cert_file, key_file, ca_file }, host.disk)
}

function countFlows(aggregator: FlowAggregator, { pieces }: SinkBatch, now: number) {
  for (const { batch, rows } of pieces) if (batch.kind === 'flows') aggregator.add(batch, rows, now)
}

function probeOf({ problem, addresses }: ScrapeServer): Probe {
  return problem === undefined
    ? { is: 'ok', message: `it serves scrapes at ${addresses.join(' and ')}` }
    : { is: 'fail', message: problem }
}

function* previewOf(config: PrometheusConfig, { pieces }: SinkBatch, now: number): Generator<Preview> {
  for (const { batch, rows } of pieces)
    for (const row of rows) {
      const alone = aggregatorOf(config)
      if (batch.kind === 'flows') alone.add(batch, Uint32Array.of(row), now)
      const text = exposition(alone, 'prometheus').replaceAll(/^#.*\n/gm, '')
      yield text === '' ? { problem: 'no metric includes this flow' } : { to: '/metrics', body: Buffer.from(text) }
    }
}
