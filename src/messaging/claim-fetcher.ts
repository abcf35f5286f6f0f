import { claimOf, isClaim, withBody, type Claim } from '../codecs/bus-message/oversize.ts'
import { backoffMs } from '../host/backoff.ts'
import type { Context } from '../engine/contracts.ts'
import type { ClaimPlace } from '../schema/index.ts'
import { openClaims, type ClaimStore } from './claims.ts'
import type { WholeMessage } from './part-reassembler.ts'
import { messageOf } from '../model/errors.ts'

type ClaimFetcherOptions = Readonly<{
  place: ClaimPlace | null
  maxBytes: number
  onProblem: (problem: unknown) => void
}>

const timeoutMs = 30_000
const waits = { firstMs: 500, maxMs: 30_000, jitter: 0 }
/** The store may be eventually consistent. */
const maxAttempts = 4

export class ClaimFetcher {
  readonly #options: ClaimFetcherOptions
  readonly #context: Context
  #store: ClaimStore | undefined

  constructor(options: ClaimFetcherOptions, context: Context) {
    this.#options = options
    this.#context = context
  }

  static needsNoFetch(whole: WholeMessage<unknown>): boolean {
    return whole.reason !== undefined || !isClaim(whole.message)
  }

  /** Replaces a claim by its body; waits while the store is unreachable. Undefined at a stop. */
  async resolve<Handle>(whole: WholeMessage<Handle>, signal: AbortSignal): Promise<WholeMessage<Handle> | undefined> {
    if (ClaimFetcher.needsNoFetch(whole)) return whole
    try {
      const claim = claimOf(whole.message)
      if (claim === undefined) return whole
      const { place, maxBytes } = this.#options
      if (place === null) throw new Error(`its body is at ${claim.url}; set \`claims\` to that store to fetch it`)
      if (claim.size > maxBytes)
        throw new Error(`its body at ${claim.url} has ${claim.size} bytes, and the limit is ${maxBytes}`)
      return await this.#fetch(whole, claim, place, signal)
    } catch (error) {
      return { ...whole, reason: messageOf(error) }
    }
  }

  close(): void {
    this.#store?.close()
  }

  /** Throws if missing. Uses only the hash: authors of messages must not choose the address. */
  async #fetch<Handle>(
    whole: WholeMessage<Handle>,
    claim: Claim,
    location: ClaimPlace,
    signal: AbortSignal,
  ): Promise<WholeMessage<Handle> | undefined> {
    const { timers } = this.#context.host
    for (let [attempts, failed] = [0, 0]; !signal.aborted; failed++) {
      const store = (this.#store ??= await openClaims(location, this.#context.host, { timeoutMs }))
      const body = await store.get(claim.sha256, claim.size, signal).catch((error: unknown) => {
        if (!signal.aborted) this.#options.onProblem(error)
        return 'away' as const
      })
      if (body !== 'away') {
        try {
          if (body === undefined)
            throw new Error(`its body was not found at ${claim.url}; check \`claims\` and its retention`)
          return { ...whole, message: withBody(whole.message, claim, body) }
        } catch (error) {
          if (++attempts >= maxAttempts) throw error
        }
      }
      await timers.sleep(backoffMs(waits, failed, 0), signal)
    }
    return undefined
  }
}
