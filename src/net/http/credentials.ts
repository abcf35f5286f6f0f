import type { Clock } from '../../host/index.ts'
import type { Auth } from '../../schema/index.ts'
import { authorization } from '../secrets.ts'

/** Kubernetes renews tokens in files every hour. */
const rereadMs = 30_000

export class Credentials {
  readonly #auth: Auth
  readonly #clock: Pick<Clock, 'monotonic'>
  #value: string | undefined
  #readAt = -Infinity

  constructor(auth: Auth, clock: Pick<Clock, 'monotonic'>) {
    this.#auth = auth
    this.#clock = clock
  }

  /** Undefined: the group is `none`. Throws SecretError. */
  current(): string | undefined {
    const now = this.#clock.monotonic()
    if (now - this.#readAt >= rereadMs) {
      this.#value = authorization(this.#auth)
      this.#readAt = now
    }
    return this.#value
  }

  expire(): void {
    this.#readAt = -Infinity
  }
}
