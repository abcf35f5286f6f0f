/** The cookie has only a random id. */
import { createHash } from 'node:crypto'
import type { Host } from '../../host/index.ts'
import type { Principal } from './principal.ts'

type SessionLimits = Readonly<{
  max: number
  maxPerPrincipal: number
  ageMs: number
}>

export const defaultSessionLimits: SessionLimits = { max: 10_000, maxPerPrincipal: 50, ageMs: 12 * 3_600_000 }

export type Proof = Readonly<{
  principal: Principal
  /** Unix ms; undefined: the proof ends with the session. */
  until?: number
  /** Undefined or an error if the proof cannot be renewed. */
  renew?: () => Promise<Proof | undefined>
  logoutUrl?: string
}>

export type Session = Readonly<{
  proof: Proof
  /** Aborts when the session ends or its permissions change. */
  ended: AbortSignal
}>

interface StoredSession {
  readonly key: string
  proof: Proof
  end: AbortController
  readonly latest: number
  usedAt: number
  streams: number
  renewing: Promise<boolean> | undefined
}

/** Hashed: no ids in memory, and constant time for guessed ids. */
const keyOf = (id: string) => createHash('sha256').update(id).digest('base64url')

const sweepMs = 1000

export class Sessions {
  readonly #held = new Map<string, StoredSession>()
  /** Sessions that ended early: Unix ms of the maximum age. */
  readonly #finished = new Map<string, number>()
  readonly #host: Host
  readonly limits: SessionLimits
  #sweeping: { cancel(): void } | undefined

  constructor(host: Host, limits: SessionLimits) {
    this.#host = host
    this.limits = limits
  }

  /** Returns the id, which only the cookie may contain. */
  begin(proof: Proof, id = Buffer.from(this.#host.random.bytes(32)).toString('base64url')): string {
    const now = this.#host.clock.now()
    const sessionsOfUser = [...this.#held.values()].filter((held) => held.proof.principal.id === proof.principal.id)
    if (sessionsOfUser.length >= this.limits.maxPerPrincipal) this.#endOldest(sessionsOfUser)
    if (this.#held.size >= this.limits.max) this.#endOldest([...this.#held.values()])
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

  async use(id: string): Promise<Session | undefined> {
    const session = this.#held.get(keyOf(id))
    if (session === undefined || !(await this.#alive(session))) return undefined
    session.usedAt = this.#host.clock.now()
    return { proof: session.proof, ended: session.end.signal }
  }

  hold(id: string): () => void {
    const session = this.#held.get(keyOf(id))
    if (session === undefined) return () => {}
    session.streams += 1
    let isOpen = true
    return () => {
      if (isOpen) session.streams -= 1
      isOpen = false
    }
  }

  finish(id: string): Proof | undefined {
    const key = keyOf(id)
    const session = this.#held.get(key)
    if (session !== undefined) this.#end(session)
    const now = this.#host.clock.now()
    this.#finished.set(key, now + this.limits.ageMs)
    for (const [old, until] of this.#finished) {
      if (until > now && this.#finished.size <= this.limits.max) break
      this.#finished.delete(old)
    }
    return session?.proof
  }

  /** Signed ids stay valid by themselves, so ended ones are remembered. */
  isFinished(id: string): boolean {
    return this.#finished.has(keyOf(id))
  }

  get count(): number {
    return this.#held.size
  }

  stop(): void {
    for (const session of this.#held.values()) this.#end(session)
  }

  /** Renews an expired proof; ends the session otherwise. */
  async #alive(held: StoredSession): Promise<boolean> {
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

  async #renew(held: StoredSession, renew: () => Promise<Proof | undefined>): Promise<boolean> {
    const before = JSON.stringify(held.proof.principal)
    const proof = await renew().catch(() => undefined)
    held.renewing = undefined
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

  #endOldest(among: readonly StoredSession[]) {
    const oldest = among.reduce<StoredSession | undefined>(
      (oldest, held) => (oldest === undefined || held.usedAt < oldest.usedAt ? held : oldest),
      undefined,
    )
    if (oldest !== undefined) this.#end(oldest)
  }

  #end(held: StoredSession) {
    this.#held.delete(held.key)
    held.end.abort()
    if (this.#held.size > 0) return
    this.#sweeping?.cancel()
    this.#sweeping = undefined
  }

  /** Proofs are renewed while a stream is open or on use. */
  #sweep() {
    const now = this.#host.clock.now()
    for (const session of this.#held.values()) {
      const isExpired = now >= (session.proof.until ?? session.latest)
      if (now >= session.latest || (isExpired && (session.proof.renew === undefined || session.streams > 0)))
        this.#alive(session).catch(() => {})
    }
  }
}
