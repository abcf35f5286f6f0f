import { joinParts, partOf, type Part } from '../codecs/bus-message/oversize.ts'
import type { InMessage } from '../codecs/bus-message/read.ts'
import type { Clock } from '../host/index.ts'
import { messageOf } from '../model/errors.ts'

export type WholeMessage<Handle> = Readonly<{
  message: InMessage
  handles: readonly Handle[]
  reason?: string
}>

interface Group<Handle> {
  readonly part: Part
  readonly since: number
  readonly messages: Map<number, InMessage>
  readonly handles: Readonly<{ number: number; handle: Handle }>[]
  bytes: number
}

type JoinLimits = Readonly<{
  bytes: number
  waitMs: number
}>

const partOverhead = 512

export class PartReassembler<Handle> {
  readonly #limits: JoinLimits
  readonly #clock: Clock
  readonly #groups = new Map<string, Group<Handle>>()
  #bytes = 0

  constructor(limits: JoinLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  add(message: InMessage, handle: Handle): WholeMessage<Handle>[] {
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
    if (!group.messages.has(part.number)) {
      group.messages.set(part.number, message)
      group.bytes += message.body.length + partOverhead
      this.#bytes += message.body.length + partOverhead
    }
    if (group.messages.size === part.total) return this.#whole(group)
    const released: WholeMessage<Handle>[] = []
    for (const old of this.#groups.values()) {
      if (this.#bytes <= this.#limits.bytes) break
      released.push(...this.#incomplete(old, `the parts exceed \`join_bytes\` (${this.#limits.bytes})`))
    }
    return released
  }

  late(): WholeMessage<Handle>[] {
    const before = this.#clock.monotonic() - this.#limits.waitMs
    return [...this.#groups.values()].flatMap((group) =>
      group.since > before ? [] : this.#incomplete(group, `the others did not arrive within ${this.#limits.waitMs} ms`),
    )
  }

  handles(): Handle[] {
    return [...this.#groups.values()].flatMap(({ handles }) => handles.map(({ handle }) => handle))
  }

  #remove(group: Group<Handle>) {
    this.#groups.delete(group.part.message)
    this.#bytes -= group.bytes
  }

  #whole(group: Group<Handle>): WholeMessage<Handle>[] {
    this.#remove(group)
    const parts = [...group.messages].toSorted(([a], [b]) => a - b).map(([, message]) => message)
    try {
      return [{ message: joinParts(parts, group.part), handles: group.handles.map(({ handle }) => handle) }]
    } catch (error) {
      return this.#each(group, messageOf(error))
    }
  }

  #incomplete(group: Group<Handle>, why: string): WholeMessage<Handle>[] {
    this.#remove(group)
    return this.#each(group, `${group.messages.size} of its ${group.part.total} parts arrived, and ${why}`)
  }

  #each({ messages, handles, part: { total } }: Group<Handle>, reason: string): WholeMessage<Handle>[] {
    return [...messages].map(([number, message]) => ({
      message,
      handles: handles.flatMap((handle) => (handle.number === number ? [handle.handle] : [])),
      reason: `part ${number} of ${total} of a message: ${reason}`,
    }))
  }
}
