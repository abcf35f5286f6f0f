// A queue or subscription of Azure Service Bus: messages under locks, in sessions, deduplicated by id.
import { randomUUID } from 'node:crypto'
import type { Message } from 'rhea'

export interface EntityOptions {
  /** Messages are in sessions; one client reads a session at a time. */
  readonly sessions?: boolean
  /** Maximum bytes of a message; default: tier standard. */
  readonly largest?: number
  /** Lock duration in ms. */
  readonly lockMs?: number
  /** Drops messages with a known id. */
  readonly detectsDuplicates?: boolean
}

export interface Stored {
  readonly sequence: number
  readonly message: Message
  /** Unix ms. */
  readonly enqueued: number
  lock: { readonly token: string; until: number } | undefined
  deliveries: number
}

export class Entity {
  readonly name: string
  readonly sessions: boolean
  readonly largest: number
  readonly lockMs: number
  /** All received messages in order. */
  readonly taken: Message[] = []
  readonly #detectsDuplicates: boolean
  #waiting: Stored[] = []
  readonly #ids = new Set<string>()
  readonly #sessions = new Map<string, { readonly link: object; until: number }>()
  #sequence = 0
  /** Called when a message becomes available. */
  readonly watchers = new Set<() => void>()

  constructor(
    name: string,
    { sessions = false, largest = 262_144, lockMs = 30_000, detectsDuplicates = false }: EntityOptions = {},
  ) {
    this.name = name
    this.sessions = sessions
    this.largest = largest
    this.lockMs = lockMs
    this.#detectsDuplicates = detectsDuplicates
  }

  get left(): readonly Stored[] {
    return this.#waiting
  }

  put(message: Message): void {
    const id = String(message.message_id)
    if (this.#detectsDuplicates && this.#ids.has(id)) return
    this.#ids.add(id)
    this.taken.push(message)
    this.#waiting.push({ sequence: ++this.#sequence, message, enqueued: Date.now(), lock: undefined, deliveries: 0 })
    this.#changed()
  }

  /** Locks and returns the next message. `link`: the holder of the session. */
  next(link?: object, session?: string): Stored | undefined {
    if (this.sessions && (session === undefined || this.#sessions.get(session)?.link !== link)) return undefined
    const now = Date.now()
    const found = this.#waiting.find(
      ({ lock, message }) =>
        (lock === undefined || lock.until <= now) && (session === undefined || message.group_id === session),
    )
    if (found === undefined) return undefined
    found.lock = { token: randomUUID(), until: now + this.lockMs }
    found.deliveries++
    return found
  }

  /** False: the lock is lost. */
  complete(token: string): boolean {
    const found = this.#locked(token)
    if (found !== undefined) this.#waiting = this.#waiting.filter((one) => one !== found)
    return found !== undefined
  }

  release(token: string): boolean {
    const found = this.#locked(token)
    if (found === undefined) return false
    found.lock = undefined
    this.#changed()
    return true
  }

  /** Returns the expiry in Unix ms; undefined: the lock is lost. */
  renew(token: string): number | undefined {
    const lock = this.#locked(token)?.lock
    if (lock !== undefined) lock.until = Date.now() + this.lockMs
    return lock?.until
  }

  /** Locks the given session, or a free one with messages; undefined: none. */
  accept(link: object, wanted: string | undefined): string | undefined {
    const now = Date.now()
    const free = (id: string): boolean => (this.#sessions.get(id)?.until ?? 0) <= now
    const id = wanted ?? this.#waiting.map(({ message }) => String(message.group_id)).find(free)
    if (id === undefined || !free(id)) return undefined
    this.#sessions.set(id, { link, until: now + this.lockMs })
    return id
  }

  renewSession(id: string): number | undefined {
    const held = this.#sessions.get(id)
    if (held === undefined || held.until <= Date.now()) return undefined
    held.until = Date.now() + this.lockMs
    return held.until
  }

  /** Releases the session and its messages. */
  leave(link: object, id: string): void {
    if (this.#sessions.get(id)?.link !== link) return
    this.#sessions.delete(id)
    for (const one of this.#waiting) if (one.message.group_id === id) one.lock = undefined
    this.#changed()
  }

  #locked(token: string): Stored | undefined {
    return this.#waiting.find(({ lock }) => lock?.token === token && lock.until > Date.now())
  }

  #changed(): void {
    for (const watch of this.watchers) watch()
  }
}
