import { StoreSelection } from '../../engine/store-selection.ts'
import { Runtime } from '../../engine/runtime.ts'
import { sourcesOfTransform } from '../../components/manifests.ts'
import { ackSink } from '../../schema/values.ts'
import { ConfiguredAlerts } from '../alerts.ts'
import type { WeirConfig } from '../config.ts'
import { openOps } from '../ops-server.ts'
import { reloadAll } from '../reload.ts'
import { collectingBy, type WithDelivery } from './delivery.ts'

export type WithRuntime = WithDelivery & Awaited<ReturnType<typeof openRuntime>>

/** The control of all parts, the alerts that it evaluates, and metrics and health beside it. */
export async function openRuntime(before: WithDelivery) {
  const { host, log, metrics, config, live, journal, tail, follower, sinks, ingest, sources, store, outside } = before
  const { data, delivery, workloads, runs, calls } = before
  const selection = new StoreSelection(config.store.from ?? undefined)
  const collecting = collectingBy(before)
  const runtime = new Runtime({
    host,
    log,
    metrics,
    directory: journal,
    tail,
    follower,
    sinks,
    reload: () => reload(),
    ingest: {
      append: (unit) => ingest.call('append', unit, [unit.raw.buffer as ArrayBuffer]),
      appendAgain: (unit, settled) => ingest.call('appendAgain', { unit, settled }, [unit.raw.buffer as ArrayBuffer]),
      release: (sequence) => ingest.call('release', sequence),
      status: () => sources.status(),
      feeds: () => sources.feeds(),
      health: () => sources.health(),
      manifest: (query) => sources.manifest(query),
      places: () => ingest.call('places', undefined as never),
    },
    store: store?.port,
    selection,
    outside,
    runs,
    workloads,
    shared: delivery,
    sources: () => [
      ...live.sources,
      ...Object.values(live.loaded.config.transforms).flatMap((transform) =>
        sourcesOfTransform(transform).map((id) => ({ id, type: transform.type, addresses: [] })),
      ),
    ],
    http: () => {
      const { ack, ack_timeout: ackTimeoutMs } = live.loaded.config.http
      return { ack: ackSink(ack), ackTimeoutMs }
    },
  })
  calls.runtime = runtime
  const alerts = new ConfiguredAlerts({
    host,
    log,
    metrics,
    ingest,
    runtime: () => runtime,
    loaded: () => live.loaded,
    folder: data,
    shared: delivery?.evaluation,
  })
  const reload = () => reloadAll(reloadParts(before, { collecting, selection, alerts }))
  return { collecting, runtime, alerts, reload }
}

function reloadParts(
  { host, flags, log, reveal, live, sinks, delivery, workloads, store, tail }: WithDelivery,
  {
    collecting,
    selection,
    alerts,
  }: Readonly<{
    collecting: ReturnType<typeof collectingBy>
    selection: StoreSelection
    alerts: ConfiguredAlerts
  }>,
): Parameters<typeof reloadAll>[0] {
  return {
    host,
    flags,
    log,
    reveal,
    current: () => live.loaded,
    adopt: (next) => (live.loaded = next),
    sources: collecting,
    sinks: delivery ?? sinks,
    onSources: (running) => (live.sources = running),
    async onClusters(next) {
      await workloads.use(next)
      delivery?.clusters(workloads.clusters)
      await store?.remote.call('clusters', workloads.clusters)
    },
    async onStore({ store: { from } }: WeirConfig) {
      const change = { from: from ?? undefined, after: tail.durable().sequence }
      selection.change(change.from, change.after)
      await store?.remote.call('select', change)
    },
    onAlerts: (rules) => alerts.apply(rules),
  }
}

export async function openOperations({ config, host, metrics, runtime, ingest, store, sources, live }: WithRuntime) {
  const current = () => live.loaded.config
  const ops = await openOps(config, { host, metrics, runtime, ingest, store, sources, current })
  return {
    ops,
    async [Symbol.asyncDispose]() {
      await Promise.all(ops.map((server) => server.close()))
    },
  }
}
