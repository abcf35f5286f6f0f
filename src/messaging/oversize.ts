import { hash } from 'node:crypto'
import { claimMessage, splitMessage } from '../codecs/bus-message/oversize.ts'
import type { BusMessage } from '../codecs/bus-message/index.ts'
import type { Attempt } from '../engine/delivery/in-order.ts'
import type { Context } from '../engine/contracts.ts'
import type { ClaimPlace } from '../schema/index.ts'
import { openClaims, type ClaimStore } from './claims.ts'
import { messageOf } from '../model/errors.ts'

export type OversizeConfig = Readonly<{
  oversize: 'dead-letter' | 'patch-only' | 'split' | 'claim-check'
  part_size: number
  claims: (ClaimPlace & { readonly keep: number }) | null
  timeout: number
}>

type TooLarge<Message> = Readonly<{
  message: Message
  refusal: Refusal
  reduced: () => Message | undefined
  /** Outcome of the first message that was not stored; no later one was stored. */
  publish: (messages: readonly Message[]) => Promise<Attempt>
}>

type Refusal = Extract<Attempt, { readonly is: 'reject' }>

export function isTooLarge(outcome: Attempt): outcome is Refusal {
  return outcome?.is === 'reject' && outcome.tooLarge === true
}

export class Oversize {
  readonly #config: OversizeConfig
  readonly #context: Context
  readonly #claims: ClaimStore | undefined

  private constructor(config: OversizeConfig, context: Context, claims: ClaimStore | undefined) {
    this.#config = config
    this.#context = context
    this.#claims = claims
  }

  static async open(config: OversizeConfig, context: Context): Promise<Oversize> {
    const { claims, timeout: timeoutMs } = config
    return new Oversize(
      config,
      context,
      claims === null ? undefined : await openClaims(claims, context.host, { timeoutMs, keepMs: claims.keep }),
    )
  }

  async publish<Message extends BusMessage>(large: TooLarge<Message>, signal: AbortSignal): Promise<Attempt> {
    switch (this.#config.oversize) {
      case 'dead-letter':
        return large.refusal
      case 'patch-only':
        return this.#reduced(large)
      case 'split':
        return this.#split(large)
      case 'claim-check':
        return this.#claim(large, signal)
    }
  }

  close(): void {
    this.#claims?.close()
  }

  async #reduced<Message>({ refusal, reduced, publish }: TooLarge<Message>): Promise<Attempt> {
    const smaller = reduced()
    if (smaller === undefined) return refusal
    const outcome = await publish([smaller])
    if (outcome === undefined)
      this.#context.metrics.count('weir_sink_reduced_rows_total', 1, { sink: this.#context.id })
    return isTooLarge(outcome) ? { ...outcome, reason: `${outcome.reason}, even without states` } : outcome
  }

  async #split<Message extends BusMessage>({ message, refusal, publish }: TooLarge<Message>): Promise<Attempt> {
    const { part_size: size } = this.#config
    const hint = `, even in parts of ${size} bytes; lower \`part_size\``
    if (message.body.length <= size) return { ...refusal, reason: `${refusal.reason}${hint}` }
    const outcome = await publish(splitMessage(message, size))
    if (outcome === undefined) this.#count('split')
    return isTooLarge(outcome) ? { ...outcome, reason: `${outcome.reason}${hint}` } : outcome
  }

  async #claim<Message extends BusMessage>(
    { message, publish }: TooLarge<Message>,
    signal: AbortSignal,
  ): Promise<Attempt> {
    const sha256 = hash('sha256', message.body)
    let url: string | undefined
    try {
      url = await this.#claims?.put(sha256, message.body, signal)
    } catch (error) {
      return { is: 'retry', reason: `the body could not be stored: ${messageOf(error)}` }
    }
    const outcome = await publish([claimMessage(message, url ?? '', sha256)])
    if (outcome === undefined) this.#count('claim-check')
    return isTooLarge(outcome) ? { ...outcome, reason: `${outcome.reason}, even as a claim` } : outcome
  }

  #count(way: 'split' | 'claim-check') {
    this.#context.metrics.count('weir_sink_oversize_rows_total', 1, { sink: this.#context.id, way })
  }
}
