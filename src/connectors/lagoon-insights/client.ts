/** The objects of a cluster that insights need. */
import { openClient, type Client } from '../../net/kubernetes/client.ts'
import { metaOf, type ObjectMeta } from '../../net/kubernetes/follow-collection.ts'
import { login } from '../../net/kubernetes/login.ts'
import { readObject } from '../../net/kubernetes/object.ts'
import { readStatus } from '../../net/kubernetes/status.ts'
import type { Answer, WriteMethod } from '../../net/kubernetes/types.ts'
import { withDeadline } from '../../net/kubernetes/deadline.ts'
import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { configMapOf, type ConfigMap } from './map.ts'

const requestMs = 30_000

/** The object changed since it was read, or is gone. */
export class Conflict extends Error {}

/** The account has no right to the request. */
export class Forbidden extends Error {}

export type MetadataPatch = Readonly<{
  labels?: Readonly<Record<string, string | null>>
  annotations?: Readonly<Record<string, string | null>>
}>

export const paths = {
  configMaps: '/api/v1/configmaps',
  namespaces: '/api/v1/namespaces',
  secrets: '/api/v1/secrets',
  pods: '/api/v1/pods',
} as const

/** Collections of a namespace outside the core group. */
export const inGroup = (group: string, namespace: string, kind: string): string =>
  `/apis/${group}/namespaces/${encodeURIComponent(namespace)}/${kind}`

const within = (namespace: string, ...rest: readonly string[]): string =>
  ['/api/v1/namespaces', namespace, ...rest].map((part, at) => (at === 0 ? part : encodeURIComponent(part))).join('/')

/** Rejects with the reason of the server, and with Conflict. Every request has a deadline. */
export class Cluster {
  readonly client: Client
  readonly #host: Pick<Host, 'timers'>

  constructor(client: Client, host: Pick<Host, 'timers'>) {
    this.client = client
    this.#host = host
  }

  /** Rejects with WEIR_KUBERNETES_LOGIN. */
  static async open(kubeconfig: string | null, host: Host): Promise<Cluster> {
    return new Cluster(openClient(await login({ host, env: self.env, path: kubeconfig, context: null })), host)
  }

  async configMap({ namespace, name }: Place, signal: AbortSignal): Promise<ConfigMap | undefined> {
    const object = await this.get(within(namespace, 'configmaps', name), signal)
    return object === undefined ? undefined : configMapOf(object)
  }

  /** Undefined if it does not exist. */
  async namespaceLabels(name: string, signal: AbortSignal): Promise<Readonly<Record<string, string>> | undefined> {
    return metaOf(await this.get(within(name), signal))?.labels
  }

  /** Undefined for status 404. */
  get(path: string, signal: AbortSignal, query: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return this.#within(signal, async (until) => {
      const answer = await this.client.ask(path, query, until)
      if (answer.status !== 404) return read(answer)
      answer.close()
      return undefined
    })
  }

  /** Only while the object is as read. */
  patchConfigMap(meta: ObjectMeta, patch: MetadataPatch, signal: AbortSignal): Promise<ObjectMeta> {
    return this.#changed(
      'PATCH',
      within(meta.namespace, 'configmaps', meta.name),
      { metadata: { ...patch, uid: meta.uid, resourceVersion: meta.resourceVersion } },
      signal,
    )
  }

  /** Only while the object is as read. */
  async remove(kind: 'configmaps' | 'secrets' | 'pods', meta: ObjectMeta, signal: AbortSignal): Promise<void> {
    const { namespace, name, uid, resourceVersion } = meta
    const preconditions = { uid, ...(kind === 'pods' ? {} : { resourceVersion }) }
    await this.#write('DELETE', within(namespace, kind, name), { preconditions }, signal)
  }

  create(
    kind: 'secrets' | 'pods' | 'events',
    namespace: string,
    object: object,
    signal: AbortSignal,
  ): Promise<unknown> {
    return this.#write('POST', within(namespace, kind), object, signal)
  }

  patch(kind: 'secrets' | 'pods', { namespace, name }: Place, patch: object, signal: AbortSignal): Promise<unknown> {
    return this.#write('PATCH', within(namespace, kind, name), patch, signal)
  }

  close(): void {
    this.client.close()
  }

  async #changed(method: WriteMethod, path: string, body: object, signal: AbortSignal): Promise<ObjectMeta> {
    const meta = metaOf(await this.#write(method, path, body, signal))
    if (meta === undefined) throw new Error(`the response for ${path} is no object`)
    return meta
  }

  #write(method: WriteMethod, path: string, body: object, signal: AbortSignal): Promise<unknown> {
    return this.#within(signal, async (until) => {
      const answer = await this.client.write(method, path, body, until)
      if (answer.status !== 409 && answer.status !== 404) return read(answer)
      const { message } = await readStatus(answer)
      throw new Conflict(message ?? `status ${answer.status}`)
    })
  }

  #within<T>(signal: AbortSignal, act: (until: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline(signal, { timers: this.#host.timers, ms: requestMs }, act)
  }
}

export type Place = Readonly<{
  namespace: string
  name: string
}>

async function read(answer: Answer): Promise<unknown> {
  if (answer.status >= 200 && answer.status < 300) return readObject(answer)
  const { code, message } = await readStatus(answer)
  const text = message === undefined ? `status ${code}` : `status ${code}: ${message}`
  throw code === 403 ? new Forbidden(text) : new Error(text)
}
