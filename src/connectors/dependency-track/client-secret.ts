/** Secrets of namespaces with the key of their Dependency-Track. */
import type { Host } from '../../host/index.ts'
import { self } from '../../host/process.ts'
import { fieldsOf } from '../../model/json.ts'
import { openClient, type Client } from '../../net/kubernetes/client.ts'
import { withDeadline } from '../../net/kubernetes/deadline.ts'
import { login } from '../../net/kubernetes/login.ts'
import { readObject } from '../../net/kubernetes/object.ts'
import { readStatus } from '../../net/kubernetes/status.ts'

const [requestMs, cachedMs] = [10_000, 60_000]

type Texts = Readonly<Record<string, string>>

export class NamespaceSecrets {
  readonly #client: Client
  readonly #host: Pick<Host, 'timers' | 'clock'>
  readonly #name: string
  readonly #cached = new Map<string, Readonly<{ values: Texts | undefined; until: number }>>()

  private constructor(client: Client, name: string, host: Pick<Host, 'timers' | 'clock'>) {
    this.#client = client
    this.#name = name
    this.#host = host
  }

  /** Rejects with WEIR_KUBERNETES_LOGIN. */
  static async open(kubeconfig: string | null, name: string, host: Host): Promise<NamespaceSecrets> {
    return new NamespaceSecrets(
      openClient(await login({ host, env: self.env, path: kubeconfig, context: null })),
      name,
      host,
    )
  }

  /** Decoded values, at most a minute old. Undefined: the Secret does not exist. Rejects with the server's reason. */
  async of(namespace: string, signal: AbortSignal): Promise<Texts | undefined> {
    const { clock } = this.#host
    const cached = this.#cached.get(namespace)
    if (cached !== undefined && cached.until > clock.monotonic()) return cached.values
    const values = await this.#read(namespace, signal)
    this.#cached.set(namespace, { values, until: clock.monotonic() + cachedMs })
    return values
  }

  close(): void {
    this.#client.close()
  }

  #read(namespace: string, signal: AbortSignal): Promise<Texts | undefined> {
    const path = ['/api/v1/namespaces', ...[namespace, 'secrets', this.#name].map(encodeURIComponent)].join('/')
    return withDeadline(signal, { timers: this.#host.timers, ms: requestMs }, async (until) => {
      const answer = await this.#client.ask(path, {}, until)
      if (answer.status === 404) {
        answer.close()
        return undefined
      }
      if (answer.status !== 200) {
        const { code, message } = await readStatus(answer)
        throw new Error(`Secret ${namespace}/${this.#name} cannot be read: ${message ?? `status ${code}`}`)
      }
      const data = Object.entries(fieldsOf(fieldsOf(await readObject(answer))['data']))
      return Object.fromEntries(data.map(([name, value]) => [name, Buffer.from(String(value), 'base64').toString()]))
    })
  }
}
