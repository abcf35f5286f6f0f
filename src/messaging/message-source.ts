import type { InMessage, MessageReader, ReadChoice } from '../codecs/bus-message/read.ts'
import type { Source, SourceContext } from '../engine/contracts.ts'
import { appendEvents } from '../engine/sources/append-events.ts'
import type { EventBatch } from '../model/batches.ts'
import { messageOf } from '../model/errors.ts'
import { withoutUndefined } from '../model/json.ts'
import type { ClaimPlace } from '../schema/index.ts'
import { ClaimFetcher } from './claim-fetcher.ts'
import { MessageLoop, type Accepted, type Intake, type LoopConfig, type LoopHandle } from './message-loop.ts'
import { maxBytes, MessageUnits, type Unit } from './message-units.ts'
import { PartReassembler, type WholeMessage } from './part-reassembler.ts'

export interface MessageSourceConfig extends ReadChoice, LoopConfig {
  readonly join_bytes: number
  readonly join_wait: number
  readonly claims: ClaimPlace | null
}

export type Pulled<Handle> = Readonly<{
  message: InMessage
  handle: Handle
}>

export type Puller<Handle> = Readonly<{
  address: string
  /** Waits for at least one message. Resolves with none when the signal aborts; a rejection is logged and retried. */
  pull(signal: AbortSignal): Promise<readonly Pulled<Handle>[]>
  /** The messages are synced and settled. After a failure they are redelivered and deduplicated. */
  ack(handles: readonly Handle[]): Promise<void>
  release(handles: readonly Handle[]): Promise<void>
  /** Extends the visibility of pending messages. Called every `keepMs`. */
  keep?(handles: readonly Handle[]): Promise<void>
  keepMs?: number
  close(): Promise<void>
}>

export type MessageSourceStatus = Readonly<{
  messages: number
  rejected: number
  problem?: string
}>

const [minWaitMs, maxWaitMs, defaultKeepMs] = [500, 30_000, 10_000]
const maxUnits = 16

export function messageSource<Handle>(
  config: MessageSourceConfig,
  context: SourceContext,
  puller: Puller<Handle>,
  reader?: MessageReader,
): Source & { status(): MessageSourceStatus } {
  const units = new MessageUnits(config, context, reader)
  const intake = new EventIntake(config, context, puller, units)
  const loop = new MessageLoop(config, context, intake)
  intake.onProblem = (problem) => {
    loop.logProblem('The body of a message is unavailable; retrying.', problem)
  }
  return {
    addresses: loop.addresses,
    run: (signal) => loop.run(signal),
    feed: () => ({
      records: units.messages,
      reconnects: loop.recoveries,
      ...withoutUndefined({ lastRecord: units.last, why: loop.status().problem }),
      ...(units.rejected > 0 ? { refused: { invalid: units.rejected } } : {}),
    }),
    status: () => ({ messages: units.messages, rejected: units.rejected, ...loop.status() }),
  }
}

class EventIntake<Handle> implements Intake<Unit<Handle>> {
  readonly address: string
  readonly maxUnits = maxUnits
  blocked = false
  onProblem: (problem: unknown) => void = () => undefined
  readonly #config: MessageSourceConfig
  readonly #context: SourceContext
  readonly #puller: Puller<Handle>
  readonly #parts: PartReassembler<Handle>
  readonly #claims: ClaimFetcher
  readonly #units: MessageUnits
  #pulled: Handle[] = []

  constructor(config: MessageSourceConfig, context: SourceContext, puller: Puller<Handle>, units: MessageUnits) {
    this.#config = config
    this.#context = context
    this.#puller = puller
    this.#units = units
    this.address = puller.address
    this.#parts = new PartReassembler({ bytes: config.join_bytes, waitMs: config.join_wait }, context.host.clock)
    this.#claims = new ClaimFetcher(
      { place: config.claims, maxBytes, onProblem: (problem) => this.onProblem(problem) },
      context,
    )
  }

  start(loop: LoopHandle<Unit<Handle>>): readonly { cancel(): void }[] {
    const { timers } = this.#context.host
    const expiry = timers.every(Math.min(this.#config.join_wait / 4, maxWaitMs), () => {
      loop.accept(this.#units.of(this.#parts.late())).catch((error: unknown) => {
        loop.logProblem('Parts of messages could not be stored.', error)
      })
    })
    const keepAlive = timers.every(this.#puller.keepMs ?? defaultKeepMs, () => {
      this.#puller
        .keep?.([...[...loop.pending()].flatMap(({ handles }) => handles), ...this.#parts.handles(), ...this.#pulled])
        .catch((error: unknown) => {
          loop.logProblem('Messages that wait for the journal may be redelivered.', error)
        })
    })
    return [expiry, keepAlive]
  }

  async pull(until: AbortSignal, signal: AbortSignal): Promise<AsyncIterable<Unit<Handle>> | undefined> {
    const pulled = await this.#puller.pull(until)
    this.#pulled = pulled.map(({ handle }) => handle)
    return pulled.length === 0 ? undefined : this.#unitsOf(pulled, signal)
  }

  async append({ rows, lease }: Unit<Handle>, before: Promise<unknown>, signal: AbortSignal) {
    try {
      return rows.count === 0 ? 'nothing' : await this.#append(rows.batch(), before, signal)
    } finally {
      rows.release()
      lease?.release()
    }
  }

  ack({ handles }: Unit<Handle>): Promise<void> {
    return this.#puller.ack(handles)
  }

  release({ handles }: Unit<Handle>): Promise<void> {
    return this.#puller.release(handles)
  }

  stopped(): Promise<void> {
    return this.#puller.release(this.#parts.handles())
  }

  disconnect(): Promise<void> {
    return this.#puller.close()
  }

  async close(): Promise<void> {
    this.#claims.close()
    await this.#puller.close()
  }

  async *#unitsOf(pulled: readonly Pulled<Handle>[], signal: AbortSignal): AsyncGenerator<Unit<Handle>> {
    yield* this.#units.of(await this.#reassemble(pulled, signal))
    this.#pulled = []
  }

  async #reassemble(pulled: readonly Pulled<Handle>[], signal: AbortSignal): Promise<WholeMessage<Handle>[]> {
    const messages: WholeMessage<Handle>[] = []
    const released: Handle[] = []
    for (const { message, handle } of pulled) {
      for (const one of this.#parts.add(message, handle)) {
        const whole =
          released.length > 0
            ? undefined
            : ClaimFetcher.needsNoFetch(one)
              ? one
              : await this.#claims.resolve(one, signal)
        if (whole === undefined) released.push(...one.handles)
        else messages.push(whole)
      }
    }
    if (released.length > 0) await this.#puller.release(released)
    return messages
  }

  async #append(events: EventBatch, before: Promise<unknown>, signal: AbortSignal): Promise<Accepted | undefined> {
    const { id, host, log } = this.#context
    const afterFailure = () => {
      this.blocked = true
      return before
    }
    for (let failed = 0; ; failed++) {
      try {
        const appended = await appendEvents(this.#context, events, { signal, once: true, afterFailure })
        this.blocked = false
        return appended
      } catch (error) {
        this.blocked = true
        if (signal.aborted) return undefined
        log.error('The journal rejects messages; they stay on the bus and are retried.', {
          source: id,
          error: messageOf(error),
        })
        await before
        await host.timers.sleep(Math.min(minWaitMs * 2 ** failed, maxWaitMs), signal)
      }
    }
  }
}
