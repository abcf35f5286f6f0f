import type { Replay } from '../../../engine/contracts.ts'
import { decodeBatch } from '../../../journal/bodies.ts'
import type { Frame } from '../../../journal/types.ts'
import { eventAt, type WeirEvent } from '../../../model/events.ts'
import {
  kubernetesTypes,
  type ChangeData,
  type ClusterEventData,
  type ResourceData,
} from '../../../model/kubernetes.ts'
import type { Position } from '../../../model/positions.ts'
import type { LeaseCheckpoint } from '../../../net/kubernetes/lease.ts'
import { digestOf } from '../map/digest.ts'
import type { ObjectMap } from './objects.ts'
import { factsOf, type Collection, type Step } from './steps.ts'

const maxSteps = 2000

type KeyOf = (object: Readonly<{ group: string; resource: string; namespace?: string }>) => string

/** `keyOf`: the collection of an object; `of`: only these collections. Returns the number of events read. */
export async function replay(map: ObjectMap, frames: Replay, keyOf: KeyOf, of?: ReadonlySet<string>): Promise<number> {
  let steps: Step[] = []
  let position: Position | undefined
  let events = 0
  for await (const frame of frames.after(map.position)) {
    position = { sequence: frame.header.sequence, row: frame.header.firstRow + frame.header.count }
    for (const { event, data } of eventsOf(frame)) {
      steps.push(...stepsOf(map, event, data, keyOf, of))
      events++
    }
    if (steps.length < maxSteps) continue
    map.commit(steps, position)
    steps = []
  }
  if (position !== undefined) map.commit(steps, position)
  return events
}

export async function checkpointAfter(frames: Replay, sequence: number, keyOf: KeyOf): Promise<LeaseCheckpoint> {
  const checkpoint: Record<string, string> = {}
  for await (const frame of frames.after({ sequence, row: 0 })) {
    for (const {
      event: { type },
      data,
    } of eventsOf(frame)) {
      const { coalesced, initial, resourceVersion } = data as Partial<ChangeData>
      if (
        type !== kubernetesTypes.resource &&
        type !== kubernetesTypes.gap &&
        resourceVersion !== undefined &&
        coalesced !== true &&
        initial !== true
      )
        checkpoint[keyOf(data as ChangeData)] = resourceVersion
    }
  }
  return checkpoint
}

function eventsOf(frame: Frame): Readonly<{ event: WeirEvent; data: unknown }>[] {
  const batch = frame.header.kind === 'events' ? decodeBatch('events', frame.body()) : undefined
  if (batch?.kind !== 'events') return []
  return Array.from({ length: batch.count }, (_, row) => {
    const event = eventAt(batch, row)
    return { event, data: JSON.parse(Buffer.from(event.data ?? []).toString('utf8')) as unknown }
  })
}

function stepsOf(
  map: ObjectMap,
  { type, time = 0 }: WeirEvent,
  emitted: unknown,
  keyOf: KeyOf,
  of: ReadonlySet<string> | undefined,
): Step[] {
  if (of !== undefined && !of.has(keyOf(emitted as ChangeData))) return []
  if (type === kubernetesTypes.created || type === kubernetesTypes.updated || type === kubernetesTypes.deleted)
    return ofChange(map, emitted as ChangeData, keyOf)
  if (type === kubernetesTypes.resource) {
    const {
      cluster: _1,
      group: _2,
      version: _3,
      kind: _4,
      resource: _5,
      namespace: _6,
      name: _7,
      uid,
      resourceVersion,
      since,
      state,
      ...facts
    } = emitted as ResourceData
    const object = map.collection(keyOf(emitted as ResourceData)).objects.get(uid)
    if (object === undefined || state === 'gone') return []
    object.emitted = digestOf(JSON.stringify(facts))
    return [
      { is: 'touch', known: object, facts: factsOf(object), emission: { at: time, version: resourceVersion, since } },
    ]
  }
  if (type !== kubernetesTypes.event) return []
  const event = emitted as ClusterEventData
  const collection = map.collection(keyOf(event))
  const existing = collection.objects.get(event.uid) ?? map.add(collection, event.uid)
  existing.version = event.resourceVersion
  return [
    {
      is: 'put',
      collection,
      uid: event.uid,
      known: existing,
      facts: factsOf(existing),
      names: { namespace: event.namespace, name: event.name },
      document: Buffer.alloc(0),
    },
    ...reached(collection, event.resourceVersion),
  ]
}

function ofChange(map: ObjectMap, change: ChangeData, keyOf: KeyOf): Step[] {
  const collection = map.collection(keyOf(change))
  const { uid, resourceVersion, operation, coalesced, initial } = change
  // Objects from a list are in no version order.
  const passed = coalesced === true || initial === true ? [] : reached(collection, resourceVersion)
  const before = collection.objects.get(uid)
  if (operation === 'deleted') {
    collection.objects.delete(uid)
    return [...(before === undefined ? [] : [{ is: 'remove', known: before } as const]), ...passed]
  }
  const known = before ?? map.add(collection, uid)
  known.version = resourceVersion
  // The digest covers the server's document, which the journal lacks.
  known.hash = ''
  known.document = map.keep(Buffer.from(JSON.stringify(change.new)))
  return [
    {
      is: 'put',
      collection,
      uid,
      known,
      facts: factsOf(known),
      names: { namespace: change.namespace, name: change.name },
      document: known.document,
    },
    ...passed,
  ]
}

function reached(collection: Collection, version: string): Step[] {
  if (collection.cursor === undefined) return []
  collection.cursor = version
  return [{ is: 'cursor', collection, version }]
}
