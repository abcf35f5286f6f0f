import type { LeaseCheckpoint } from '../../net/kubernetes/lease.ts'
import { covers, type Collection } from './source-objects.ts'

export interface From {
  readonly collection: Collection
  /** A replica that emitted up to this version has emitted this change. Undefined: the change follows earlier ones. */
  readonly version: string | undefined
  readonly onEmitted: () => void
}

/** Versions emitted by another replica, until this one sees newer ones. */
export class RemoteCheckpoint {
  readonly #versions = new Map<string, string>()

  merge(checkpoint: LeaseCheckpoint): void {
    for (const [key, version] of Object.entries(checkpoint)) this.#versions.set(key, version)
  }

  /** A new list resets this: a restored server may count from lower versions. */
  has({ collection: { key }, version }: From): boolean {
    const checkpointVersion = this.#versions.get(key)
    if (checkpointVersion === undefined) return false
    if (version !== undefined && covers(checkpointVersion, version)) return true
    this.#versions.delete(key)
    return false
  }
}
