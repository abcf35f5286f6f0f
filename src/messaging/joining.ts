/** Parts of messages, until all of one have come. */
import { joinParts, partOf, type Part } from '../codecs/bus-message/oversize.ts'
import type { InMessage } from '../codecs/bus-message/read.ts'
import type { Clock } from '../host/index.ts'
import { messageOf } from '../model/errors.ts'

/** A message, and by what it is acknowledged: more than one handle where it came in parts. */
export interface Whole<Handle> {
  readonly message: InMessage
  readonly handles: readonly Handle[]
  /** Why it is none. */
  readonly reason?: string
}

interface Group<Handle> {
  readonly part: Part
  readonly since: number
  /** By number. */
  readonly messages: Map<number, InMessage>
  /** One for each delivery, by the number of its part. */
  readonly handles: { readonly number: number; readonly handle: Handle }[]
  bytes: number
}

export interface JoinLimits {
  readonly bytes: number
  readonly waitMs: number
}

/** What a part takes beside its bytes, about. */
const perPart = 512

export class Joining<Handle> {
  readonly #limits: JoinLimits
  readonly #clock: Clock
  /** In the order in which they began. */
  readonly #groups = new Map<string, Group<Handle>>()
  #bytes = 0

  constructor(limits: JoinLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** What is whole by it, or can't be any more: none, the message itself, one of parts, or old parts that had to make room. */
  add(message: InMessage, handle: Handle): Whole<Handle>[] {
    let part: Part | undefined
    try {
      part = partOf(message)
    } catch (error) {
      return [{ message, handles: [handle], reason: messageOf(error) }]
    }
    if (part === undefined) return [{ message, handles: [handle] }]
    const group: Group<Handle> = this.#groups.get(part.message) ?? {
      part,
      since: this.#clock.monotonic(),
      messages: new Map(),
      handles: [],
      bytes: 0,
    }
    this.#groups.set(part.message, group)
    group.handles.push({ number: part.number, handle })
    // One that comes again has the same bytes.
    if (!group.messages.has(part.number)) {
      group.messages.set(part.number, message)
      group.bytes += message.body.length + perPart
      this.#bytes += message.body.length + perPart
    }
    if (group.messages.size === part.total) return this.#whole(group)
    const given: Whole<Handle>[] = []
    for (const old of this.#groups.values()) {
      if (this.#bytes <= this.#limits.bytes) break
      given.push(...this.#giveUp(old, `more than \`join_bytes\` (${this.#limits.bytes}) of parts waited`))
    }
    return given
  }

  /** Parts whose message did not become whole in time. */
  late(): Whole<Handle>[] {
    const before = this.#clock.monotonic() - this.#limits.waitMs
    return [...this.#groups.values()].flatMap((group) =>
      group.since > before ? [] : this.#giveUp(group, `the others did not come within ${this.#limits.waitMs} ms`),
    )
  }

  handles(): Handle[] {
    return [...this.#groups.values()].flatMap(({ handles }) => handles.map(({ handle }) => handle))
  }

  #remove(group: Group<Handle>): void {
    this.#groups.delete(group.part.message)
    this.#bytes -= group.bytes
  }

  #whole(group: Group<Handle>): Whole<Handle>[] {
    this.#remove(group)
    const parts = [...group.messages].toSorted(([a], [b]) => a - b).map(([, message]) => message)
    try {
      return [{ message: joinParts(parts, group.part), handles: group.handles.map(({ handle }) => handle) }]
    } catch (error) {
      return this.#each(group, messageOf(error))
    }
  }

  #giveUp(group: Group<Handle>, why: string): Whole<Handle>[] {
    this.#remove(group)
    return this.#each(group, `${group.messages.size} of its ${group.part.total} parts came, and ${why}`)
  }

  #each({ messages, handles, part: { total } }: Group<Handle>, reason: string): Whole<Handle>[] {
    return [...messages].map(([number, message]) => ({
      message,
      handles: handles.flatMap((one) => (one.number === number ? [one.handle] : [])),
      reason: `it is part ${number} of ${total} of a message: ${reason}`,
    }))
  }
}
