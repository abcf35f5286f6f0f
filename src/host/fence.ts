import { WeirError } from '../model/errors.ts'
import { claimState, type Claim } from './folder-claim.ts'

/** Once broken, it stays broken, even if the folder returns: writes in between were not acknowledged. */
export class Fence {
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

  /** Throws WEIR_DATA_FENCED if another process took the folder, WEIR_DATA_GONE if the folder was removed. */
  async check(): Promise<void> {
    if (!this.#isBroken) {
      const state = claimState(this.#claim)
      if (state === 'other') this.break(`${this.#claim.path} was replaced`)
      if (state === 'none')
        this.#error ??= new WeirError('WEIR_DATA_GONE', `The data folder was removed: ${this.#claim.path} is missing.`)
    }
    if (this.#error !== undefined) throw this.#error
  }

  break(evidence: string): never {
    this.#isBroken = true
    const error = new WeirError('WEIR_DATA_FENCED', `Another process writes to the data folder: ${evidence}.`)
    this.#error = error
    this.#resolve(error)
    throw error
  }
}
