/** Brings the map of objects to where the journal is: what was told before a crash and not written into the map. */
import type { OwnFrames } from '../../engine/ports.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import { eventAt, type WeirEvent } from '../../model/events.ts'
import { kubernetesTypes, type ChangeData, type ClusterEventData, type ResourceData } from '../../model/kubernetes.ts'
import type { Position } from '../../model/positions.ts'
import { digestOf } from './map-canonical.ts'
import { factsOf, type Collection, type ObjectMap, type Step } from './source-objects.ts'

/** Steps that are written at once. */
const mostSteps = 2000

/** `keyOf` says in which collection an object is. Returns how many events were read. */
export async function replay(map: ObjectMap, frames: OwnFrames, keyOf: (object: { readonly group: string; readonly resource: string; readonly namespace?: string }) => string): Promise<number> {
  let steps: Step[] = []
  let position: Position | undefined
  let events = 0
  for await (const frame of frames.after(map.position)) {
    position = { sequence: frame.header.sequence, row: frame.header.firstRow + frame.header.count }
    if (frame.header.kind === 'events') {
      const batch = decodeBatch('events', frame.body())
      if (batch.kind === 'events') {
        for (let row = 0; row < batch.count; row++) {
          const event = eventAt(batch, row)
          steps.push(...stepsOf(map, event, JSON.parse(Buffer.from(event.data ?? []).toString('utf8')) as unknown, keyOf))
          events++
        }
      }
    }
    if (steps.length < mostSteps) continue
    map.commit(steps, position)
    steps = []
  }
  if (position !== undefined) map.commit(steps, position)
  return events
}

function stepsOf(map: ObjectMap, { type, time = 0 }: WeirEvent, told: unknown, keyOf: (object: { readonly group: string; readonly resource: string; readonly namespace?: string }) => string): Step[] {
  if (type === kubernetesTypes.created || type === kubernetesTypes.updated || type === kubernetesTypes.deleted) return ofChange(map, told as ChangeData, keyOf)
  if (type === kubernetesTypes.resource) {
    const { cluster: _1, group: _2, version: _3, kind: _4, resource: _5, namespace: _6, name: _7, uid, resourceVersion, since, state, ...facts } = told as ResourceData
    const known = map.collection(keyOf(told as ResourceData)).objects.get(uid)
    if (known === undefined || state === 'gone') return []
    known.told = digestOf(JSON.stringify(facts))
    return [{ is: 'touch', known, facts: factsOf(known), word: { at: time, version: resourceVersion, since } }]
  }
  if (type !== kubernetesTypes.event) return []
  const event = told as ClusterEventData
  const collection = map.collection(keyOf(event))
  const known = collection.objects.get(event.uid) ?? map.add(collection, event.uid)
  known.version = event.resourceVersion
  return [{ is: 'put', collection, uid: event.uid, known, facts: factsOf(known), names: { namespace: event.namespace, name: event.name }, document: Buffer.alloc(0) }, reached(collection, event.resourceVersion)]
}

function ofChange(map: ObjectMap, change: ChangeData, keyOf: (object: ChangeData) => string): Step[] {
  const collection = map.collection(keyOf(change))
  const { uid, resourceVersion, operation, coalesced, initial } = change
  // What a list told is in no order of versions.
  const passed = coalesced === true || initial === true ? [] : [reached(collection, resourceVersion)]
  const before = collection.objects.get(uid)
  if (operation === 'deleted') {
    collection.objects.delete(uid)
    return [...(before === undefined ? [] : [{ is: 'remove', known: before } as const]), ...passed]
  }
  const known = before ?? map.add(collection, uid)
  known.version = resourceVersion
  // Its digest is of what the server sent, which the journal does not have.
  known.hash = ''
  known.document = map.keep(Buffer.from(JSON.stringify(change.new)))
  return [{ is: 'put', collection, uid, known, facts: factsOf(known), names: { namespace: change.namespace, name: change.name }, document: known.document }, ...passed]
}

function reached(collection: Collection, version: string): Step {
  // A collection that has to be listed stays so.
  if (collection.cursor !== undefined) collection.cursor = version
  return { is: 'cursor', collection, version: collection.cursor }
}
