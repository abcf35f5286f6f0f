import { WeirError } from '../model/errors.ts'
import { isCurrent, type Claim } from './folder-claim.ts'

/** Whether this process is still the writer of its folder, for one thread. Once it is not, it never is again. */
export class Fence {
  /** Resolves when another writer was found. */
  readonly broken: Promise<WeirError>
  readonly #claim: Claim
  readonly #resolve: (error: WeirError) => void
  #error: WeirError | undefined

  constructor(claim: Claim) {
    const { promise, resolve } = Promise.withResolvers<WeirError>()
    this.#claim = claim
    this.broken = promise
    this.#resolve = resolve
  }

  /** Throws WEIR_DATA_FENCED when another process took the folder. What was written before this is seen by that process. */
  async check(): Promise<void> {
    if (this.#error === undefined && !(await isCurrent(this.#claim))) this.break(`${this.#claim.path} was replaced or removed`)
    if (this.#error !== undefined) throw this.#error
  }

  /** Never returns. */
  break(evidence: string): never {
    this.#error ??= new WeirError('WEIR_DATA_FENCED', `Another process writes to the data folder: ${evidence}.`)
    this.#resolve(this.#error)
    throw this.#error
  }
}
