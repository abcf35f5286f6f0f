/** The controller of ConfigMaps with insights: it appends each report once, marks its object, and deletes it. */
import type { AwaitedSink, SourceContext } from '../../engine/contracts.ts'
import { appendEvents } from '../../engine/sources/append-events.ts'
import type { Timer } from '../../host/index.ts'
import { messageOf } from '../../model/errors.ts'
import type { WeirEvent } from '../../model/events.ts'
import { insightsFamilies, insightsTypes, reportFile, type ImageReport } from '../../model/insights.ts'
import { kubernetesRef } from '../../model/refs.ts'
import { followCollection, keyOf, type ObjectMeta } from '../../net/kubernetes/follow-collection.ts'
import { Conflict, paths, type Cluster, type Place } from './client.ts'
import type { InsightsConfig } from './config.ts'
import { checkFile } from './map-file.ts'
import * as names from './map-labels.ts'
import { reportId, reportOf, writeReport, type ConfigMap, type Rejection } from './map.ts'
import { Delivery, type Appended } from './source-delivery.ts'
import type { PendingReports } from './source-pending.ts'

/** Objects read at a time; each may have 1 MiB. */
const workers = 2
const retryMs = 5000

export type ControllerOptions = Readonly<{
  config: InsightsConfig
  context: SourceContext
  cluster: Cluster
  pending: PendingReports
  core: AwaitedSink | undefined
  /** Checked before each append. */
  isLeader: () => boolean
}>

export class ConfigMapController {
  problem: string | undefined
  readonly #options: ControllerOptions
  readonly #delivery: Delivery
  readonly #queue = new Map<string, Place>()
  readonly #waiting = new Map<string, Readonly<{ id: string; since: number }>>()
  readonly #timers = new Map<string, Timer>()
  readonly #tasks = new Set<Promise<void>>()
  #wake: () => void = () => undefined

  constructor(options: ControllerOptions) {
    this.#options = options
    this.#delivery = new Delivery(options)
  }

  get status(): Readonly<{ queued: number; pending: number }> {
    return { queued: this.#queue.size, pending: this.#waiting.size }
  }

  /** Ends after the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { context, cluster } = this.#options
    const { host, log, id } = context
    const gauges = host.timers.every(1000, () => {
      this.#measure()
    })
    const wake = (): void => {
      this.#wake()
    }
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
            this.#drop(keyOf(meta))
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
      for (const timer of this.#timers.values()) timer.cancel()
      await Promise.all(this.#tasks)
    }
  }

  #see(meta: ObjectMeta, signal: AbortSignal): void {
    const key = keyOf(meta)
    this.#timers.get(key)?.cancel()
    this.#timers.delete(key)
    const { config } = this.#options
    if (isProcessed(meta)) {
      if (config.burn && wasDelivered(meta) && !this.#waiting.has(key)) this.#start(this.#burn(meta, signal))
      return
    }
    if (names.givenUp in meta.labels || names.rejected in meta.annotations) return
    const wait = waitMs(meta, this.#options.context.host.clock.now())
    if (wait !== undefined && (!config.clear_deferred || this.#waiting.has(key))) return
    if (wait !== undefined && wait > 0) return this.#later(meta, wait)
    this.#enqueue(meta)
  }

  #enqueue({ namespace, name }: Place): void {
    this.#queue.set(`${namespace}/${name}`, { namespace, name })
    this.#wake()
  }

  #later(place: Place, ms: number): void {
    const key = keyOf(place)
    this.#timers.get(key)?.cancel()
    const again = (): void => {
      this.#timers.delete(key)
      this.#enqueue(place)
    }
    // Timers of Node end at 24 days.
    this.#timers.set(key, this.#options.context.host.timers.after(Math.min(ms, 86_400_000), again))
  }

  #drop(key: string): void {
    this.#timers.get(key)?.cancel()
    this.#timers.delete(key)
    this.#queue.delete(key)
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { log, id } = this.#options.context
    while (!signal.aborted) {
      const [next] = this.#queue
      if (next === undefined) {
        const woken = Promise.withResolvers<void>()
        const others = this.#wake
        this.#wake = () => {
          others()
          woken.resolve()
        }
        if (!signal.aborted) await woken.promise
        continue
      }
      const [key, place] = next
      this.#queue.delete(key)
      try {
        await this.#process(place, signal)
      } catch (error) {
        if (signal.aborted) return
        log.warn('A ConfigMap with insights cannot be processed; Weir retries.', {
          source: id,
          configmap: key,
          error: messageOf(error),
        })
        this.#later(place, retryMs)
      }
    }
  }

  async #process(place: Place, signal: AbortSignal): Promise<void> {
    const { config, context, cluster, isLeader } = this.#options
    const found = await cluster.configMap(place, signal)
    if (found === undefined) return
    const { meta } = found
    const key = keyOf(meta)
    const wait = waitMs(meta, context.host.clock.now())
    if (wait !== undefined && wait > 0) return this.#see(meta, signal)
    if (isProcessed(meta) || names.givenUp in meta.labels || names.rejected in meta.annotations) return
    const id = reportId(found)
    if (this.#waiting.get(key)?.id === id) return
    const labels = await cluster.namespaceLabels(meta.namespace, signal)
    if (labels === undefined) return
    const made = reportOf(found, labels, config)
    if (typeof made === 'string') return this.#reject(found, made, signal)
    const file = reportFile(made.report)
    const unreadable =
      config.strict || file === undefined ? undefined : await checkFile(file.bytes, config.max_decompressed)
    if (unreadable !== undefined) return this.#reject(found, unreadable, signal)
    for (const reason of made.corrected) this.#corrected(key, reason)
    const position = await this.#position(id, found, made.report, signal)
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
        },
        signal,
      ).finally(() => {
        if (this.#waiting.get(key)?.id === id) this.#waiting.delete(key)
      }),
    )
  }

  /** Of the report in the journal. One that was appended before a restart and still waits is not appended again. */
  async #position(
    id: string,
    { meta }: ConfigMap,
    report: ImageReport,
    signal: AbortSignal,
  ): Promise<Appended['position'] | undefined> {
    const { config, context, pending, core, isLeader } = this.#options
    const before = pending.get(id)
    if (before !== undefined && (await core?.outcome?.(before, AbortSignal.abort()))?.is === 'pending') {
      this.#count('resumed')
      return before
    }
    if (!isLeader()) return undefined
    const { position } = await appendEvents(context, [eventOf(config.cluster, id, meta, report, context)], { signal })
    this.#count('read')
    pending.put(id, position)
    return position
  }

  async #settle(appended: Appended, signal: AbortSignal): Promise<void> {
    const { is, burnt } = await this.#delivery.settle(appended, signal)
    if (is === 'stopped') return
    this.#options.pending.forget(appended.id)
    if (is === 'again') return this.#later(appended.meta, retryMs)
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
      return this.#later(meta, retryMs)
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

const sentences: Readonly<Record<Rejection, string>> = {
  'unknown-type': `the type is neither sbom nor inspect: correct the labels ${names.trigger} or ${names.explicitType}`,
  empty: 'it has no report',
  'not-json': 'its text is not JSON',
  'too-large-decompressed': 'the decompressed report exceeds `max_decompressed`, or its compression ratio 200',
  'unreadable-gzip': 'the report is not readable gzip',
}

/** Some builds set a label instead of the annotation. */
export function isProcessed({ annotations, labels }: ObjectMeta): boolean {
  return names.processed in annotations || names.processed in labels
}

/** insights-remote also marks as success what it did not send. */
export function wasDelivered({ annotations }: ObjectMeta): boolean {
  return (
    (annotations[names.coreStatus] === names.statusSuccess && annotations[names.coreEnabled] === 'true') ||
    annotations[names.trackStatus] === names.statusSuccess
  )
}

/** ms until a deferred object is due, at most 0 if it is; undefined: it is not deferred. */
export function waitMs({ labels }: ObjectMeta, now: number): number | undefined {
  const due = labels[names.deferred]
  if (due === undefined) return undefined
  return /^\d{1,12}$/.test(due) ? Number(due) * 1000 - now : 0
}

function eventOf(
  cluster: string,
  id: string,
  { namespace, name, uid }: ObjectMeta,
  report: ImageReport,
  { host }: Pick<SourceContext, 'host'>,
): WeirEvent {
  return {
    id,
    source: `/kubernetes/${cluster}`,
    type: insightsTypes.report,
    family: insightsFamilies[report.type],
    time: host.clock.now(),
    subject: `configmaps/${namespace}/${name}`,
    datacontenttype: 'application/json',
    extensions: { insightskind: report.type },
    key: `${cluster}/${uid}`,
    ref: kubernetesRef({ cluster, group: '', kind: 'ConfigMap', namespace, name }),
    encoding: 'json',
    data: new TextEncoder().encode(writeReport(report)),
  }
}

function kubernetesEvent({ namespace, name, uid }: ObjectMeta, reason: Rejection, now: number): object {
  const time = new Date(now).toISOString().replace(/\.\d+Z$/, 'Z')
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { generateName: `${name.slice(0, 50)}.`, namespace },
    involvedObject: { apiVersion: 'v1', kind: 'ConfigMap', namespace, name, uid },
    reason: 'InsightsRejected',
    message: `Weir does not send this report: ${sentences[reason]}.`,
    type: 'Warning',
    source: { component: 'weir' },
    firstTimestamp: time,
    lastTimestamp: time,
    count: 1,
  }
}
