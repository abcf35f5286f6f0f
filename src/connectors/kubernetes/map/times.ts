/** The timestamps of the API server are whole seconds. */
import { keysOf, type ManagedField, type PatchStep } from '../../../model/kubernetes.ts'
import type { KubeObject } from '../client/types.ts'

const second = 1000

export type OwnedFields = ManagedField & { readonly fieldsV1?: unknown }

function momentOf(value: unknown): number | undefined {
  const moment = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(moment) ? undefined : moment
}

/** Unix ms of the deletion request: `deletionTimestamp` minus the grace period. */
export function deletionRequest({ metadata }: KubeObject): number | undefined {
  const ends = momentOf(metadata?.['deletionTimestamp'])
  const grace = metadata?.['deletionGracePeriodSeconds']
  return ends === undefined ? undefined : ends - (typeof grace === 'number' ? grace * second : 0)
}

/** Unix ms of the end of an object by its last state. Finalizers delay the end beyond `deletionTimestamp`. */
export function goneAt({ metadata }: KubeObject): number | undefined {
  const finalizers = metadata?.['finalizers']
  return Array.isArray(finalizers) && finalizers.length > 0 ? undefined : momentOf(metadata?.['deletionTimestamp'])
}

export function setsDeletion(patch: readonly PatchStep[]): boolean {
  return patch.some(({ op, path }) => op !== 'remove' && path === '/metadata/deletionTimestamp')
}

export function updatedAt(
  patch: readonly PatchStep[],
  after: KubeObject,
  owned: readonly OwnedFields[],
): number | undefined {
  const written = patch.filter(({ op }) => op !== 'remove')
  const paths = written.map(({ path }) => keysOf(path))
  const moments = owned
    .filter(({ fieldsV1 }) => paths.some((path) => names(fieldsV1, path)))
    .map(({ time }) => momentOf(time))
  if (setsDeletion(patch)) moments.push(deletionRequest(after))
  for (const step of written)
    if (step.path === '/status/startTime' && 'value' in step) moments.push(momentOf(step.value))
  const knownMoments = moments.filter((moment) => moment !== undefined)
  return knownMoments.length === 0 ? undefined : Math.max(...knownMoments)
}

/** FieldsV1: `f:<key>` for members, `k:<keys>`, `v:<value>`, `i:<index>` for list entries; else one value. */
function names(fields: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true
  if (typeof fields !== 'object' || fields === null) return false
  const within = Object.entries(fields).filter(([name]) => name !== '.')
  if (within.length === 0) return true
  return within.some(
    ([name, of]) => (name === `f:${key}` || (/^\d+$|^-$/.test(key) && /^[kvi]:/.test(name))) && names(of, rest),
  )
}

/**
 * Event times in Unix ms: the receive time if it is within the object's second, else the object's second. Never later
 * than the receive time.
 */
export class ChangeClock {
  #last = -Infinity

  at(received: number, own: number | undefined): number {
    const time =
      own === undefined || received < own + second
        ? received
        : Math.floor(this.#last / second) * second === own
          ? this.#last
          : own
    this.#last = time
    return time
  }

  /** The time of an update. Writes within the last second need no managed fields. */
  ofUpdate(
    received: number,
    patch: readonly PatchStep[],
    after: KubeObject,
    seen: Readonly<{ managers: readonly ManagedField[]; owned: readonly OwnedFields[] }>,
  ): number {
    const isFresh = seen.managers.some(({ time }) => (momentOf(time) ?? -Infinity) + second > received)
    return this.at(received, isFresh ? undefined : updatedAt(patch, after, seen.owned))
  }
}

/** First deletion requests of objects, in Unix ms: later requests may move `deletionTimestamp`. */
export class DeletionRequests {
  readonly #requested = new Map<string, number>()

  seen(uid: string, object: KubeObject, before?: KubeObject): void {
    if (object.metadata?.['deletionTimestamp'] === undefined || this.#requested.has(uid)) return
    const requested = (before === undefined ? undefined : deletionRequest(before)) ?? deletionRequest(object)
    if (requested !== undefined) this.#requested.set(uid, requested)
  }

  gone(uid: string): number | undefined {
    const requested = this.#requested.get(uid)
    this.#requested.delete(uid)
    return requested
  }
}
