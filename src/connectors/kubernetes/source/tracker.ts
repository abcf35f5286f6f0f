// Long because all steps of the life of an object share its order and the state of the list.
import type { Host } from '../../../host/index.ts'
import type { WeirEvent } from '../../../model/events.ts'
import { actorOf, type PatchStep } from '../../../model/kubernetes.ts'
import { diff } from '../../../codecs/json-patch/index.ts'
import type { ResourceType } from '../client/discovery.ts'
import { bufferOf } from '../client/scan.ts'
import type { SeenObject } from '../client/strip.ts'
import type { ChangeType, KubeObject, Target } from '../client/types.ts'
import { changeEvent, clusterEvent, placeOf, resourceEvent, uidByName, type Place } from '../map/change.ts'
import { differing } from '../map/members.ts'
import { eventData } from '../map/event.ts'
import { canonical } from '../../../codecs/canonical-json/index.ts'
import { digestOf } from '../map/digest.ts'
import { ChangeClock, deletionRequest, DeletionRequests, goneAt, setsDeletion } from '../map/times.ts'
import type { Noise, NoiseRule } from '../map/noise.ts'
import type { Redactor } from '../map/redact.ts'
import { factsOf } from '../map/resource.ts'
import type { ObjectMap } from './objects.ts'
import type { Known } from './known.ts'
import { factsOf as knownFacts, type Collection, type Step, type Emission } from './steps.ts'
import type { Recorder } from './recorder.ts'

/** A version of an object, as received at `now`; `document` is without secrets, `safe` the same parsed. */
type ObjectState = Readonly<{
  place: Place
  version: string
  digest: string
  document: Uint8Array
  safe: KubeObject
  /** Unix ms. */
  now: number
}>

type TrackerOptions = Readonly<{
  cluster: string
  type: ResourceType
  collection: Collection
  map: ObjectMap
  recorder: Pick<Recorder, 'record'>
  noise: Noise
  marked?: Noise
  redactor: Redactor | undefined
  snapshot: boolean
  host: Host
  onNoise: (rules: readonly string[]) => void
  onChange: () => void
  onEmitted: () => void
  onListed: () => void
  checkpointOf?: () => string | undefined
}>

/** Kubernetes events are emitted once and have no changes. */
export function isEventType({ group, kind }: ResourceType): boolean {
  return kind === 'Event' && (group === '' || group === 'events.k8s.io')
}

/** `new`: it did not exist at the time of the list before. */
type Age = 'new' | 'existing'

export class Tracker implements Target {
  readonly #options: TrackerOptions
  readonly #collection: Collection
  readonly #events: boolean
  #list = 0
  #listing = false
  #hadSome = false
  readonly #clock = new ChangeClock()
  readonly #requests = new DeletionRequests()
  /** Uids by name during a list: of two objects with one name, one is deleted. */
  #names: Map<string, string> | undefined

  constructor(options: TrackerOptions) {
    this.#options = options
    this.#collection = options.collection
    this.#events = isEventType(options.type)
  }

  get cursor(): string | undefined {
    return this.#collection.cursor
  }

  get asOf(): string | undefined {
    return this.#collection.whole ? undefined : this.#options.checkpointOf?.()
  }

  listing(): void | Promise<void> {
    this.#list++
    this.#listing = true
    this.#names = undefined
    this.#hadSome = this.#collection.objects.size > 0
    if (this.#collection.cursor === undefined) return
    return this.#reach(undefined)
  }

  present(object: SeenObject): void | Promise<void> {
    return this.#seen(object, this.#collection.whole ? 'new' : 'existing')
  }

  async listed(version: string): Promise<void> {
    for (const [uid, object] of this.#collection.objects)
      if (object.seen !== this.#list) await this.#gone(uid, object, undefined, version)
    this.#listing = false
    this.#collection.whole = true
    this.#names = undefined
    await this.#reach(version, 'listed')
    this.#options.onListed()
  }

  changed(type: ChangeType, object: SeenObject): void | Promise<void> {
    const { version } = object
    const outcome = type === 'DELETED' ? this.#goneNow(object) : this.#seen(object, 'new')
    if (!this.#listing && version !== undefined) this.#collection.cursor = version
    return outcome
  }

  reached(version: string): void | Promise<void> {
    return this.#reach(version)
  }

  async dropped(): Promise<void> {
    const collection = this.#collection
    for (const [uid, object] of collection.objects) await this.#gone(uid, object, undefined, undefined)
    collection.cursor = undefined
    collection.whole = false
    await this.#record([], [{ is: 'cursor', collection, version: undefined, ended: true }], undefined)
  }

  #reach(version: string | undefined, state: 'watched' | 'listed' = 'watched'): void | Promise<void> {
    const collection = this.#collection
    collection.cursor = version
    return this.#record(
      [],
      [{ is: 'cursor', collection, version, ...(state === 'listed' ? { listed: true } : {}) }],
      version,
    )
  }

  /** `version`: a checkpoint at or after it includes this change. */
  #record(events: readonly WeirEvent[], steps: readonly Step[], version: string | undefined): void | Promise<void> {
    const { recorder, onEmitted } = this.#options
    return recorder.record(events, steps, { collection: this.#collection, version, onEmitted })
  }

  /** Also new if the object was created after the first list of the cluster. */
  #ageOf({ object: { metadata } }: SeenObject, age: Age): Age {
    const { begun } = this.#options.map
    const isLater = begun !== undefined && Date.parse(String(metadata?.['creationTimestamp'])) > begun
    return isLater ? 'new' : age
  }

  #seen(seen: SeenObject, age: Age): void | Promise<void> {
    const { version } = seen
    if (version === undefined) return
    const uid = this.#uidOf(seen)
    const before = this.#collection.objects.get(uid)
    if (this.#events) return this.#happened(seen, uid, version, before, this.#ageOf(seen, age))
    const { digest } = seen
    if (before !== undefined && this.#listing) before.seen = this.#list
    if (before?.hash === digest) return this.#hidden(before, version, 'resource-version')
    const { object } = seen
    const location = placeOf(this.#options.cluster, this.#options.type, object)
    const replaced = before === undefined && this.#listing ? this.#replacedBy(location) : undefined
    if (replaced !== undefined) {
      // A name has one holder at a time: the known object is deleted.
      const outcome = this.#gone(replaced.uid, replaced.known, undefined, version)
      if (outcome !== undefined) return outcome.then(() => this.#seen(seen, age))
    }
    return before === undefined
      ? this.#created(seen, location, digest, this.#ageOf(seen, age))
      : this.#updated(seen, location, digest, before, version)
  }

  #created(seen: SeenObject, location: Place, digest: string, age: Age): void | Promise<void> {
    const isNew = age === 'new'
    const { map, snapshot, host } = this.#options
    const [safe, document] = this.#safe(seen)
    const [version, now] = [seen.version ?? '', host.clock.now()]
    const knownObject = map.add(this.#collection, location.uid)
    if (this.#listing) knownObject.seen = this.#list
    const createdAt = Math.min(Date.parse(String(safe.metadata?.['creationTimestamp'])), now)
    this.#requests.seen(location.uid, safe)
    const change =
      isNew || snapshot
        ? changeEvent({
            place: location,
            resourceVersion: version,
            operation: 'created',
            old: undefined,
            new: document,
            patch: [],
            actor: actorOf(seen.managers),
            initial: !isNew,
            coalesced: this.#listing && isNew,
            noise: [],
            time: Number.isNaN(createdAt) ? now : createdAt,
          })
        : undefined
    return this.#put(knownObject, { place: location, version, digest, document, safe, now }, 'created', change)
  }

  #updated(seen: SeenObject, location: Place, digest: string, known: Known, version: string): void | Promise<void> {
    const { map, noise, marked, host } = this.#options
    const [safe, document] = this.#safe(seen)
    const old = map.document(known)
    const { members } = seen
    const parts =
      old === undefined
        ? undefined
        : ((document === seen.document && members !== undefined
            ? differing(old, bufferOf(document), members, safe)
            : undefined) ?? [JSON.parse(old.toString()) as KubeObject, safe])
    const patch: readonly PatchStep[] = parts === undefined ? [] : diff(...parts)
    const now = this.#clock.ofUpdate(host.clock.now(), patch, safe, seen)
    this.#requests.seen(location.uid, safe, parts?.[0])
    const hiding = old === undefined ? [] : noise.hides(patch)
    if (hiding.length > 0) this.#options.onNoise(hiding)
    // The members are equal, but in another order, as from another server version.
    else if (patch.length === 0 && old !== undefined) {
      known.hash = digest
      return this.#hidden(known, version, 'resource-version')
    }
    const marks = parts === undefined ? [] : (marked?.marks(...parts, noise.counted(patch), canonical) ?? [])
    const change =
      hiding.length > 0
        ? undefined
        : changeEvent({
            place: location,
            resourceVersion: version,
            operation: 'updated',
            old,
            new: document,
            patch,
            actor: actorOf(seen.managers),
            initial: false,
            coalesced: this.#listing || old === undefined,
            time: now,
            deletionRequested: setsDeletion(patch) ? deletionRequest(safe) : undefined,
            noise: marks,
          })
    const state = { place: location, version, digest, document, safe, now }
    return this.#put(known, state, marks.length > 0 ? 'marked' : 'updated', change)
  }

  #put(
    known: Known,
    { place, version, digest, document, safe, now }: ObjectState,
    operation: 'created' | 'updated' | 'marked',
    change: WeirEvent | undefined,
  ): void | Promise<void> {
    const { map } = this.#options
    known.version = version
    known.hash = digest
    const bytes = map.keep(document)
    known.document = bytes
    const facts = factsOf(safe)
    const text = JSON.stringify(facts)
    const emitted = digestOf(text)
    const events = change === undefined ? [] : [change]
    let emission: Emission | undefined
    // A state is valid from the last change of content on, also if no recorded field changed.
    if (known.emitted !== emitted || (change !== undefined && operation === 'updated')) {
      known.emitted = emitted
      emission = {
        at: now,
        version,
        since: operation === 'created' ? (facts.created ?? new Date(now).toISOString()) : new Date(now).toISOString(),
      }
      events.push(
        resourceEvent({ ...place, resourceVersion: version, since: emission.since, state: 'present' }, text, now),
      )
    }
    if (events.length > 0) this.#options.onChange()
    return this.#record(
      events,
      [
        {
          is: 'put',
          collection: this.#collection,
          uid: place.uid,
          known,
          facts: knownFacts(known),
          names: { namespace: place.namespace, name: place.name },
          document: bytes,
          ...(emission === undefined ? {} : { emission }),
        },
        ...this.#passed(version),
      ],
      version,
    )
  }

  #hidden(known: Known, version: string, rule: NoiseRule): void | Promise<void> {
    if (known.version === version) return
    known.version = version
    this.#options.onNoise([rule])
    return this.#record([], [{ is: 'touch', known, facts: knownFacts(known) }, ...this.#passed(version)], version)
  }

  #happened(seen: SeenObject, uid: string, version: string, before: Known | undefined, age: Age): void | Promise<void> {
    const { map, cluster, type, redactor } = this.#options
    const knownObject = before ?? map.add(this.#collection, uid)
    if (this.#listing) knownObject.seen = this.#list
    if (knownObject.version === version) return
    knownObject.version = version
    const position = placeOf(cluster, type, seen.object)
    const event = eventData(position, version, seen.object)
    const data = redactor === undefined ? event : { ...event, message: redactor.text(event.message) }
    const time = Date.parse(data.last ?? '')
    const events =
      age === 'new' || this.#options.snapshot
        ? [clusterEvent(data, Number.isNaN(time) ? this.#options.host.clock.now() : time)]
        : []
    return this.#record(
      events,
      [
        {
          is: 'put',
          collection: this.#collection,
          uid,
          known: knownObject,
          facts: knownFacts(knownObject),
          names: { namespace: position.namespace, name: position.name },
          document: noBytes,
        },
        ...this.#passed(version),
      ],
      version,
    )
  }

  #goneNow(seen: SeenObject): void | Promise<void> {
    const uid = this.#uidOf(seen)
    const object = this.#collection.objects.get(uid)
    return object === undefined ? undefined : this.#gone(uid, object, seen, seen.version)
  }

  /** `last`: final state from a watch. `version`: deleted at or before it. */
  #gone(uid: string, known: Known, last: SeenObject | undefined, version: string | undefined): void | Promise<void> {
    const { map, host, type, cluster } = this.#options
    // The object must be read before it is removed from the known objects.
    const object = this.#events ? undefined : last?.object
    const requested = this.#requests.gone(uid)
    this.#collection.objects.delete(uid)
    const steps: Step[] = [{ is: 'remove', known }, ...(last?.version === undefined ? [] : this.#passed(last.version))]
    if (this.#events) return this.#record([], steps, version)
    // An object is usually deleted unchanged: no read from disk.
    const document =
      (last?.digest === known.hash ? undefined : map.document(known)) ??
      (last === undefined ? undefined : this.#safe(last)[1])
    // Without a document the name of the object is unknown.
    if (document === undefined) return this.#record([], steps, version)
    const fullObject = object ?? (JSON.parse(Buffer.from(document).toString()) as KubeObject)
    const position = { ...placeOf(cluster, type, fullObject), uid }
    const now = this.#clock.at(host.clock.now(), goneAt(fullObject))
    const resourceVersion = last?.version ?? known.version
    const change = changeEvent({
      place: position,
      resourceVersion,
      operation: 'deleted',
      old: document,
      new: undefined,
      patch: [],
      actor: undefined,
      initial: false,
      coalesced: last === undefined || this.#listing,
      noise: [],
      time: now,
      deletionRequested: requested ?? deletionRequest(fullObject),
    })
    this.#options.onChange()
    return this.#record(
      [
        change,
        resourceEvent({ ...position, resourceVersion, since: new Date(now).toISOString(), state: 'gone' }, '{}', now),
      ],
      steps,
      version,
    )
  }

  #uidOf(seen: SeenObject): string {
    return seen.uid ?? uidByName(this.#options.type, seen.object.metadata)
  }

  #passed(version: string): Step[] {
    return this.#listing ? [] : [{ is: 'cursor', collection: this.#collection, version }]
  }

  #safe({ object, document }: SeenObject): readonly [KubeObject, Uint8Array] {
    const redacted = this.#options.redactor?.redact(object) ?? object
    return [redacted, redacted === object ? document : Buffer.from(JSON.stringify(redacted))]
  }

  #replacedBy({ namespace, name }: Place): Readonly<{ uid: string; known: Known }> | undefined {
    if (!this.#hadSome) return undefined
    if (this.#names === undefined) {
      this.#names = new Map()
      for (const entry of this.#options.map.names(this.#collection))
        this.#names.set(`${entry.namespace ?? ''}/${entry.name}`, entry.uid)
    }
    const uid = this.#names.get(`${namespace ?? ''}/${name}`)
    const existing = uid === undefined ? undefined : this.#collection.objects.get(uid)
    return uid === undefined || existing === undefined ? undefined : { uid, known: existing }
  }
}

const noBytes = new Uint8Array()
