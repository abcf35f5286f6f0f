import type { Told } from '../../net/kubernetes/lease.ts'
import { covers, type Collection } from './source-objects.ts'

/** Where something happened. */
export interface From {
  readonly collection: Collection
  /** Who has told of the collection up to here has told it; undefined: it follows from what was before it. */
  readonly version: string | undefined
  /** A change of it is in the journal. */
  readonly onTold: () => void
}

/** Up to where another one has told of collections, as long as nothing newer of them was seen here: a watch may be later than the news of what was told. */
export class Heard {
  readonly #versions = new Map<string, string>()

  hear(told: Told): void {
    for (const [key, version] of Object.entries(told)) this.#versions.set(key, version)
  }

  /** Whether another one has told what is seen now. A list begins anew: versions after it need not be those before it, should the server have been set back. */
  has({ collection: { key }, version }: From): boolean {
    const heard = this.#versions.get(key)
    if (heard === undefined) return false
    if (version !== undefined && covers(heard, version)) return true
    this.#versions.delete(key)
    return false
  }
}
