/** Emits unchanged objects again before the store expires their last emission. */
import type { SourceContext } from '../../../engine/contracts.ts'
import type { KubeObject } from '../client/types.ts'
import { digestOf } from '../map/digest.ts'
import { placeOf, resourceEvent } from '../map/change.ts'
import { factsOf } from '../map/resource.ts'
import type { ObjectMap } from './objects.ts'
import { factsOf as knownFacts, type Collection } from './steps.ts'
import { typeAs } from './type.ts'
import type { Recorder } from './recorder.ts'

const dayMs = 86_400_000
const looks = 8
const [mostAtOnce, restMs] = [200, 100]

type RetellParts = Readonly<{
  cluster: string
  context: Pick<SourceContext, 'host' | 'metrics' | 'id'>
  map: ObjectMap
  recorder: Pick<Recorder, 'record'>
  leads: (collection: Collection) => boolean
}>

/** Maximum age of an emission, in ms: at most a day, because a full store expires earlier. */
export function goodFor(storeRetentionMs: number): number {
  return Math.min(storeRetentionMs / 2, dayMs)
}

export async function runResync(parts: RetellParts, storeRetentionMs: number, signal: AbortSignal): Promise<void> {
  const { clock, timers } = parts.context.host
  const good = goodFor(storeRetentionMs)
  for (;;) {
    await timers.sleep(good / looks, signal)
    if (signal.aborted) return
    await resync(parts, clock.now() - good, signal)
  }
}

/** Emits all objects last emitted before `before` (Unix ms) with the same id. Returns their number. */
export async function resync(
  { cluster, context: { host, metrics, id }, map, recorder, leads }: RetellParts,
  before: number,
  signal: AbortSignal,
): Promise<number> {
  let count = 0
  for (let after = 0; ;) {
    const words = map.emittedBefore(before, after, mostAtOnce)
    const last = words.at(-1)
    if (last === undefined || signal.aborted) return count
    after = last.row
    const now = host.clock.now()
    for (const { collection, uid, emitted: digest, version, since } of words) {
      const existing = collection.objects.get(uid)
      // A newer emission is pending; an older state must not follow it.
      if (existing === undefined || existing.emitted !== digest || !leads(collection)) continue
      const document = map.document(existing)
      if (document === undefined) continue
      const object = JSON.parse(document.toString()) as KubeObject
      const facts = JSON.stringify(factsOf(object))
      existing.emitted = digestOf(facts)
      const event = resourceEvent(
        { ...placeOf(cluster, typeAs(collection, object), object), resourceVersion: version, since, state: 'present' },
        facts,
        now,
      )
      const room = recorder.record(
        [event],
        [{ is: 'touch', known: existing, facts: knownFacts(existing), emission: { at: now, version, since } }],
      )
      count++
      metrics.count('weir_kubernetes_resynced_objects_total', 1, { source: id })
      if (room !== undefined) await room
    }
    await host.timers.sleep(restMs, signal)
  }
}
