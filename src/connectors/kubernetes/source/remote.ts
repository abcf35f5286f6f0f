import type { LeaseCheckpoint } from '../../../net/kubernetes/lease.ts'
import { covers, type Collection } from './steps.ts'

export type From = Readonly<{
  collection: Collection
  /** Another replica that emitted up to this version has emitted this change. */
  version: string | undefined
  onEmitted: () => void
}>

/** Versions emitted by another replica, until this replica sees newer ones: a watch may lag behind. */
export class RemoteCheckpoint {
  readonly #versions = new Map<string, string>()

  merge(checkpoint: LeaseCheckpoint): void {
    for (const [key, version] of Object.entries(checkpoint)) this.#versions.set(key, version)
  }

  /** A new list resets this, because a restored server may count from lower versions. */
  has({ collection: { key }, version }: From): boolean {
    const checkpointVersion = this.#versions.get(key)
    if (checkpointVersion === undefined) return false
    if (version !== undefined && covers(checkpointVersion, version)) return true
    this.#versions.delete(key)
    return false
  }
}
