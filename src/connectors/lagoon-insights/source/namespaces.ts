/** The namespaces of environments. */
import type { SourceContext } from '../../../engine/contracts.ts'
import { followCollection, type ObjectMeta } from '../../../net/kubernetes/follow-collection.ts'
import type { EnvironmentClaims } from '../../../net/lagoon-token.ts'
import { paths, type Cluster } from '../client.ts'
import * as names from '../map/labels.ts'

export class Namespaces {
  problem: string | undefined
  readonly #found = new Map<string, ObjectMeta>()
  #isListed = false
  #onChange: (name: string) => void = () => undefined

  /** False before the first list. */
  get isListed(): boolean {
    return this.#isListed
  }

  get all(): IterableIterator<ObjectMeta> {
    return this.#found.values()
  }

  get(name: string): ObjectMeta | undefined {
    return this.#found.get(name)
  }

  /** Whether the namespace still belongs to the environment. */
  belongs({ namespace, environmentId }: EnvironmentClaims): boolean {
    return this.#found.get(namespace)?.labels[names.environmentId] === environmentId
  }

  set onChange(listener: (name: string) => void) {
    this.#onChange = listener
  }

  run(cluster: Cluster, { host, log, id }: SourceContext, signal: AbortSignal): Promise<void> {
    return followCollection({
      ask: cluster.client.ask,
      host,
      path: paths.namespaces,
      selector: names.environmentId,
      signal,
      onObject: (meta) => {
        this.problem = undefined
        this.#found.set(meta.name, meta)
        this.#onChange(meta.name)
      },
      onGone: ({ name }) => {
        this.#found.delete(name)
        this.#onChange(name)
      },
      onListed: (keys) => {
        this.problem = undefined
        this.#isListed = true
        for (const name of this.#found.keys()) if (!keys.has(`/${name}`)) this.#found.delete(name)
      },
      onTrouble: (reason) => {
        if (this.problem === undefined)
          log.warn('Namespaces cannot be read; Weir retries.', { source: id, error: reason })
        this.problem = `namespaces cannot be read: ${reason}`
      },
    })
  }
}
