import type { Host } from '../../../host/index.ts'

export type PendingLogin = Readonly<{
  state: string
  nonce: string
  verifier: string
  browser: string
  redirect: string
  to: string
}>

const maxPending = 1000
export const pendingMs = 10 * 60_000

export class PendingLogins {
  readonly #logins = new Map<string, PendingLogin & { readonly until: number }>()
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  add(login: PendingLogin): void {
    const now = this.#host.clock.now()
    for (const [state, { until }] of this.#logins) {
      if (until > now && this.#logins.size < maxPending) break
      this.#logins.delete(state)
    }
    this.#logins.set(login.state, { ...login, until: now + pendingMs })
  }

  /** Undefined if unknown, or begun by another browser. */
  take(state: string | undefined, browser: string | undefined): PendingLogin | undefined {
    const login = state === undefined ? undefined : this.#logins.get(state)
    if (state === undefined || login === undefined || browser === undefined || login.browser !== browser)
      return undefined
    this.#logins.delete(state)
    return login.until > this.#host.clock.now() ? login : undefined
  }
}

/** `/` for anything that could lead to another site. */
export function localPath(written: string | undefined): string {
  return written !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(written) && !written.includes('\\') ? written : '/'
}
