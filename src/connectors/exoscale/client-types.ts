import type { Host } from '../../host/index.ts'
import type { Fields } from '../../model/json.ts'
import type { ExoscaleClient } from './client.ts'

const ageMs = 86_400_000

/** Each type is read once a day. */
export class InstanceTypes {
  readonly #clock: Host['clock']
  readonly #client: ExoscaleClient
  readonly #known = new Map<string, { readonly read: number; readonly type: Promise<Fields> }>()

  constructor(clock: Host['clock'], client: ExoscaleClient) {
    this.#clock = clock
    this.#client = client
  }

  get(id: string, signal: AbortSignal): Promise<Fields> {
    const now = this.#clock.monotonic()
    const existing = this.#known.get(id)
    if (existing !== undefined && now - existing.read < ageMs) return existing.type
    const type = this.#client.get(`/instance-type/${encodeURIComponent(id)}`, signal)
    this.#known.set(id, { read: now, type })
    type.catch(() => this.#known.delete(id))
    return type
  }
}
