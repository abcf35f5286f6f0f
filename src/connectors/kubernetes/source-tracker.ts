/** Tells true changes of one collection from what a server says of it, and has them recorded. */
import type { Host } from '../../host/index.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { PatchStep, ResourceData } from '../../model/kubernetes.ts'
import type { ResourceType } from './client-discovery.ts'
import type { ChangeType, KubeObject, Target } from './client-types.ts'
import { actorOf, changeEvent, clusterEvent, placeOf, resourceEvent, type Place } from './map-change.ts'
import { diff } from './map-diff.ts'
import { eventData } from './map-event.ts'
import { canonical } from './map-canonical.ts'
import type { Noise } from './map-noise.ts'
import type { Redactor } from './map-redact.ts'
import { factsOf } from './map-resource.ts'
import { digestOf, factsOf as knownFacts, packed, type Collection, type Known, type ObjectMap, type Step } from './source-objects.ts'
import type { Recorder } from './source-recorder.ts'

export interface TrackerOptions {
  readonly cluster: string
  readonly type: ResourceType
  readonly collection: Collection
  readonly map: ObjectMap
  readonly recorder: Pick<Recorder, 'record'>
  readonly noise: Noise
  /** Rules that hide nothing, and by which a change is marked; undefined: none is. */
  readonly marked?: Noise
  /** Undefined: nothing is redacted. */
  readonly redactor: Redactor | undefined
  /** Whether objects that were there from the beginning are told of. */
  readonly snapshot: boolean
  readonly host: Host
  /** A change was hidden, by these rules. */
  readonly onNoise: (rules: readonly string[]) => void
  /** Something happened, whoever tells it. */
  readonly onChange: () => void
  /** A change is in the journal. */
  readonly onTold: () => void
  readonly onListed: () => void
  /** Up to where another one has told of it, when it is our turn after that one. */
  readonly toldBefore?: () => string | undefined
}

/** The cluster's own events: they happen, they do not change. */
export function isEventType({ group, kind }: ResourceType): boolean {
  return kind === 'Event' && (group === '' || group === 'events.k8s.io')
}

export class Tracker implements Target {
  readonly #options: TrackerOptions
  readonly #collection: Collection
  readonly #events: boolean
  /** Number of the list that is under way or was last. */
  #list = 0
  #listing = false
  /** It has been listed as a whole before, so that what a list has more is new. */
  #known: boolean
  /** Uids by place, while a list is under way: where two had the same name, one of them is gone. */
  #names: Map<string, string> | undefined

  constructor(options: TrackerOptions) {
    this.#options = options
    this.#collection = options.collection
    this.#events = isEventType(options.type)
    this.#known = options.collection.cursor !== undefined || options.collection.objects.size > 0
  }

  get cursor(): string | undefined {
    return this.#collection.cursor
  }

  /** What happened since another one told of it last is to be seen as it happened. */
  get asOf(): string | undefined {
    return this.#known ? undefined : this.#options.toldBefore?.()
  }

  listing(): void | Promise<void> {
    this.#list++
    this.#listing = true
    this.#names = undefined
    if (this.#collection.cursor === undefined) return
    return this.#reach(undefined)
  }

  present(object: KubeObject): void | Promise<void> {
    return this.#seen(object, this.#known || this.#isNew(object))
  }

  async listed(version: string): Promise<void> {
    for (const [uid, known] of this.#collection.objects) if (known.seen !== this.#list) await this.#gone(uid, known, undefined, version)
    this.#listing = false
    this.#known = true
    this.#names = undefined
    await this.#reach(version)
    this.#options.onListed()
  }

  changed(type: ChangeType, object: KubeObject): void | Promise<void> {
    const version = object.metadata?.resourceVersion
    const told = type === 'DELETED' ? this.#goneNow(object) : this.#seen(object, true)
    // What a list is still to say lies behind this.
    if (!this.#listing && version !== undefined) this.#collection.cursor = version
    return told
  }

  reached(version: string): void | Promise<void> {
    return this.#reach(version)
  }

  /** The resource itself is gone, and all objects with it. */
  async dropped(): Promise<void> {
    const collection = this.#collection
    for (const [uid, known] of collection.objects) await this.#gone(uid, known, undefined, undefined)
    collection.cursor = undefined
    await this.#record([], [{ is: 'cursor', collection, version: undefined, ended: true }], undefined)
  }

  #reach(version: string | undefined): void | Promise<void> {
    const collection = this.#collection
    collection.cursor = version
    return this.#record([], [{ is: 'cursor', collection, version }], version)
  }

  /** `version`: who has told of the collection up to there has told this. */
  #record(events: readonly WeirEvent[], steps: readonly Step[], version: string | undefined): void | Promise<void> {
    const { recorder, onTold } = this.#options
    return recorder.record(events, steps, { collection: this.#collection, version, onTold })
  }

  /** It came after the cluster was first looked at. */
  #isNew({ metadata }: KubeObject): boolean {
    const { begun } = this.#options.map
    return begun !== undefined && Date.parse(String(metadata?.['creationTimestamp'])) > begun
  }

  #seen(object: KubeObject, tell: boolean): void | Promise<void> {
    const uid = object.metadata?.uid
    const version = object.metadata?.resourceVersion
    if (uid === undefined || version === undefined) return
    const { map, type, cluster } = this.#options
    const place = placeOf(cluster, type, object)
    const before = this.#collection.objects.get(uid)
    if (this.#events) return this.#happened(place, object, before, tell)
    const replaced = before === undefined && this.#listing ? this.#replacedBy(place) : undefined
    if (replaced !== undefined) {
      // A name has one holder at a time: the one that we know must be gone.
      const told = this.#gone(replaced.uid, replaced.known, undefined, version)
      if (told !== undefined) return told.then(() => this.#seen(object, tell))
    }
    const { text, safe } = this.#document(object)
    const digest = digestOf(text)
    const known = before ?? map.add(this.#collection, uid)
    if (this.#listing) known.seen = this.#list
    if (known.hash === digest) return this.#hidden(known, version)
    const initial = before === undefined && !tell
    const events: WeirEvent[] = []
    const now = this.#options.host.clock.now()
    if (before === undefined) {
      const created = Date.parse(String(object.metadata?.['creationTimestamp']))
      if (tell || this.#options.snapshot) {
        events.push(changeEvent({
          place, resourceVersion: version, operation: 'created', old: undefined, new: text, patch: [], actor: actorOf(object), initial, coalesced: this.#listing && !initial, noise: [],
          time: Number.isNaN(created) ? now : created,
        }))
      }
    } else {
      const old = map.document(before)
      const was = old === undefined ? undefined : (JSON.parse(old) as KubeObject)
      const patch: readonly PatchStep[] = was === undefined ? [] : diff(was, safe)
      // The same in another order: another version of the server.
      if (patch.length === 0 && old !== undefined) return this.#hidden(known, version)
      events.push(changeEvent({
        place, resourceVersion: version, operation: 'updated', old, new: text, patch, actor: actorOf(object), initial: false, coalesced: this.#listing || old === undefined, time: now,
        noise: was === undefined ? [] : (this.#options.marked?.marks(was, safe, patch, canonical) ?? []),
      }))
    }
    known.version = version
    known.hash = digest
    known.document = packed(text)
    const told = this.#resource(place, version, object, known, before === undefined)
    const word = told === undefined ? undefined : resourceEvent(told, now)
    if (word !== undefined) events.push(word)
    if (events.length > 0) this.#options.onChange()
    return this.#record(events, [
      { is: 'put', collection: this.#collection, uid, known, facts: knownFacts(known), names: { namespace: place.namespace, name: place.name }, document: known.document }, ...wordOf(word, known, now), ...this.#passed(version),
    ], version)
  }

  /** Nothing happened that counts. */
  #hidden(known: Known, version: string): void | Promise<void> {
    if (known.version === version) return
    known.version = version
    this.#options.onNoise(['resource-version'])
    return this.#record([], [{ is: 'touch', known, facts: knownFacts(known) }, ...this.#passed(version)], version)
  }

  #happened(place: Place, object: KubeObject, before: Known | undefined, tell: boolean): void | Promise<void> {
    const { map } = this.#options
    const version = object.metadata?.resourceVersion ?? ''
    const known = before ?? map.add(this.#collection, place.uid)
    if (this.#listing) known.seen = this.#list
    if (known.version === version) return
    known.version = version
    const data = eventData(place, object)
    const time = Date.parse(data.last ?? '')
    const events = tell || this.#options.snapshot ? [clusterEvent(data, Number.isNaN(time) ? this.#options.host.clock.now() : time)] : []
    const document = nothing
    return this.#record(events, [{ is: 'put', collection: this.#collection, uid: place.uid, known, facts: knownFacts(known), names: { namespace: place.namespace, name: place.name }, document }, ...this.#passed(version)], version)
  }

  /** What is told of it as a resource, if that is not what was told last. */
  #resource(place: Place, resourceVersion: string, object: KubeObject, known: Known, first: boolean): ResourceData | undefined {
    const facts = factsOf(object)
    const digest = digestOf(JSON.stringify(facts))
    if (known.told === digest) return undefined
    known.told = digest
    const since = first && facts.created !== undefined ? facts.created : new Date(this.#options.host.clock.now()).toISOString()
    return { ...place, resourceVersion, since, state: 'present', ...facts }
  }

  #goneNow(object: KubeObject): void | Promise<void> {
    const uid = object.metadata?.uid
    const known = uid === undefined ? undefined : this.#collection.objects.get(uid)
    return uid === undefined || known === undefined ? undefined : this.#gone(uid, known, object, object.metadata?.resourceVersion)
  }

  /** `last`: its state when it went, where a watch has told it. `version`: by then it was gone. */
  #gone(uid: string, known: Known, last: KubeObject | undefined, version: string | undefined): void | Promise<void> {
    const { map, host, type, cluster } = this.#options
    this.#collection.objects.delete(uid)
    const steps: Step[] = [{ is: 'remove', known }, ...(last?.metadata?.resourceVersion === undefined ? [] : this.#passed(last.metadata.resourceVersion))]
    if (this.#events) return this.#record([], steps, version)
    const text = map.document(known) ?? (last === undefined ? undefined : this.#document(last).text)
    // Without a document nobody knows what it was called.
    if (text === undefined) return this.#record([], steps, version)
    const object = last ?? (JSON.parse(text) as KubeObject)
    const place = { ...placeOf(cluster, type, object), uid }
    const now = host.clock.now()
    const resourceVersion = last?.metadata?.resourceVersion ?? known.version
    const change = changeEvent({ place, resourceVersion, operation: 'deleted', old: text, new: undefined, patch: [], actor: undefined, initial: false, coalesced: last === undefined || this.#listing, noise: [], time: now })
    this.#options.onChange()
    return this.#record([change, resourceEvent({ ...place, resourceVersion, since: new Date(now).toISOString(), state: 'gone' }, now)], steps, version)
  }

  /** Up to where the watch has come with this, unless a list is under way. */
  #passed(version: string): Step[] {
    return this.#listing ? [] : [{ is: 'cursor', collection: this.#collection, version }]
  }

  #document(object: KubeObject): { readonly text: string; readonly safe: KubeObject } {
    const { noise, redactor } = this.#options
    const stripped = noise.stripped(object)
    const safe = redactor === undefined ? stripped : redactor.redact(stripped)
    return { text: JSON.stringify(safe), safe }
  }

  #replacedBy({ namespace, name }: Place): { readonly uid: string; readonly known: Known } | undefined {
    if (this.#collection.objects.size === 0 || !this.#known) return undefined
    if (this.#names === undefined) {
      this.#names = new Map()
      for (const each of this.#options.map.names(this.#collection)) this.#names.set(`${each.namespace ?? ''}/${each.name}`, each.uid)
    }
    const uid = this.#names.get(`${namespace ?? ''}/${name}`)
    const known = uid === undefined ? undefined : this.#collection.objects.get(uid)
    return uid === undefined || known === undefined ? undefined : { uid, known }
  }
}

/** What was told of it as a resource is kept, to be told again. */
function wordOf(event: WeirEvent | undefined, known: Known, at: number): Step[] {
  return event?.data === undefined ? [] : [{ is: 'word', known, told: known.told, at, word: Uint8Array.from(event.data) }]
}

const nothing = Buffer.alloc(0)
