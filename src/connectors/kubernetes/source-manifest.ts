import type { ManifestState } from '../../model/kubernetes.ts'
import type { Redactor } from './map-redact.ts'
import type { KubeObject } from './client-types.ts'
import type { ObjectMap } from './source-objects.ts'

/**
 * The last state of an object that is on disk. Whatever it has is in the journal. `forgetsMs`: after so long the store forgets when it was told
 * of an object first; then it has been known since the cluster was looked at first.
 */
export function manifestOf(
  map: ObjectMap,
  uid: string,
  {
    redactor,
    forgetsMs,
    now,
  }: { readonly redactor: Redactor | undefined; readonly forgetsMs: number | undefined; readonly now: number },
): ManifestState | undefined {
  for (const { objects } of map.collections()) {
    const known = objects.get(uid)
    const document = known === undefined ? undefined : map.stored(known)
    if (document === undefined) continue
    const object = JSON.parse(document.toString()) as KubeObject
    const begun = map.begun
    // What an older version wrote may hold what is redacted today.
    return {
      object: redactor?.redact(object) ?? object,
      ...(begun !== undefined && forgetsMs !== undefined && begun < now - forgetsMs ? { since: begun } : {}),
    }
  }
  return undefined
}
