// Long because discovery, leadership and the end of watches share which collections run.
import { Permits } from '../../../host/permits.ts'
import type { ManifestQuery, ManifestState } from '../../../model/kubernetes.ts'
import type { Source, SourceContext } from '../../../engine/contracts.ts'
import type { LeaseRef } from '../../../net/kubernetes/lease.ts'
import type { Client } from '../../../net/kubernetes/client.ts'
import { messageOf } from '../../../model/errors.ts'
import { discover, problemOf, sentenceOf } from '../client/ask.ts'
import { nameOf, typeKey, type ResourceType } from '../client/discovery.ts'
import { Pace } from '../client/pace.ts'
import { Stripper } from '../client/strip.ts'
import type { ReaderState } from '../client/types.ts'
import type { KubernetesConfig } from '../config.ts'
import { noiseOf, type Noise } from '../map/noise.ts'
import type { Redactor } from '../map/redact.ts'
import { selects, type Scope } from '../map/scope.ts'
import { AbsentTypes, goneMs } from './absent.ts'
import { keepState, type KeepParts } from './keep.ts'
import { manifestOf } from './manifest.ts'
import { LeaseKeeper } from './lease.ts'
import { ListSlot } from './lists.ts'
import type { ObjectMap } from './objects.ts'
import { typeOf } from './type.ts'
import { repair } from './reconcile.ts'
import { runResync } from './resync.ts'
import { usualRecorderLimits } from './limits.ts'
import { Recorder } from './recorder.ts'
import { healthOfWatches, statusOf, type KubernetesStatus, type Running } from './status.ts'
import { Tracker } from './tracker.ts'
import { reportUnwatched } from './unwatched.ts'
import { startWatch } from './watch.ts'
import { leadershipOf, type Leadership } from './leadership.ts'

const discoverMs = 60_000
const againMs = 300
const retryMs = 2000
/** Each list occupies server capacity in proportion to its size. */
const maxLists = 4
const definingKinds = new Set(['apiextensions.k8s.io/customresourcedefinitions', 'apiregistration.k8s.io/apiservices'])

type ClusterParts = Readonly<{
  client: Client
  map: ObjectMap
  redactor: Redactor | undefined
  lease: LeaseRef | undefined
}>

export class KubernetesSource implements Source {
  readonly addresses: readonly string[] = []
  readonly #config: KubernetesConfig
  readonly #context: SourceContext
  readonly #client: Client
  readonly #map: ObjectMap
  readonly #recorder: Recorder
  readonly #parts: Pick<KeepParts, 'cluster' | 'context' | 'map'> & { readonly recorder: Recorder }
  readonly #noise: Noise
  readonly #marked: Noise
  readonly #redactor: Redactor | undefined
  readonly #scope: Scope
  readonly #lease: LeaseKeeper | undefined
  readonly #lists = new Permits(maxLists)
  readonly #pace: Pace
  readonly #running = new Map<string, Running>()
  #unavailable: readonly string[] = []
  readonly #absent: AbsentTypes
  #reached: number | undefined
  #problem: string | undefined
  readonly health = () => healthOfWatches(this.status())
  #hidden = 0
  #changes = 0
  #rediscover: () => void = () => undefined

  constructor(config: KubernetesConfig, context: SourceContext, { client, map, redactor, lease }: ClusterParts) {
    this.#config = config
    this.#context = context
    this.#client = client
    this.#map = map
    this.#redactor = redactor
    ;({ hidden: this.#noise, marked: this.#marked } = noiseOf(config.noise))
    this.#scope = {
      namespaces: config.namespaces,
      include: config.include,
      exclude: config.exclude,
      events: config.events,
      hidden: (kind) => this.#noise.ofKind(kind) !== undefined,
    }
    this.#lease = this.#keeper(leadershipOf(context, lease, client, map, (object) => this.keyOf(object)))
    this.#recorder = new Recorder(context, map, { ...usualRecorderLimits, waitingBytes: config.buffer }, this.#lease)
    this.#pace = new Pace(context.host.clock)
    this.#absent = new AbsentTypes(context.host.clock)
    this.#parts = { cluster: config.cluster, context, map, recorder: this.#recorder }
  }

  #keeper(leadership: Leadership | undefined): LeaseKeeper | undefined {
    const { host, log, metrics, id } = this.#context
    return leadership === undefined
      ? undefined
      : new LeaseKeeper({
          host,
          log,
          id,
          ...leadership,
          durationMs: this.#config.lease.duration,
          // After a kill the next start is another holder.
          identity: `${leadership.name}_${Buffer.from(host.random.bytes(4)).toString('hex')}`,
          checkpoint: () => this.#recorder.emitted,
          onHeld: () => this.#recorder.wake(),
          onCheckpoint: (checkpoint) => this.#recorder.emittedElsewhere(checkpoint),
          onLeadership: (leads) => {
            metrics.set('weir_kubernetes_lease_held', leads ? 1 : 0, { source: id })
            // Emits the deletions since the last leader.
            this.#rediscover()
          },
        })
  }

  #isLeader() {
    return this.#lease === undefined || this.#lease.epoch() !== undefined
  }

  keyOf({ group, resource, namespace }: { group: string; resource: string; namespace?: string }): string {
    return this.#key({ group, resource }, this.#config.namespaces.length === 0 ? undefined : namespace)
  }

  #key(type: Pick<ResourceType, 'group' | 'resource'>, namespace: string | undefined) {
    return namespace === undefined ? typeKey(type) : `${typeKey(type)} ${namespace}`
  }

  status(): KubernetesStatus {
    return statusOf({
      cluster: this.#config.cluster,
      objects: this.#map.size,
      changes: this.#changes,
      hidden: this.#hidden,
      unavailable: this.#unavailable,
      watched: [...this.#running.values()],
      ...(this.#lease === undefined ? {} : { lease: { ...this.#lease.status(), waiting: this.#recorder.waiting } }),
      ...(this.#reached === undefined ? {} : { reached: this.#reached }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    })
  }

  manifest({ cluster, uid }: ManifestQuery): ManifestState | undefined {
    const { host, storeRetentionMs } = this.#context
    return cluster === this.#config.cluster
      ? manifestOf(this.#map, uid, { redactor: this.#redactor, storeRetentionMs, now: host.clock.now() })
      : undefined
  }

  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController()
    const recording = this.#recorder.run(ended.signal)
    const electing = new AbortController()
    const election = this.#lease?.run(electing.signal)
    const failed = new AbortController()
    recording.catch(() => failed.abort())
    const until = AbortSignal.any([signal, failed.signal])
    try {
      // The previous leader's checkpoint decides the start.
      await this.#lease?.known
      await Promise.all([
        this.#watchAll(until),
        this.#reconcile(until),
        this.#resync(until),
        this.#keep(until),
        reportUnwatched(() => this.#running, this.#context, until),
      ])
    } finally {
      this.#recorder.close()
      for (const { stop } of this.#running.values()) stop.abort()
      await Promise.all([...this.#running.values()].map(({ done }) => done))
      ended.abort()
      try {
        await recording
      } finally {
        // Keep the lease until everything is written.
        electing.abort()
        await election
        await this.#lease?.release()
        this.#client.close()
        this.#map.close()
      }
    }
  }

  async #watchAll(signal: AbortSignal) {
    const { timers } = this.#context.host
    for (let first = true; !signal.aborted; first = false) {
      const woken = new AbortController()
      this.#rediscover = () => void timers.after(againMs, () => woken.abort())
      try {
        const server = await discover(this.#client.ask, signal)
        if (this.#map.begun === undefined) this.#map.begun = server.now ?? this.#context.host.clock.now()
        this.#reached = this.#context.host.clock.now()
        if (this.#problem !== undefined || first)
          this.#context.log.info('The cluster answers.', {
            source: this.#context.id,
            version: server.version,
            kinds: server.types.length,
          })
        this.#problem = undefined
        this.#unavailable = server.unavailable
        await this.#adopt(server.types, server.minor >= 32 ? 'streamed' : 'paged', signal)
        await timers.sleep(this.#absent.any ? goneMs : discoverMs, AbortSignal.any([signal, woken.signal]))
      } catch (error) {
        if (signal.aborted) return
        const problem = problemOf(error)
        if (problem !== this.#problem)
          this.#context.log.warn(sentenceOf(error), { source: this.#context.id, error: messageOf(error) })
        this.#problem = problem
        await timers.sleep(retryMs, signal)
      }
    }
  }

  async #reconcile(signal: AbortSignal) {
    const { host } = this.#context
    const parts = { ...this.#parts, ask: this.#client.ask }
    for (;;) {
      await host.timers.sleep(this.#config.reconcile, signal)
      for (const watched of this.#running.values()) {
        if (signal.aborted) return
        if (isCompared(watched.reader.status().state) && this.#isLeader()) await repair(watched, parts, signal)
      }
      if (signal.aborted) return
    }
  }

  async #resync(signal: AbortSignal) {
    if (this.#context.storeRetentionMs !== undefined)
      await runResync(
        { ...this.#parts, leads: ({ key }) => this.#running.has(key) && this.#isLeader() },
        this.#context.storeRetentionMs,
        signal,
      )
  }

  async #keep(signal: AbortSignal) {
    await keepState(
      { ...this.#parts, settled: () => (this.#isLeader() && this.status().synced ? this.#running.size : undefined) },
      signal,
    )
  }

  async #adopt(types: readonly ResourceType[], lists: ListKind, signal: AbortSignal) {
    const wanted = new Set<string>()
    for (const type of types.filter((candidate) => selects(this.#scope, candidate))) {
      const places = this.#config.namespaces.length === 0 ? [undefined] : this.#config.namespaces
      for (const namespace of places) {
        const key = this.#key(type, namespace)
        wanted.add(key)
        const running = this.#running.get(key)
        if (running === undefined) this.#start(key, type, namespace, lists)
        else if (running.type.version !== type.version) await this.#restart(key, running, type, namespace, lists)
        else if (running.reader.status().state === 'missing') running.reader.wake()
      }
    }
    for (const key of wanted) this.#absent.present(key)
    for (const [key, running] of this.#running) {
      if (wanted.has(key) || !this.#isGone(key, running.type)) continue
      await this.#stop(key, running)
      if (!signal.aborted) await running.tracker.dropped()
    }
    await this.#bury(new Set(types.map(typeKey)))
  }

  async #bury(served: ReadonlySet<string>) {
    for (const collection of this.#map.collections()) {
      const [key = ''] = collection.key.split(' ')
      if (collection.objects.size === 0 || this.#running.has(collection.key) || served.has(key)) continue
      const type = typeOf(this.#map, collection)
      if (type !== undefined && this.#isGone(collection.key, type)) await this.#tracker(collection.key, type).dropped()
    }
  }

  /** Only the leader emits deletions; an unavailable group keeps its types. */
  #isGone(key: string, { group }: ResourceType) {
    return !this.#unavailable.includes(group) && this.#isLeader() && this.#absent.isGone(key)
  }

  #tracker(key: string, type: ResourceType, onListed: () => void = () => undefined): Tracker {
    const { host, metrics, id } = this.#context
    const { cluster, initial } = this.#config
    return new Tracker({
      cluster,
      type,
      map: this.#map,
      collection: this.#map.collection(key),
      recorder: this.#recorder,
      noise: this.#noise,
      marked: this.#marked,
      redactor: this.#redactor,
      snapshot: initial === 'snapshot',
      host,
      onListed,
      onNoise: (rules) => {
        this.#hidden++
        for (const rule of rules) metrics.count('weir_kubernetes_hidden_changes_total', 1, { source: id, rule })
      },
      onEmitted: () => {
        this.#changes++
        metrics.count('weir_kubernetes_changes_total', 1, { source: id, kind: nameOf(type) })
      },
      onChange: () => {
        if (definingKinds.has(typeKey(type))) this.#rediscover()
      },
      checkpointOf: () => this.#lease?.checkpointOf(key),
    })
  }

  #start(key: string, type: ResourceType, namespace: string | undefined, lists: ListKind) {
    const slot = new ListSlot(this.#lists)
    const running = startWatch({
      type,
      ...(namespace === undefined ? {} : { namespace }),
      collection: this.#map.collection(key),
      tracker: this.#tracker(key, type, () => slot.done()),
      streams: lists === 'streamed',
      slot,
      ask: this.#client.ask,
      config: this.#config,
      context: this.#context,
      stripper: new Stripper(this.#noise.cuts, this.#redactor?.key),
      pace: this.#pace,
      onMissing: () => this.#rediscover(),
    })
    this.#running.set(key, running)
  }

  async #stop(key: string, running: Running) {
    running.stop.abort()
    await running.done
    this.#running.delete(key)
  }

  async #restart(key: string, running: Running, type: ResourceType, namespace: string | undefined, lists: ListKind) {
    await this.#stop(key, running)
    this.#start(key, type, namespace, lists)
  }
}

type ListKind = 'streamed' | 'paged'

/** Also kinds with a failing watch: without a comparison their changes would be missing until it works again. */
function isCompared(state: ReaderState): boolean {
  return state === 'watching' || state === 'waiting' || state === 'unwatchable'
}
