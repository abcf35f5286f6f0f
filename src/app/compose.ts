import { generatedName, generatedToken } from '../api/access/generated-token.ts'
import { isLoopback } from '../api/guard.ts'
import { Follower } from '../engine/follower.ts'
import { counterLease } from '../engine/sources/lease.ts'
import { connect } from '../engine/rpc.ts'
import { storeSink } from '../engine/ledger/ledger.ts'
import { StoreSelection } from '../engine/store-selection.ts'
import { endsWithin } from '../engine/stopping.ts'
import { Runtime } from '../engine/runtime.ts'
import { DeadLetterFile } from '../engine/delivery/dead-letter-file.ts'
import { recordFiles } from '../engine/delivery/record-store.ts'
import { lowestPosition, SinkSet } from '../engine/delivery/sinks.ts'
import type { SourceEntry, SourceReport } from '../engine/sources/sources.ts'
import type { Host } from '../host/index.ts'
import { realMachine } from '../host/machine.ts'
import { self } from '../host/process.ts'
import { realThread } from '../host/thread.ts'
import { SharedTail } from '../journal/tail.ts'
import { WeirError } from '../model/errors.ts'
import { nowhere } from '../model/positions.ts'
import { staticResolver, WorkloadResolver } from '../identity/index.ts'
import { loadSink } from '../registry.ts'
import { metricTable, sourcesOfTransform, transformSchemas, typesThatEmit } from '../manifests.ts'
import { ackSink, type Secret } from '../schema/values.ts'
import { lineWriter, ProgramLog } from '../telemetry/log.ts'
import { collectWhenIdle } from '../telemetry/memory.ts'
import { MetricStore } from '../telemetry/metrics.ts'
import { TlsFiles } from '../net/tls-files.ts'
import { openTraces } from '../net/traces.ts'
import type { WeirConfig } from './config.ts'
import { loadedTransform } from './transforms.ts'
import { prepareMemory } from './memory-plan.ts'
import { RunTimes } from './run-times.ts'
import { geoFiles, liveLimits, nameSettings, sinkEntries, sourceEntries } from './config-entries.ts'
import { apiTokens, oidcSettings } from './config-auth.ts'
import type { ConfigArguments, Loaded } from './load-config.ts'
import { dataError, makeDataFolder, takeLock } from './lock.ts'
import { nodeVersion, version } from './version.ts'
import type { ingestMethods, IngestStart } from './workers/ingest.ts'
import { serveIngest, type IngestCalls } from './ingest-calls.ts'
import { ConfiguredAlerts } from './alerts.ts'
import { openOps } from './ops-server.ts'
import { sharedStart } from './shared.ts'
import { SharedDelivery } from './shared-delivery.ts'
import { shutDown } from './shutdown.ts'
import type { RunningWeir } from './start.ts'
import { SourceWorkers, throwFailed } from './source-workers.ts'
import { openStorePort, storeRetention } from './store-port.ts'
import { reloadAll } from './reload.ts'
import { spawner } from './threads.ts'
import { journalLimits, smallVolume, smallVolumeAdvice } from './volume.ts'
import { waitForFiles } from './wait-for-files.ts'
import { Workloads } from './workloads.ts'

const renewMs = 30_000
/** Time for the store to commit the journal when Weir stops. */
const settleMs = 5_000
/** Time for its files to close: under overload the start reads the rest from the journal. */
const storeMs = 3_000
const abandonMs = 2_000

export async function compose(
  host: Host,
  loaded: Loaded,
  flags: ConfigArguments,
  { failed, onFailed }: Readonly<{ failed: Promise<Error>; onFailed: (error: Error) => void }>,
): Promise<RunningWeir> {
  const { config } = loaded
  const data = config.data
  const write = lineWriter((line) => self.stderr(line), config.log.format)
  const metrics = new MetricStore({ table: metricTable })
  const log = new ProgramLog({ clock: host.clock, timers: host.timers, write, metrics, level: config.log.level })
  const reveal = (secret: Secret) => secret.reveal(self.env, (path) => self.readTextFile(path))
  if (loaded.empty.length > 0)
    log.warn('The configuration file is empty: Weir runs with its defaults.', { file: loaded.empty.join(', ') })
  const traces = await openTraces({ ...config.telemetry.traces, version, host, log, metrics })
  const [configured, oidc] = [apiTokens(config.auth, reveal), oidcSettings(config.auth, reveal)]
  await waitForFiles(host, config, log)
  await makeDataFolder(host, data)
  const lock = await takeLock(host, data)
  const closing: (() => unknown)[] = [() => lock.release()]
  const small = await smallVolume(host, config, data)
  if (small !== undefined)
    log.warn('The volume of the data folder is smaller than what Weir may write.', {
      volume: small,
      advice: smallVolumeAdvice,
    })
  const generated =
    configured.length > 0 || oidc !== undefined || isLoopback(config.listen.host)
      ? undefined
      : await generatedToken(host, data)
  const tokens = generated === undefined ? configured : [{ name: generatedName, token: generated.token }]
  try {
    const plan = prepareMemory(config, self, host.memory)
    const spawn = spawner({ write, metrics, level: config.log.level, traces, ...plan }, onFailed)
    const ingestWorker = spawn('ingest')
    const ingest = connect<typeof ingestMethods>(ingestWorker)
    const shared = sharedStart(config, reveal)
    const storeWorker = config.store.enabled !== 'parquet' || shared?.serves === false ? undefined : spawn('store')
    failed.then((error) => ingest.fail(error)).catch(() => {})
    const apiModule = import('../api/index.ts')

    const lease = counterLease(host, `${data}/epoch`)
    const epoch = await lease.acquire()
    const journal = `${data}/journal`
    const tail = new SharedTail()
    const offsets = await recordFiles(host, journal).all()
    const store =
      storeWorker === undefined ? undefined : await openStorePort(storeWorker, config, host, tail, lock.claim)
    const evidence = [
      ...offsets.map(({ position, accepted }) => ({ position, accepted })),
      ...(store === undefined ? [] : [store.evidence]),
    ]
    const start: IngestStart = {
      directory: journal,
      state: `${data}/state`,
      epoch,
      limits: await journalLimits(host, config, data),
      evidence,
      tail: tail.memory,
      duplicates: { events: config.duplicates.events, ageMs: config.duplicates.age },
      geo: geoFiles(config),
      claim: lock.claim,
      ...(shared === undefined ? {} : { shared }),
    }
    const calls: IngestCalls = { store: store?.port }
    serveIngest(ingestWorker, calls)
    const begun = await ingest.call('start', start)
    ingest.call('fenced', undefined as never).catch(onFailed)
    store?.remote.call('fenced', undefined as never).catch(onFailed)
    const thread = realThread()
    const memory = () => ({ used: thread.resident(), limit: realMachine.memory().limit })
    const runs = await RunTimes.open({ host, log, memory }, config)
    const sources = new SourceWorkers({
      ingest,
      spawn: () => spawn('watch'),
      start: {
        directory: journal,
        state: start.state,
        epoch,
        tail: tail.memory,
        ...storeRetention(config),
        ...(shared === undefined ? {} : { shared }),
      },
    })
    const accepted = new Map(begun.sources.map((source) => [source.name, source.accepted]))
    const storeStatus = store?.evidence.status
    const places = [
      ...offsets.map(({ record }) => record.position),
      ...(store === undefined ? [] : [store.evidence.position]),
    ]
    // With a shared journal the bus has the positions of sinks.
    const follower = new Follower({
      host,
      directory: journal,
      tail,
      after: places.length === 0 ? { sequence: 0, row: 0 } : lowestPosition(places),
      accepted: shared?.serves === false ? new Map() : accepted,
      before: shared?.serves === false ? [] : begun.sources,
    })
    const delivering: { sinks?: SinkSet } = {}
    const outside =
      config.store.enabled !== 'clickhouse' || shared?.serves === false
        ? undefined
        : await (
            await import('./clickhouse-store.ts')
          ).ClickHouseStore.open({ host, log, metrics, config, tail, sinks: () => delivering.sinks })
    const networks = await staticResolver(host, config.identity.networks ?? undefined, log)
    const workloads = await Workloads.open({
      networks,
      host,
      log,
      metrics,
      journal,
      tail,
      config,
      follows: shared?.serves ?? true,
      store:
        store !== undefined
          ? { reader: store.port.reader, position: store.evidence.position }
          : outside === undefined
            ? undefined
            : {
                reader: outside.reader,
                position: offsets.find(({ sink }) => sink === storeSink)?.record.position ?? nowhere,
              },
    })
    if (store !== undefined && storeStatus !== undefined) {
      follower.follow(storeSink, storeStatus.sequence, () => true, Object.entries(store.evidence.accepted))
      await store.remote.call('follow', { journal, tail: tail.memory, clusters: workloads.clusters })
    }
    const sinks = new SinkSet({
      host,
      log,
      metrics,
      traces,
      directory: journal,
      deadLetters: (sink) => new DeadLetterFile(host, `${data}/dead-letters`, sink),
      tail,
      follower,
      load: async (type) =>
        type in transformSchemas
          ? (await loadedTransform(type))({
              cursor: (id) => ingest.call('cursor', id),
              append: (unit) => ingest.call('append', unit),
            })
          : loadSink(type),
      accepted: () => follower.accepted(),
      enrichment: () => workloads.enrichment,
    })
    if (shared === undefined) delivering.sinks = sinks
    calls.sinks = sinks
    const delivery =
      shared === undefined
        ? undefined
        : await SharedDelivery.open(shared, {
            host,
            log,
            metrics,
            traces,
            data,
            names: nameSettings(config),
            networks,
            maxBytes: config.journal.max,
            load: loadSink,
            loadTransform: (type) => (type in transformSchemas ? loadedTransform(type) : undefined),
          })
    delivery?.clusters(workloads.clusters)
    let current = loaded
    const onClusters = async (next: WeirConfig) => {
      await workloads.use(next)
      delivery?.clusters(workloads.clusters)
      await store?.remote.call('clusters', workloads.clusters)
    }
    const selection = new StoreSelection(config.store.from ?? undefined)
    const onStore = async ({ store: { from } }: WeirConfig) => {
      const change = { from: from ?? undefined, after: tail.durable().sequence }
      selection.change(change.from, change.after)
      await store?.remote.call('select', change)
    }
    const collecting = {
      apply: (entries: readonly SourceEntry[]) => sources.apply(shared?.collects === false ? [] : entries),
    }
    let reports: readonly SourceReport[] = []
    const reload = () =>
      reloadAll({
        host,
        flags,
        log,
        current: () => current,
        adopt: (next) => (current = next),
        sources: collecting,
        sinks: delivery ?? sinks,
        reveal,
        onSources: (running) => (reports = running),
        onClusters,
        onStore,
        onAlerts: (rules) => alerts.apply(rules),
      })
    const runtime = new Runtime({
      host,
      log,
      metrics,
      directory: journal,
      tail,
      follower,
      sinks,
      reload,
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
        ...reports,
        ...Object.values(current.config.transforms).flatMap((transform) =>
          sourcesOfTransform(transform).map((id) => ({ id, type: transform.type, addresses: [] })),
        ),
      ],
      http: () => ({ ack: ackSink(current.config.http.ack), ackTimeoutMs: current.config.http.ack_timeout }),
    })
    const links = { runtime: () => runtime, consoleUrl: () => current.config.console.url, shared: delivery?.evaluation }
    const alerts = new ConfiguredAlerts({ host, log, metrics, ingest, ...links })
    calls.runtime = runtime
    const sinksUp = await (delivery ?? sinks).apply(sinkEntries(config, loaded.document, loaded.filter))
    if (sinksUp.failed !== undefined)
      throw new WeirError('WEIR_CONFIG_INVALID', `sink ${sinksUp.failed.id}: ${sinksUp.failed.message}`)
    const sourcesUp = await collecting.apply(sourceEntries(config, reveal))
    throwFailed(sourcesUp)
    reports = sourcesUp.running
    runs.begin()
    // Not earlier: only after the start of all sources their needed frames are known.
    const house = new AbortController()
    const housekeeping = Promise.all([runtime.runMaintenance(house.signal), outside?.watch(house.signal)])
    const { startApi } = await apiModule
    let leaving = false
    const resolver = new WorkloadResolver(networks, workloads.follower.projection.workloads, () => workloads.named())
    const certificate = config.tls === null ? undefined : await TlsFiles.open(config.tls, host.disk)
    const api = await startApi({
      tls: certificate?.certificate,
      control: runtime,
      listen: config.listen,
      auth: { tokens, sessionMs: config.auth.session, ...(oidc === undefined ? {} : { oidc }) },
      httpAuth: config.http.auth,
      httpInvalid: config.http.invalid,
      eventsListen: config.http.listen,
      limits: liveLimits(config),
      log,
      metrics,
      host,
      version,
      resolver,
      folder: data,
      draining: () => leaving,
      quickFilters: () => current.config.console.quick_filters,
      budgets: () => current.config.spend.budgets,
      alerts: () => alerts.running,
      dashboards: () => current.config.dashboards ?? undefined,
      auditTypes: typesThatEmit('audit'),
    })
    if (certificate !== undefined) {
      const renew = () => api.renew(certificate.certificate)
      host.timers.every(renewMs, () => void certificate.renew('the API', log, renew))
    }
    const parts = { host, metrics, runtime, ingest, store, sources, current: () => current.config }
    const ops = await openOps(config, parts)
    alerts.apply(loaded.alerts, api.url)
    lock.announce({ url: api.url, ops: ops[0]?.url })
    metrics.set('weir_build_info', 1, { version, node: nodeVersion })
    runtime.ready()
    self.keepCompiled()
    collectWhenIdle(host, thread, plan.collections)
    if (api.eventsUrls.length > 0) log.info('source http runs', { addresses: api.eventsUrls.join(' ') })
    for (const { id, addresses } of reports)
      log.info(`source ${id} runs`, addresses.length === 0 ? {} : { addresses: addresses.join(' ') })

    const stop = async () => {
      leaving = true
      runtime.leave()
      await host.timers.sleep(current.config.drain)
      runtime.drain()
      const settledBy = host.clock.monotonic() + settleMs
      await shutDown({ host, log }, [
        ['the API', () => api.close()],
        ['the alerts', () => alerts.stop()],
        ['the sources', () => sources.stop().then(() => runs.end())],
        [
          'the store',
          () => {
            const left = Math.max(0, settledBy - host.clock.monotonic())
            return Promise.race([store?.port.settled(tail.durable().sequence), host.timers.sleep(left)])
          },
        ],
        [
          'the sinks',
          async () => {
            await sinks.stop()
            await delivery?.stop()
          },
        ],
        [
          'threads and files',
          async () => {
            await workloads.stop()
            house.abort()
            await housekeeping
            await follower.close()
            const stored = store?.remote.call('stop', undefined as never) ?? Promise.resolve()
            if (!(await endsWithin(stored, storeMs, host.timers)))
              log.warn('The store did not close in time. It reads the missing rows from the journal at the next start.')
            await ingest.call('stop', undefined as never)
            await traces?.close()
            await Promise.all(ops.map((server) => server.close()))
            await lease.release()
            await runs.close()
          },
        ],
      ])
      lock.release()
      log.flush()
    }
    const abandon = async () => {
      leaving = true
      runtime.leave()
      const closing = [sinks.stop(), delivery?.stop(), store?.remote.call('stop', undefined as never)]
      await Promise.race([Promise.allSettled(closing.map((one) => Promise.resolve(one))), host.timers.sleep(abandonMs)])
    }
    const receiving = reports.filter(({ type, addresses }) => typesThatEmit('flows').has(type) && addresses.length > 0)
    const silent = receiving.length > 0 && receiving.every(({ id }) => (accepted.get(id) ?? 0) === 0)
    return {
      url: api.url,
      login: generated,
      silent,
      opsUrls: ops.map(({ url }) => url),
      log,
      failed,
      reload,
      stop,
      abandon,
    }
  } catch (error) {
    for (const close of closing.reverse()) await close()
    throw dataError(data, error)
  }
}
