/** Images of the running pods of a cluster. */
import type { SourceContext } from '../../engine/contracts.ts'
import { openClient, type Client } from '../../net/kubernetes/client.ts'
import { followCollection, keyOf } from '../../net/kubernetes/follow-collection.ts'
import { login } from '../../net/kubernetes/login.ts'
import { self } from '../../host/process.ts'
import { imagesOfPod } from './map-registry.ts'

export class PodImages {
  problem: string | undefined
  readonly #context: SourceContext
  readonly #client: Client
  readonly #byPod = new Map<string, readonly string[]>()
  /** Running pods by image. */
  readonly #counts = new Map<string, number>()
  /** Called for each image that was not running before. */
  onImage: () => void = () => undefined

  private constructor(client: Client, context: SourceContext) {
    this.#client = client
    this.#context = context
  }

  /** Rejects with WEIR_KUBERNETES_LOGIN. */
  static async open(kubeconfig: string | null, context: SourceContext): Promise<PodImages> {
    const { host } = context
    return new PodImages(openClient(await login({ host, env: self.env, path: kubeconfig, context: null })), context)
  }

  /** As the container runtimes name them, with digests. */
  get images(): readonly string[] {
    return [...this.#counts.keys()]
  }

  async run(signal: AbortSignal): Promise<void> {
    const { host, log, id } = this.#context
    try {
      await followCollection({
        ask: this.#client.ask,
        host,
        path: '/api/v1/pods',
        selector: '',
        whole: true,
        signal,
        onObject: (meta, pod) => {
          this.problem = undefined
          this.#put(keyOf(meta), imagesOfPod(pod))
        },
        onGone: (meta) => {
          this.#put(keyOf(meta), [])
        },
        onListed: (keys) => {
          this.problem = undefined
          for (const key of this.#byPod.keys()) if (!keys.has(key)) this.#put(key, [])
        },
        onTrouble: (reason) => {
          if (this.problem === undefined) log.warn('Pods cannot be read; Weir retries.', { source: id, error: reason })
          this.problem = `pods cannot be read: ${reason}`
        },
      })
    } finally {
      this.#client.close()
    }
  }

  #put(pod: string, images: readonly string[]): void {
    const before = this.#byPod.get(pod) ?? []
    if (images.length === 0) this.#byPod.delete(pod)
    else this.#byPod.set(pod, images)
    for (const image of images) {
      const count = this.#counts.get(image) ?? 0
      this.#counts.set(image, count + 1)
      if (count === 0) this.onImage()
    }
    for (const image of before) {
      const count = (this.#counts.get(image) ?? 0) - 1
      if (count > 0) this.#counts.set(image, count)
      else this.#counts.delete(image)
    }
  }
}
