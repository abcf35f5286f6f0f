// A journal and an API server in memory, for models of a Kubernetes source.
import { testContext } from '../conformance/batches.ts'
import type { SourceContext } from '../../src/engine/contracts.ts'
import { realHost } from '../../src/host/index.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { Frame, FrameHeader } from '../../src/journal/types.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import type { ChangeData, ResourceData } from '../../src/model/kubernetes.ts'
import type { Position } from '../../src/model/positions.ts'
import type { ResourceType } from '../../src/connectors/kubernetes/client/discovery.ts'
import { Stripper, type SeenObject } from '../../src/connectors/kubernetes/client/strip.ts'
import type { ChangeType, KubeObject } from '../../src/connectors/kubernetes/client/types.ts'
import { Noise } from '../../src/connectors/kubernetes/map/noise.ts'
import type { Redactor } from '../../src/connectors/kubernetes/map/redact.ts'
import type { LeaseKeeper } from '../../src/connectors/kubernetes/source/lease.ts'
import { ObjectMap } from '../../src/connectors/kubernetes/source/objects.ts'
import { Recorder } from '../../src/connectors/kubernetes/source/recorder.ts'
import { replay } from '../../src/connectors/kubernetes/source/replay.ts'
import { Tracker } from '../../src/connectors/kubernetes/source/tracker.ts'
import type { SeededRandom } from './random.ts'

const host = realHost()
const configMaps = { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', namespaced: true } as const
export const modelKey = '/configmaps'

interface Unit {
  readonly raw: Uint8Array
  readonly count: number
}

export class ModelJournal {
  readonly units: Unit[] = []
  /** Receives the units of all writers, in order. */
  readonly #shared: Unit[]

  constructor(shared?: ModelJournal) {
    this.#shared = shared?.units ?? []
  }

  /** Units after the end of `life` are never synced. */
  context(life: { dead: boolean }, delay: () => number): SourceContext {
    return {
      ...testContext(),
      id: 'cluster',
      cursor: undefined,
      epoch: 1,
      shed: () => undefined,
      append: async (unit) => {
        const raw = Uint8Array.from(unit.raw)
        for (let turns = delay(); turns > 0; turns--) await host.timers.yield()
        if (life.dead) return new Promise(() => undefined)
        this.units.push({ raw, count: unit.count })
        this.#shared.push({ raw, count: unit.count })
        return { position: { sequence: this.units.length, row: 0 }, epoch: 1, sourceSequence: this.units.length }
      },
      replay: { after: (position) => this.#after(position), hold: () => Promise.resolve() },
    }
  }

  async *#after({ sequence }: Position): AsyncGenerator<Frame> {
    for (const [index, { raw, count }] of this.units.slice(sequence).entries()) {
      yield {
        header: {
          sequence: sequence + index + 1,
          firstRow: 0,
          count,
          kind: 'events',
          source: 'cluster',
        } as FrameHeader,
        firstSequence: sequence + index + 1,
        body: () => raw,
      }
    }
  }

  events(): WeirEvent[] {
    return this.units.flatMap(({ raw, count }) => {
      const batch = decodeBatch('events', raw) as EventBatch
      return Array.from({ length: count }, (_, row) => eventAt(batch, row))
    })
  }

  changes(): (ChangeData & { readonly id: string })[] {
    return this.events()
      .filter(({ family }) => family === 'change')
      .map(({ id, data }) => ({ ...(JSON.parse(Buffer.from(data ?? []).toString()) as ChangeData), id }))
  }
}

export function configMap(
  name: string,
  uid: string,
  version: number,
  data: Readonly<Record<string, string>>,
  more: object = {},
): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name,
      namespace: 'shop',
      uid,
      resourceVersion: String(version),
      creationTimestamp: '2026-11-20T10:00:00Z',
      managedFields: [{ manager: 'kubectl', operation: 'Update', time: '2026-11-20T10:00:00Z' }],
      ...more,
    },
    data,
  }
}

/** An object as a server sends it. */
export function seen(object: KubeObject, noise = new Noise(), key?: Uint8Array): SeenObject {
  return new Stripper(noise.cuts, key).item(Buffer.from(JSON.stringify(object)), {})
}

export type ModelTracker = Pick<Tracker, 'cursor' | 'asOf' | 'listing' | 'listed' | 'reached' | 'dropped'> & {
  present(object: KubeObject): void | Promise<void>
  changed(type: ChangeType, object: KubeObject): void | Promise<void>
}

export interface Life {
  readonly map: ObjectMap
  readonly tracker: ModelTracker
  readonly recorder: Recorder
  /** Resolves when all emitted rows are written. */
  stop(): Promise<void>
  /** Like `kill -9`: unsynced rows are lost. */
  kill(): void
}

/** A source of one kind over a journal and a map on disk. */
export async function live(
  journal: ModelJournal,
  path: string,
  {
    snapshot = false,
    begun = 0,
    delay = (): number => 0,
    redactor = undefined as Redactor | undefined,
    marked = new Noise([]),
    noise = new Noise(),
    lease = undefined as Pick<LeaseKeeper, 'epoch'> | undefined,
    commitMs = 0,
    now = (): number => host.clock.now(),
    of: type = configMaps as ResourceType,
  } = {},
): Promise<Life> {
  const state = { dead: false }
  const context = journal.context(state, delay)
  const map = new ObjectMap(path)
  map.begun ??= begun
  if (context.replay !== undefined) await replay(map, context.replay, () => modelKey)
  const recorder = new Recorder(
    context,
    map,
    { waitingBytes: 1 << 20, unitBytes: 2000, unitEvents: 8, waitMs: 0, gatherMs: 0, commitMs },
    lease,
  )
  const ended = new AbortController()
  const running = recorder.run(ended.signal)
  const model = new Tracker({
    cluster: 'c1',
    type,
    map,
    collection: map.collection(modelKey),
    recorder,
    noise,
    marked,
    redactor,
    snapshot,
    host: { ...host, clock: { ...host.clock, now } },
    onNoise: () => undefined,
    onChange: () => undefined,
    onEmitted: () => undefined,
    onListed: () => undefined,
  })
  const tracker: ModelTracker = {
    get cursor() {
      return model.cursor
    },
    get asOf() {
      return model.asOf
    },
    listing: () => model.listing(),
    listed: (version) => model.listed(version),
    reached: (version) => model.reached(version),
    dropped: () => model.dropped(),
    present: (object) => model.present(seen(object, noise, redactor?.key)),
    changed: (happened, object) => model.changed(happened, seen(object, noise, redactor?.key)),
  }
  return {
    map,
    tracker,
    recorder,
    async stop() {
      ended.abort()
      await running
      map.close()
    },
    kill() {
      state.dead = true
      // It ends when the map is closed, or before.
      running.catch(() => undefined)
      map.close()
    },
  }
}

/** An API server with one collection: its state and its history. */
export class ModelCluster {
  readonly objects = new Map<string, KubeObject>()
  readonly happened: { readonly type: ChangeType; readonly object: KubeObject; readonly version: number }[] = []
  version = 0
  readonly #random: SeededRandom

  constructor(random: SeededRandom) {
    this.#random = random
  }

  asOf(version: number): KubeObject[] {
    const objects = new Map<string, KubeObject>()
    for (const { type: happened, object, version: at } of this.happened) {
      if (at > version) break
      const uid = object.metadata?.uid ?? ''
      if (happened === 'DELETED') objects.delete(uid)
      else objects.set(uid, object)
    }
    return [...objects.values()]
  }

  step(): void {
    const uids = [...this.objects.keys()]
    const dice = this.#random.next()
    const uid = uids[Math.floor(this.#random.next() * uids.length)]
    const version = ++this.version
    if (uid === undefined || (dice < 0.2 && uids.length < 12)) {
      const made = `u${version}`
      this.#put('ADDED', configMap(`n${version % 7}-${version}`, made, version, { value: String(version) }))
    } else if (dice < 0.3) {
      const { metadata, ...rest } = this.objects.get(uid) as KubeObject
      this.objects.delete(uid)
      this.happened.push({
        type: 'DELETED',
        object: { ...rest, metadata: { ...metadata, resourceVersion: String(version) } },
        version,
      })
    } else {
      const before = this.objects.get(uid) as KubeObject & { readonly data: Readonly<Record<string, string>> }
      // Some updates change nothing.
      const data = dice < 0.4 ? before.data : { ...before.data, value: String(version) }
      this.#put(
        'MODIFIED',
        configMap(before.metadata?.name ?? '', uid, version, data, { labels: { turn: String(version % 3) } }),
      )
    }
  }

  #put(kind: ChangeType, object: KubeObject): void {
    this.objects.set(object.metadata?.uid ?? '', object)
    this.happened.push({ type: kind, object, version: this.version })
  }
}

/** Each list may combine changes; other combinations need an expired version. */
export function judgeEmitted(
  world: ModelCluster,
  journal: Pick<ModelJournal, 'changes' | 'events'>,
  lists: number,
): string[] {
  const problems: string[] = []
  const changes = journal.changes()
  if (new Set(changes.map(({ id }) => id)).size !== changes.length) problems.push('a change was emitted twice')
  const versions = new Map<string, number[]>()
  for (const { object, version } of world.happened) {
    const uid = object.metadata?.uid ?? ''
    versions.set(uid, [...(versions.get(uid) ?? []), version])
  }
  const last = new Map<string, ChangeData>()
  for (const change of changes) {
    const { uid, operation, resourceVersion, old } = change
    const before = last.get(uid)
    if (before !== undefined && JSON.stringify(before.new) !== JSON.stringify(old))
      problems.push(
        `${uid}: ${operation}@${resourceVersion} does not begin where ` +
          `${before.operation}@${before.resourceVersion} ended`,
      )
    if (before !== undefined && Number(before.resourceVersion) > Number(resourceVersion))
      problems.push(`${uid}: ${resourceVersion} was emitted after ${before.resourceVersion}`)
    if (operation !== 'deleted' && versions.get(uid)?.includes(Number(resourceVersion)) !== true)
      problems.push(`${uid}: never written: ${resourceVersion}`)
    last.set(uid, change)
  }
  for (const [uid, object] of world.objects) {
    const { data } = (last.get(uid)?.new ?? {}) as { data?: object }
    if (JSON.stringify(data) !== JSON.stringify((object as { data?: object }).data))
      problems.push(`${uid}: the last emitted state is not the current one`)
  }
  for (const uid of last.keys())
    if (!world.objects.has(uid) && last.get(uid)?.operation !== 'deleted')
      problems.push(`${uid}: its deletion was not emitted`)
  if (lists === 1 && changes.some(({ coalesced }) => coalesced === true))
    problems.push('changes were combined although the server forgot nothing')
  const resources = journal
    .events()
    .filter(({ family }) => family === 'resource')
    .map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as ResourceData)
  for (const uid of world.objects.keys())
    if (resources.findLast((each) => each.uid === uid)?.state !== 'present')
      problems.push(`${uid}: is not emitted as a resource`)
  return problems
}
