/** Tells again what objects are that have been the same for long: the store forgets what was told it long ago, and they are still there. */
import type { SourceContext } from '../../engine/contracts.ts'
import type { KubeObject } from './client-types.ts'
import { digestOf } from './map-canonical.ts'
import { placeOf, resourceEvent } from './map-change.ts'
import { factsOf } from './map-resource.ts'
import { factsOf as knownFacts, type Collection, type ObjectMap } from './source-objects.ts'
import { typeAs } from './source-type.ts'
import type { Recorder } from './source-recorder.ts'

const dayMs = 86_400_000
/** Looked for so often while a word is good. */
const looks = 8
/** Told at a time, with others' turns in between. */
const [mostAtOnce, restMs] = [200, 100]

export interface RetellParts {
  readonly cluster: string
  readonly context: Pick<SourceContext, 'host' | 'metrics' | 'id'>
  readonly map: ObjectMap
  readonly recorder: Pick<Recorder, 'record'>
  /** Whether we look after a collection, and it is our turn to tell of it. */
  readonly isOurs: (collection: Collection) => boolean
}

/** How old a word may grow, in ms, where the store forgets after `forgetsMs`: what it forgets for want of room goes sooner, so a day at most. */
export function goodFor(forgetsMs: number): number {
  return Math.min(forgetsMs / 2, dayMs)
}

/** Runs until the signal aborts. */
export async function retelling(parts: RetellParts, forgetsMs: number, signal: AbortSignal): Promise<void> {
  const { clock, timers } = parts.context.host
  const good = goodFor(forgetsMs)
  for (;;) {
    await timers.sleep(good / looks, signal)
    if (signal.aborted) return
    await retell(parts, clock.now() - good, signal)
  }
}

/** Every object that was told of last before `before`, in Unix ms: the same id, since the same time, so that nothing looks changed. Returns how many. */
export async function retell(
  { cluster, context: { host, metrics, id }, map, recorder, isOurs }: RetellParts,
  before: number,
  signal: AbortSignal,
): Promise<number> {
  let told = 0
  for (let after = 0; ;) {
    const words = map.toldBefore(before, after, mostAtOnce)
    const last = words.at(-1)
    if (last === undefined || signal.aborted) return told
    after = last.row
    const now = host.clock.now()
    for (const { collection, uid, told: digest, version, since } of words) {
      const known = collection.objects.get(uid)
      // It has changed or gone since, which is on its way: nothing that is older comes behind that.
      if (known === undefined || known.told !== digest || !isOurs(collection)) continue
      const document = map.document(known)
      if (document === undefined) continue
      const object = JSON.parse(document.toString()) as KubeObject
      const facts = JSON.stringify(factsOf(object))
      known.told = digestOf(facts)
      const event = resourceEvent(
        { ...placeOf(cluster, typeAs(collection, object), object), resourceVersion: version, since, state: 'present' },
        facts,
        now,
      )
      const room = recorder.record(
        [event],
        [{ is: 'touch', known, facts: knownFacts(known), word: { at: now, version, since } }],
      )
      told++
      metrics.count('weir_kubernetes_retold_objects_total', 1, { source: id })
      if (room !== undefined) await room
    }
    await host.timers.sleep(restMs, signal)
  }
}
