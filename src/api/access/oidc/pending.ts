import type { Host } from '../../../host/index.ts'

/** A login in progress at the provider. */
export interface PendingLogin {
  readonly state: string
  readonly nonce: string
  /** PKCE. */
  readonly verifier: string
  /** Cookie value of the browser that began the login; must be present in the callback. */
  readonly browser: string
  /** The callback URL. */
  readonly redirect: string
  /** Local path to open after the login. */
  readonly to: string
}

const mostPending = 1000
/** Time for the user to enter credentials. */
export const pendingMs = 10 * 60_000

/** Pending logins by state; each can be completed once. */
export class PendingLogins {
  readonly #logins = new Map<string, PendingLogin & { readonly until: number }>()
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  add(login: PendingLogin): void {
    const now = this.#host.clock.now()
    for (const [state, { until }] of this.#logins) {
      // Ordered by expiry.
      if (until > now && this.#logins.size < mostPending) break
      this.#logins.delete(state)
    }
    this.#logins.set(login.state, { ...login, until: now + pendingMs })
  }

  /** Removes and returns the login of a callback; undefined if unknown, or begun by another browser. */
  take(state: string | undefined, browser: string | undefined): PendingLogin | undefined {
    const login = state === undefined ? undefined : this.#logins.get(state)
    if (state === undefined || login === undefined || browser === undefined || login.browser !== browser)
      return undefined
    this.#logins.delete(state)
    return login.until > this.#host.clock.now() ? login : undefined
  }
}

/** A path of this server; `/` for anything that could lead to another site. */
export function localPath(written: string | undefined): string {
  return written !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(written) && !written.includes('\\') ? written : '/'
}
