/** Messages that are a claim to a body in a store: the body is fetched. */
import { claimOf, isClaim, withBody, type Claim } from '../codecs/bus-message/oversize.ts'
import type { Context } from '../engine/contracts.ts'
import type { ClaimPlace } from '../schema/index.ts'
import { openClaims, type ClaimStore } from './claims.ts'
import type { Whole } from './joining.ts'
import { messageOf } from '../model/errors.ts'

export interface RedeemOptions {
  readonly place: ClaimPlace | null
  /** Bytes that a message may have. */
  readonly most: number
  /** Told why a body can't be had just now. */
  readonly say: (problem: unknown) => void
}

const timeoutMs = 30_000
const [leastWaitMs, mostWaitMs] = [500, 30_000]
/** A body that is missing or another may be there a moment later, where a store is not of one mind. */
const mostLooks = 4

export class Redeeming {
  readonly #options: RedeemOptions
  readonly #context: Context
  #store: ClaimStore | undefined

  constructor(options: RedeemOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  /** It stands for nothing but itself, so that nothing has to be waited for. */
  static plain(whole: Whole<unknown>): boolean {
    return whole.reason !== undefined || !isClaim(whole.message)
  }

  /** With the body that it stands for, if it does; waits for a store that is away. Undefined: it is time to stop. */
  async whole<Handle>(whole: Whole<Handle>, signal: AbortSignal): Promise<Whole<Handle> | undefined> {
    if (Redeeming.plain(whole)) return whole
    try {
      const claim = claimOf(whole.message)
      if (claim === undefined) return whole
      const { place, most } = this.#options
      if (place === null) throw new Error(`its body is at ${claim.url}; set \`claims\` to that store to fetch it`)
      if (claim.size > most)
        throw new Error(`its body at ${claim.url} has ${claim.size} bytes, and an event may have ${most}`)
      return await this.#fetch(whole, claim, place, signal)
    } catch (error) {
      return { ...whole, reason: messageOf(error) }
    }
  }

  close(): void {
    this.#store?.close()
  }

  /** Throws for a body that is not there. Only its hash is taken from the message: whoever writes messages does not say where we look. */
  async #fetch<Handle>(
    whole: Whole<Handle>,
    claim: Claim,
    place: ClaimPlace,
    signal: AbortSignal,
  ): Promise<Whole<Handle> | undefined> {
    const { timers } = this.#context.host
    for (let [looks, wait] = [0, leastWaitMs]; !signal.aborted; wait = Math.min(2 * wait, mostWaitMs)) {
      const store = (this.#store ??= await openClaims(place, this.#context.host, { timeoutMs }))
      const body = await store.get(claim.sha256, claim.size, signal).catch((error: unknown) => {
        if (!signal.aborted) this.#options.say(error)
        return 'away' as const
      })
      if (body !== 'away') {
        try {
          if (body === undefined)
            throw new Error(
              `its body is not at ${claim.url}, as far as \`claims\` sees; it may have been kept too short`,
            )
          return { ...whole, message: withBody(whole.message, claim, body) }
        } catch (error) {
          if (++looks >= mostLooks) throw error
        }
      }
      await timers.sleep(wait, signal)
    }
    return undefined
  }
}
