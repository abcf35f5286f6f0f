/** Acknowledges messages after the sync, or after a sink settled them. */
import type { InMessage, MessageReader, ReadChoice } from '../codecs/bus-message/read.ts'
import type { Appended, AwaitedSink, Source, SourceContext } from '../engine/contracts.ts'
import { appendEvents } from '../engine/sources/append-events.ts'
import { messageOf } from '../model/errors.ts'
import type { WeirEvent } from '../model/events.ts'
import type { ClaimPlace } from '../schema/index.ts'
import { ackSink } from '../schema/values.ts'
import { PartReassembler, type WholeMessage } from './part-reassembler.ts'
import { ClaimFetcher } from './claim-fetcher.ts'
import { maxBytes, MessageUnits, type Unit } from './message-units.ts'
import { withTimeout } from '../host/with-timeout.ts'

export interface MessageSourceConfig extends ReadChoice {
  readonly ack: string
  readonly buffer: number
  readonly join_bytes: number
  readonly join_wait: number
  readonly claims: ClaimPlace | null
}

export interface Pulled<Handle> {
  readonly message: InMessage
  readonly handle: Handle
}

export interface Puller<Handle> {
  readonly address: string
  /** Waits for at least one message. Resolves with none when the signal aborts; a rejection is logged and retried. */
  pull(signal: AbortSignal): Promise<readonly Pulled<Handle>[]>
  /** The messages are synced and settled. After a failure they are redelivered and deduplicated. */
  ack(handles: readonly Handle[]): Promise<void>
  release(handles: readonly Handle[]): Promise<void>
  /** Extends the visibility of pending messages. Called every `keepMs`. */
  keep?(handles: readonly Handle[]): Promise<void>
  readonly keepMs?: number
  close(): Promise<void>
}

export interface MessageSourceStatus {
  readonly messages: number
  readonly rejected: number
  readonly problem?: string
}

const [minWaitMs, maxWaitMs, defaultKeepMs, idleMs] = [500, 30_000, 10_000, 20_000]
/** Concurrent units to the journal, and to an awaited sink. */
const [maxUnits, maxUnitsToSink] = [16, 256]
/** At a stop: time for the sink to settle, then for acknowledgements. */
const [settleMs, ackMs] = [2000, 4000]

export function messageSource<Handle>(
  config: MessageSourceConfig,
  context: SourceContext,
  puller: Puller<Handle>,
  reader?: MessageReader,
): Source & { status(): MessageSourceStatus } {
  return new MessageSource(config, context, puller, reader)
}

class MessageSource<Handle> implements Source {
  readonly addresses: readonly string[]
  readonly #config: MessageSourceConfig
  readonly #context: SourceContext
  readonly #puller: Puller<Handle>
  readonly #parts: PartReassembler<Handle>
  readonly #claims: ClaimFetcher
  readonly #units: MessageUnits
  #pulled: Handle[] = []
  readonly #pending = new Map<Unit<Handle>, Promise<void>>()
  #pendingBytes = 0
  #appendFailed = false
  #problem: string | undefined
  #pulledAt = Infinity
  readonly #sink: AwaitedSink | undefined
  #sinkRemoved = AbortSignal.abort()
  #onSinkRemoved: () => void = () => undefined
  readonly #stopDeadline = new AbortController()

  constructor(
    config: MessageSourceConfig,
    context: SourceContext,
    puller: Puller<Handle>,
    reader: MessageReader | undefined,
  ) {
    this.#config = config
    this.#units = new MessageUnits(config, context, reader)
    this.#context = context
    this.#puller = puller
    this.#parts = new PartReassembler({ bytes: config.join_bytes, waitMs: config.join_wait }, context.host.clock)
    this.#claims = new ClaimFetcher(
      {
        place: config.claims,
        maxBytes,
        onProblem: (problem) => {
          this.#logProblem('The body of a message is unavailable; retrying.', problem)
        },
      },
      context,
    )
    this.addresses = [puller.address]
    const sink = ackSink(config.ack)
    if (sink === undefined) return
    if (context.awaited === undefined) throw new Error(`ack: ${config.ack}: the sink does not support this setting`)
    this.#sink = context.awaited(sink)
  }

  status(): MessageSourceStatus {
    return {
      messages: this.#units.messages,
      rejected: this.#units.rejected,
      ...(this.#problem === undefined || this.#context.host.clock.monotonic() - this.#pulledAt > idleMs
        ? {}
        : { problem: this.#problem }),
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    const { timers } = this.#context.host
    const stopTimers: { cancel(): void }[] = []
    signal.addEventListener(
      'abort',
      () => {
        stopTimers.push(
          timers.after(settleMs, () => {
            this.#stopDeadline.abort()
          }),
        )
      },
      { once: true },
    )
    const expiry = timers.every(Math.min(this.#config.join_wait / 4, maxWaitMs), () => {
      this.#acceptAll(this.#parts.late(), signal).catch((error: unknown) => {
        this.#logProblem('Parts of messages could not be stored.', error)
      })
    })
    const keepAlive = timers.every(this.#puller.keepMs ?? defaultKeepMs, () => {
      this.#puller
        .keep?.([
          ...[...this.#pending.keys()].flatMap(({ handles }) => handles),
          ...this.#parts.handles(),
          ...this.#pulled,
        ])
        .catch((error: unknown) => {
          this.#logProblem('Messages that wait for the journal may be redelivered.', error)
        })
    })
    try {
      for (let wait = minWaitMs; !signal.aborted;) {
        try {
          if (!(await this.#waitForSink(signal))) continue
          await timers.yield()
          this.#pulledAt = this.#context.host.clock.monotonic()
          const pulled = await this.#puller.pull(
            this.#sink === undefined ? signal : AbortSignal.any([signal, this.#sinkRemoved]),
          )
          if (pulled.length > 0 && this.#problem !== undefined)
            this.#context.log.info('Messages arrive again.', { source: this.#context.id })
          if (pulled.length > 0) [this.#problem, wait] = [undefined, minWaitMs]
          this.#pulled = pulled.map(({ handle }) => handle)
          await this.#acceptAll(await this.#reassemble(pulled, signal), signal)
          this.#pulled = []
        } catch (error) {
          this.#pulledAt = Infinity
          this.#logProblem('Messages cannot be read; retrying.', error)
          await timers.sleep(wait, signal)
          wait = Math.min(2 * wait, maxWaitMs)
        }
      }
      await withTimeout(Promise.all(this.#pending.values()), {
        timers,
        ms: ackMs,
        late: 'the bus did not respond in time',
      }).catch((error: unknown) => {
        this.#logProblem(
          'Messages were not acknowledged before the stop; they are redelivered and deduplicated.',
          error,
        )
      })
      await this.#puller.release(this.#parts.handles())
    } finally {
      for (const timer of [keepAlive, expiry, ...stopTimers]) timer.cancel()
      this.#claims.close()
      await this.#puller.close()
    }
  }

  /** After the sink's removal, pulled messages are released. False at a stop. */
  async #waitForSink(signal: AbortSignal): Promise<boolean> {
    if (this.#sink === undefined || !this.#sinkRemoved.aborted) return true
    await Promise.all(this.#pending.values())
    await this.#puller.close()
    if (
      !(await this.#sink.ready(signal, (why) => {
        this.#logProblem('Reading messages pauses until the acknowledging sink exists.', why)
      }))
    )
      return false
    const removed = new AbortController()
    this.#sinkRemoved = removed.signal
    this.#onSinkRemoved = () => {
      if (!removed.signal.aborted)
        this.#context.log.error('The acknowledging sink was removed; messages are released to the bus.', {
          source: this.#context.id,
          ack: this.#config.ack,
        })
      removed.abort()
    }
    return true
  }

  /** At a stop the rest is released. */
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

  async #acceptAll(messages: readonly WholeMessage<Handle>[], signal: AbortSignal): Promise<void> {
    for await (const unit of this.#units.of(messages)) await this.#accept(unit, signal)
  }

  /** In order. Resolves when `buffer` has room. */
  async #accept(unit: Unit<Handle>, signal: AbortSignal): Promise<void> {
    this.#pendingBytes += unit.bytes
    const before = Promise.all(this.#pending.values())
    const done = this.#settle(unit, before, signal)
      .catch((error: unknown) => {
        this.#logProblem('Acknowledging messages failed; they may be redelivered and are deduplicated.', error)
      })
      .finally(() => {
        this.#pending.delete(unit)
        this.#pendingBytes -= unit.bytes
      })
    this.#pending.set(unit, done)
    // No later unit may pass a rejected one.
    if (this.#appendFailed) await Promise.all(this.#pending.values())
    while (
      this.#pendingBytes >= this.#config.buffer ||
      this.#pending.size >= (this.#sink === undefined ? maxUnits : maxUnitsToSink)
    )
      await Promise.race(this.#pending.values())
  }

  async #settle({ events, handles }: Unit<Handle>, before: Promise<unknown>, signal: AbortSignal): Promise<void> {
    const appended = events.length === 0 ? 'nothing' : await this.#append(events, before, signal)
    if (appended === undefined) return this.#puller.release(handles)
    if (this.#sink !== undefined && appended !== 'nothing') {
      const result = await this.#sink.settled(appended, this.#stopDeadline.signal)
      if (result === 'gone') this.#onSinkRemoved()
      if (result !== 'settled') return this.#puller.release(handles)
    }
    await this.#puller.ack(handles)
  }

  async #append(
    events: readonly WeirEvent[],
    before: Promise<unknown>,
    signal: AbortSignal,
  ): Promise<(Appended & { readonly duplicates?: number }) | undefined> {
    const { id, host, log } = this.#context
    const afterFailure = (): Promise<unknown> => {
      this.#appendFailed = true
      return before
    }
    for (let failed = 0; ; failed++) {
      try {
        const appended = await appendEvents(this.#context, events, { signal, once: true, afterFailure })
        this.#appendFailed = false
        return appended
      } catch (error) {
        this.#appendFailed = true
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

  #logProblem(what: string, error: unknown): void {
    const problem = messageOf(error)
    if (problem === this.#problem) return
    this.#problem = problem
    this.#context.log.warn(what, { source: this.#context.id, problem })
  }
}
