/** Browsers that logged in: the cookie holds a random id and nothing else, everything about it is here. */
import { createHash } from 'node:crypto'
import type { Host } from '../../host/index.ts'
import type { Principal } from './principal.ts'

export interface SessionLimits {
  /** Sessions in all; beyond, the one that was used longest ago ends. */
  readonly most: number
  readonly mostPerPrincipal: number
  /** Longest life of a session in ms, whatever is done in it. */
  readonly ageMs: number
}

export const defaultSessionLimits: SessionLimits = { most: 10_000, mostPerPrincipal: 50, ageMs: 12 * 3_600_000 }

/** What a session rests on. */
export interface Proof {
  readonly principal: Principal
  /** Unix ms at which it ends; undefined: with the session. */
  readonly until?: number
  /** A new one in its place, when it has ended and somebody still uses the session; undefined, or an error: there is none. */
  readonly renew?: () => Promise<Proof | undefined>
  /** Where a browser ends what the proof comes from, when the session ends. */
  readonly logoutUrl?: string
}

export interface Session {
  readonly proof: Proof
  /** Aborts when it ends or when it is another’s rights that it gives: streams that were opened in it end with it. */
  readonly ended: AbortSignal
}

interface Held {
  readonly key: string
  proof: Proof
  end: AbortController
  /** Unix ms: it ends, whatever happens. */
  readonly latest: number
  usedAt: number
  /** Streams that are open in it. */
  streams: number
  renewing: Promise<boolean> | undefined
}

/** What is looked up: the ids themselves are nowhere in memory, and looking one up takes the same time whether it is nearly right or not. */
const keyOf = (id: string): string => createHash('sha256').update(id).digest('base64url')

const sweepMs = 1000

export class Sessions {
  readonly #held = new Map<string, Held>()
  /** Keys of sessions that somebody ended, with the Unix ms at which they would have ended by themselves. */
  readonly #finished = new Map<string, number>()
  readonly #host: Host
  readonly limits: SessionLimits
  #sweeping: { cancel(): void } | undefined

  constructor(host: Host, limits: SessionLimits) {
    this.#host = host
    this.limits = limits
  }

  /** Begins a session and answers its id, which is for the cookie alone. `id`: one that was made elsewhere, as hard to guess. */
  begin(proof: Proof, id = Buffer.from(this.#host.random.bytes(32)).toString('base64url')): string {
    const now = this.#host.clock.now()
    const mine = [...this.#held.values()].filter((held) => held.proof.principal.id === proof.principal.id)
    if (mine.length >= this.limits.mostPerPrincipal) this.#endOldest(mine)
    if (this.#held.size >= this.limits.most) this.#endOldest([...this.#held.values()])
    const key = keyOf(id)
    this.#held.set(key, {
      key,
      proof,
      end: new AbortController(),
      latest: now + this.limits.ageMs,
      usedAt: now,
      streams: 0,
      renewing: undefined,
    })
    this.#sweeping ??= this.#host.timers.every(sweepMs, () => this.#sweep())
    return id
  }

  /** The session of an id, its proof renewed where it had ended. */
  async use(id: string): Promise<Session | undefined> {
    const held = this.#held.get(keyOf(id))
    if (held === undefined || !(await this.#alive(held))) return undefined
    held.usedAt = this.#host.clock.now()
    return { proof: held.proof, ended: held.end.signal }
  }

  /** As long as what it answers has not been called, the session is in use. */
  hold(id: string): () => void {
    const held = this.#held.get(keyOf(id))
    if (held === undefined) return () => {}
    held.streams += 1
    let open = true
    return () => {
      if (open) held.streams -= 1
      open = false
    }
  }

  /** Ends a session for good; answers what it rested on. */
  finish(id: string): Proof | undefined {
    const key = keyOf(id)
    const held = this.#held.get(key)
    if (held !== undefined) this.#end(held)
    const now = this.#host.clock.now()
    this.#finished.set(key, now + this.limits.ageMs)
    for (const [old, until] of this.#finished) {
      if (until > now && this.#finished.size <= this.limits.most) break
      this.#finished.delete(old)
    }
    return held?.proof
  }

  /** Was it ended here? For ids that say themselves what they rest on. */
  isFinished(id: string): boolean {
    return this.#finished.has(keyOf(id))
  }

  get count(): number {
    return this.#held.size
  }

  stop(): void {
    for (const held of this.#held.values()) this.#end(held)
  }

  /** Is it still there? Ends it when not. */
  async #alive(held: Held): Promise<boolean> {
    const now = this.#host.clock.now()
    if (now < held.latest && now < (held.proof.until ?? held.latest)) return true
    const { renew } = held.proof
    if (now >= held.latest || renew === undefined) {
      this.#end(held)
      return false
    }
    held.renewing ??= this.#renew(held, renew)
    return held.renewing
  }

  async #renew(held: Held, renew: () => Promise<Proof | undefined>): Promise<boolean> {
    const before = JSON.stringify(held.proof.principal)
    const proof = await renew().catch(() => undefined)
    held.renewing = undefined
    // Who logged out meanwhile stays logged out.
    if (this.#held.get(held.key) !== held) return false
    if (proof === undefined) {
      this.#end(held)
      return false
    }
    held.proof = proof
    if (JSON.stringify(proof.principal) !== before) {
      held.end.abort()
      held.end = new AbortController()
    }
    return true
  }

  #endOldest(among: readonly Held[]): void {
    const oldest = among.reduce<Held | undefined>(
      (least, held) => (least === undefined || held.usedAt < least.usedAt ? held : least),
      undefined,
    )
    if (oldest !== undefined) this.#end(oldest)
  }

  #end(held: Held): void {
    this.#held.delete(held.key)
    held.end.abort()
    if (this.#held.size > 0) return
    this.#sweeping?.cancel()
    this.#sweeping = undefined
  }

  /** Ends what is over. A proof that can be renewed is, while a stream is open; else when somebody comes back. */
  #sweep(): void {
    const now = this.#host.clock.now()
    for (const held of this.#held.values()) {
      const over = now >= (held.proof.until ?? held.latest)
      if (now >= held.latest || (over && (held.proof.renew === undefined || held.streams > 0)))
        this.#alive(held).catch(() => {})
    }
  }
}
