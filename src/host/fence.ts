import { WeirError } from '../model/errors.ts'
import { claimState, type Claim } from './folder-claim.ts'

/**
 * Whether this process is still the writer of its folder, for one thread. Once it is not, it never is again: also not when the folder
 * returns, because what was written meanwhile was not acknowledged.
 */
export class Fence {
  /** Resolves when another writer was found. */
  readonly broken: Promise<WeirError>
  readonly #claim: Claim
  readonly #resolve: (error: WeirError) => void
  #error: WeirError | undefined
  #isBroken = false

  constructor(claim: Claim) {
    const { promise, resolve } = Promise.withResolvers<WeirError>()
    this.#claim = claim
    this.broken = promise
    this.#resolve = resolve
  }

  /**
   * Throws WEIR_DATA_FENCED when another process took the folder: what was written before this is seen by that process. Throws WEIR_DATA_GONE,
   * from then on, when the folder was removed.
   */
  async check(): Promise<void> {
    if (!this.#isBroken) {
      const state = await claimState(this.#claim)
      if (state === 'other') this.break(`${this.#claim.path} was replaced`)
      if (state === 'none')
        this.#error ??= new WeirError('WEIR_DATA_GONE', `The data folder was removed: ${this.#claim.path} is missing.`)
    }
    if (this.#error !== undefined) throw this.#error
  }

  /** Never returns. */
  break(evidence: string): never {
    this.#isBroken = true
    const error = new WeirError('WEIR_DATA_FENCED', `Another process writes to the data folder: ${evidence}.`)
    this.#error = error
    this.#resolve(error)
    throw error
  }
}
