import type { ManifestState } from '../../../model/kubernetes.ts'
import type { Redactor } from '../map/redact.ts'
import type { KubeObject } from '../client/types.ts'
import type { ObjectMap } from './objects.ts'

/** After `storeRetentionMs` the store has expired the first report of the object. */
export function manifestOf(
  map: ObjectMap,
  uid: string,
  {
    redactor,
    storeRetentionMs,
    now,
  }: { redactor: Redactor | undefined; storeRetentionMs: number | undefined; now: number },
): ManifestState | undefined {
  for (const { objects } of map.collections()) {
    const existing = objects.get(uid)
    const document = existing === undefined ? undefined : map.stored(existing)
    if (document === undefined) continue
    const object = JSON.parse(document.toString()) as KubeObject
    const begun = map.begun
    // An older version may have stored values that are redacted now.
    return {
      object: redactor?.redact(object) ?? object,
      ...(begun !== undefined && storeRetentionMs !== undefined && begun < now - storeRetentionMs
        ? { since: begun }
        : {}),
    }
  }
  return undefined
}
