/** Starts a scan of the images of a namespace after each build. */
import type { SourceContext } from '../../../engine/contracts.ts'
import { backoffMs } from '../../../host/backoff.ts'
import { messageOf } from '../../../model/errors.ts'
import { fieldsOf, textOf } from '../../../model/json.ts'
import { followCollection, keyOf, metaOf, type ObjectMeta } from '../../../net/kubernetes/follow-collection.ts'
import { Conflict, Forbidden, inGroup, paths, type Cluster } from '../client.ts'
import type { InsightsConfig } from '../config.ts'
import { buildName, imagesOf, isScanner, needsScan, scanned, scannerPod, scanStatus, workloads } from '../map/scan.ts'

const waits = { firstMs: 2000, maxMs: 300_000, jitter: 0.5 }
const pageSize = '250'

export type ScannerOptions = Readonly<{
  config: Pick<InsightsConfig, 'strict'>
  scanner: NonNullable<InsightsConfig['scanner']>
  context: SourceContext
  cluster: Cluster
}>

type Build = Readonly<{ meta: ObjectMeta; pod: unknown; created: string }>

export class BuildScanner {
  problem: string | undefined
  readonly #options: ScannerOptions
  /** Newest build of each namespace. */
  readonly #newest = new Map<string, Build>()
  readonly #running = new Map<string, Promise<void>>()
  readonly #forbidden = new Set<string>()

  constructor(options: ScannerOptions) {
    this.#options = options
  }

  /** Ends after the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { context, cluster } = this.#options
    const { host, log, id } = context
    let isListed = false
    await followCollection({
      ask: cluster.client.ask,
      host,
      path: paths.pods,
      selector: buildName,
      whole: true,
      signal,
      onObject: (meta, pod) => {
        this.problem = undefined
        if (this.#see(meta, pod) && isListed) this.#start(meta.namespace, signal)
      },
      onGone: (meta) => {
        const { namespace, uid } = meta
        if (this.#newest.get(namespace)?.meta.uid === uid) this.#newest.delete(namespace)
      },
      onListed: (keys) => {
        this.problem = undefined
        isListed = true
        for (const [namespace, { meta }] of this.#newest) {
          if (!keys.has(keyOf(meta))) this.#newest.delete(namespace)
          else this.#start(namespace, signal)
        }
      },
      onTrouble: (reason) => {
        if (this.problem === undefined) log.warn('Builds cannot be read; Weir retries.', { source: id, error: reason })
        this.problem = `builds cannot be read: ${reason}`
      },
    })
    await Promise.all(this.#running.values())
    this.#newest.clear()
  }

  /** False: a newer build of the namespace is known, and its images replace those of this one. */
  #see(meta: ObjectMeta, pod: unknown): boolean {
    if (scanStatus in meta.labels) return false
    const created = textOf(fieldsOf(fieldsOf(pod)['metadata'])['creationTimestamp']) ?? ''
    const newest = this.#newest.get(meta.namespace)
    if (newest !== undefined && newest.meta.uid !== meta.uid && newest.created > created) return false
    this.#newest.set(meta.namespace, { meta, pod, created })
    return true
  }

  #start(namespace: string, signal: AbortSignal): void {
    const build = this.#newest.get(namespace)
    if (build === undefined || !needsScan(build.meta, build.pod) || this.#running.has(build.meta.uid)) return
    const { uid } = build.meta
    const running = this.#scan(build, signal).finally(() => {
      this.#running.delete(uid)
    })
    this.#running.set(uid, running)
  }

  /** Until the scan runs, or the build is gone. */
  async #scan({ meta, pod }: Build, signal: AbortSignal): Promise<void> {
    const { context } = this.#options
    const { host, log, id } = context
    for (let failures = 0; !signal.aborted; failures++) {
      if (this.#newest.get(meta.namespace)?.meta.uid !== meta.uid) return
      try {
        const images = await this.#images(meta.namespace, signal)
        if (images.length === 0) {
          log.warn('A build is not scanned: its namespace has no workloads.', { source: id, build: keyOf(meta) })
          return this.#count('no_images')
        }
        await this.#replace(meta, pod, images, signal)
        return this.#count('started')
      } catch (error) {
        if (signal.aborted) return
        this.#count('failed')
        log.warn('The scan of a build cannot be started; Weir retries.', {
          source: id,
          build: keyOf(meta),
          error: messageOf(error),
        })
        await host.timers.sleep(Math.ceil(backoffMs(waits, failures, host.random.next())), signal)
      }
    }
  }

  /** Deletes scans of earlier builds, creates that of the build, and marks the build. */
  async #replace(build: ObjectMeta, pod: unknown, images: readonly string[], signal: AbortSignal): Promise<void> {
    const { cluster, scanner } = this.#options
    const { namespace, uid } = build
    const made = scannerPod({ build, pod, images, scanner })
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
    for (const meta of (await this.#list(path, signal, scanStatus)).map(metaOf))
      if (meta !== undefined && isScanner(meta) && meta.name !== made.name)
        await cluster.remove('pods', meta, signal).catch(unlessGone)
    // It exists if the mark failed before.
    await cluster.create('pods', namespace, made.pod, signal).catch(unlessGone)
    await cluster.patch('pods', build, { metadata: { uid, labels: { [scanned]: 'true' } } }, signal).catch(unlessGone)
  }

  async #images(namespace: string, signal: AbortSignal): Promise<readonly string[]> {
    const { strict } = this.#options.config
    const images: string[] = []
    for (const { group, kind, isStrict } of workloads) {
      if (strict && !isStrict) continue
      try {
        const results = await this.#list(inGroup(group, namespace, kind), signal)
        images.push(...results.flatMap((workload) => imagesOf(workload, { strict })))
      } catch (error) {
        // The role of insights-remote has Deployments only.
        if (isStrict || !(error instanceof Forbidden)) throw error
        if (!this.#forbidden.has(kind)) this.#warn(kind, error)
        this.#forbidden.add(kind)
      }
    }
    return strict ? images : [...new Set(images)]
  }

  #warn(kind: string, error: Error): void {
    const { log, id } = this.#options.context
    log.warn('Images of some workloads are not scanned: the account may not list them.', {
      source: id,
      kind,
      error: error.message,
    })
  }

  async #list(path: string, signal: AbortSignal, selector = ''): Promise<readonly unknown[]> {
    const all: unknown[] = []
    for (let next = ''; ;) {
      const query = {
        limit: pageSize,
        ...(selector === '' ? {} : { labelSelector: selector }),
        ...(next === '' ? {} : { continue: next }),
      }
      const page = fieldsOf(await this.#options.cluster.get(path, signal, query))
      const { items, metadata } = page
      if (Array.isArray(items)) all.push(...(items as unknown[]))
      const { continue: more } = fieldsOf(metadata)
      if (typeof more !== 'string' || more === '') return all
      next = more
    }
  }

  #count(result: 'started' | 'no_images' | 'failed'): void {
    const { metrics, id } = this.#options.context
    metrics.count('weir_lagoon_scans_total', 1, { source: id, result })
  }
}

/** The object is gone, or exists already. */
function unlessGone(error: unknown): void {
  if (!(error instanceof Conflict)) throw error as Error
}
