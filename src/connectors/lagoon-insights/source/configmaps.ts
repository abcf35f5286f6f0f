/** The controller of ConfigMaps with insights: it appends each report once, marks its object, and deletes it. */
import type { SourceContext } from '../../../engine/contracts.ts'
import { appendEvents } from '../../../engine/sources/append-events.ts'
import { messageOf } from '../../../model/errors.ts'
import { type ImageReport } from '../../../model/insights.ts'
import { followCollection, keyOf, type ObjectMeta } from '../../../net/kubernetes/follow-collection.ts'
import { chunks } from '../../../polling/chunks.ts'
import { Conflict, paths, type Cluster, type Place } from '../client.ts'
import type { InsightsConfig } from '../config.ts'
import { isProcessed, kubernetesEvent, reportEvent, sentences, waitMs, wasDelivered } from '../map/configmap.ts'
import { checkFiles } from '../map/file.ts'
import * as names from '../map/labels.ts'
import { reportId, reportOf, type ConfigMap, type Rejection } from '../map.ts'
import type { ReportContents } from './contents.ts'
import { Delivery, isPending, type Appended, type AwaitedSinks } from './delivery.ts'
import type { PendingReports } from './pending.ts'
import { ConfigMapQueue } from './queue.ts'

/** Objects read at a time; each may have 1 MiB. */
const workers = 2
const retryMs = 5000

export type ControllerOptions = Readonly<{
  config: InsightsConfig
  context: SourceContext
  cluster: Cluster
  pending: PendingReports
  contents: ReportContents
  sinks: AwaitedSinks
  /** Checked before each append. */
  isLeader: () => boolean
}>

export class ConfigMapController {
  problem: string | undefined
  readonly #options: ControllerOptions
  readonly #delivery: Delivery
  readonly #queue: ConfigMapQueue
  readonly #waiting = new Map<string, Readonly<{ id: string; since: number }>>()
  readonly #tasks = new Set<Promise<void>>()

  constructor(options: ControllerOptions) {
    this.#options = options
    this.#queue = new ConfigMapQueue(options.context.host.timers)
    this.#delivery = new Delivery(options)
  }

  get status(): Readonly<{ queued: number; pending: number }> {
    return { queued: this.#queue.size, pending: this.#waiting.size }
  }

  /** Ends after the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { context, cluster, contents } = this.#options
    const { host, log, id } = context
    contents.forget()
    const gauges = host.timers.every(1000, () => {
      this.#measure()
    })
    const wake = (): void => this.#queue.wake()
    signal.addEventListener('abort', wake)
    try {
      await Promise.all([
        followCollection({
          ask: cluster.client.ask,
          host,
          path: paths.configMaps,
          selector: names.trigger,
          signal,
          onObject: (meta) => {
            this.problem = undefined
            this.#see(meta, signal)
          },
          onGone: (meta) => {
            this.#queue.drop(keyOf(meta))
          },
          onListed: () => {
            this.problem = undefined
          },
          onTrouble: (reason) => {
            if (this.problem === undefined)
              log.warn('ConfigMaps with insights cannot be read; Weir retries.', { source: id, error: reason })
            this.problem = `ConfigMaps cannot be read: ${reason}`
          },
        }),
        ...Array.from({ length: workers }, () => this.#work(signal)),
      ])
    } finally {
      gauges.cancel()
      signal.removeEventListener('abort', wake)
      this.#queue.close()
      await Promise.all(this.#tasks)
    }
  }

  #see(meta: ObjectMeta, signal: AbortSignal): void {
    const key = keyOf(meta)
    this.#queue.cancel(key)
    const { config } = this.#options
    if (isProcessed(meta)) {
      if (config.burn && wasDelivered(meta) && !this.#waiting.has(key)) this.#start(this.#burn(meta, signal))
      return
    }
    if (names.givenUp in meta.labels || names.rejected in meta.annotations) return
    const wait = waitMs(meta, this.#options.context.host.clock.now())
    if (wait !== undefined && (!config.clear_deferred || this.#waiting.has(key))) return
    if (wait !== undefined && wait > 0) return this.#queue.later(meta, wait)
    this.#queue.add(meta)
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { log, id } = this.#options.context
    while (!signal.aborted) {
      const position = await this.#queue.next(signal)
      if (position === undefined) return
      try {
        await this.#process(position, signal)
      } catch (error) {
        if (signal.aborted) return
        log.warn('A ConfigMap with insights cannot be processed; Weir retries.', {
          source: id,
          configmap: keyOf(position),
          error: messageOf(error),
        })
        this.#queue.later(position, retryMs)
      }
    }
  }

  async #process(place: Place, signal: AbortSignal): Promise<void> {
    const { config, context, cluster, isLeader } = this.#options
    const configMap = await cluster.configMap(place, signal)
    if (configMap === undefined) return
    const { meta } = configMap
    const key = keyOf(meta)
    const wait = waitMs(meta, context.host.clock.now())
    if (wait !== undefined && wait > 0) return this.#see(meta, signal)
    if (isProcessed(meta) || names.givenUp in meta.labels || names.rejected in meta.annotations) return
    const id = reportId(configMap)
    if (this.#waiting.get(key)?.id === id) return
    const labels = await cluster.namespaceLabels(meta.namespace, signal)
    if (labels === undefined) return
    const made = reportOf(configMap, labels, config)
    if (typeof made === 'string') return this.#reject(configMap, made, signal)
    const wrong = await checkFiles(made.report, config.max_decompressed)
    // With `strict` an unreadable file is sent as insights-remote sends it.
    if (wrong !== undefined && !(config.strict && wrong === 'unreadable-gzip'))
      return this.#reject(configMap, wrong, signal)
    for (const reason of made.corrected) this.#corrected(key, reason)
    const position = await this.#position(id, configMap, made.report, signal)
    if (position === undefined || !isLeader()) return
    const since = context.host.clock.now()
    this.#waiting.set(key, { id, since })
    this.#start(
      this.#settle(
        {
          meta,
          id,
          position,
          isEnabled: meta.annotations[names.coreEnabled] === 'true',
          isSbom: made.report.type === 'sbom',
        },
        signal,
      ).finally(() => {
        if (this.#waiting.get(key)?.id === id) this.#waiting.delete(key)
      }),
    )
  }

  /** Position of the report in the journal. A report that was appended before a restart is not appended again. */
  async #position(
    id: string,
    { meta }: ConfigMap,
    report: ImageReport,
    signal: AbortSignal,
  ): Promise<Appended['position'] | undefined> {
    const { config, context, contents, pending, sinks, isLeader } = this.#options
    const before = pending.get(id)
    if (before !== undefined && (await isPending(sinks, before))) {
      this.#count('resumed')
      return before
    }
    if (!isLeader()) return undefined
    // Before the report itself: contents that are appended twice are merged by the views.
    for (const [chunk] of chunks(await contents.ofImage(report)))
      if (chunk.length > 0) await appendEvents(context, chunk, { signal })
    contents.appended(report)
    const event = reportEvent(config.cluster, id, meta, report, context.host.clock.now())
    const { position } = await appendEvents(context, [event], { signal })
    this.#count('read')
    pending.put(id, position)
    return position
  }

  async #settle(appended: Appended, signal: AbortSignal): Promise<void> {
    const { is, burnt } = await this.#delivery.settle(appended, signal)
    if (is === 'stopped') return
    this.#options.pending.forget(appended.id)
    if (is === 'again') return this.#queue.later(appended.meta, retryMs)
    this.#count(appended.isEnabled || is === 'dead_letter' ? is : 'skipped')
    if (burnt === true) this.#count('burnt')
  }

  async #burn(meta: ObjectMeta, signal: AbortSignal): Promise<void> {
    if (await this.#delivery.burn(meta, signal)) this.#count('burnt')
  }

  async #reject({ meta }: ConfigMap, reason: Rejection, signal: AbortSignal): Promise<void> {
    const { cluster, context } = this.#options
    this.#count(reason)
    context.log.warn('A ConfigMap with insights is rejected.', {
      source: context.id,
      configmap: keyOf(meta),
      reason: sentences[reason],
    })
    context.shed(reason, 1)
    try {
      await cluster.patchConfigMap(meta, { annotations: { [names.rejected]: reason } }, signal)
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      return this.#queue.later(meta, retryMs)
    }
    await cluster
      .create('events', meta.namespace, kubernetesEvent(meta, reason, context.host.clock.now()), signal)
      .catch((error: unknown) => {
        context.log.debug('A Kubernetes event cannot be created.', { source: context.id, error: messageOf(error) })
      })
  }

  #corrected(configmap: string, reason: string): void {
    const { log, id } = this.#options.context
    this.#count('corrected')
    log.warn('A ConfigMap with insights is sent in a corrected form.', { source: id, configmap, reason })
  }

  #start(task: Promise<void>): void {
    const { log, id } = this.#options.context
    const running = task
      .catch((error: unknown) => {
        log.warn('Processing a ConfigMap with insights failed.', { source: id, error: messageOf(error) })
      })
      .finally(() => {
        this.#tasks.delete(running)
      })
    this.#tasks.add(running)
  }

  #measure(): void {
    const { metrics, id, host } = this.#options.context
    const oldest = Math.min(...[...this.#waiting.values()].map(({ since }) => since), host.clock.now())
    metrics.set('weir_lagoon_pending_configmaps', this.#waiting.size, { source: id })
    metrics.set('weir_lagoon_oldest_pending_seconds', (host.clock.now() - oldest) / 1000, { source: id })
  }

  #count(result: string): void {
    const { metrics, id } = this.#options.context
    metrics.count('weir_lagoon_configmaps_total', 1, { source: id, result })
  }
}
