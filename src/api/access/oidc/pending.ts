import type { Host } from '../../../host/index.ts'

/** A login that is under way at the provider. */
export interface PendingLogin {
  readonly state: string
  readonly nonce: string
  /** PKCE. */
  readonly verifier: string
  /** Of the browser that began it: its cookie has to come back with the answer. */
  readonly browser: string
  /** The address that the provider sends the browser back to. */
  readonly redirect: string
  /** Where the browser goes when all is well. */
  readonly to: string
}

const mostPending = 1000
/** Time that somebody has to type his password. */
export const pendingMs = 10 * 60_000

/** Logins by their state, each good for one answer. */
export class PendingLogins {
  readonly #logins = new Map<string, PendingLogin & { readonly until: number }>()
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  add(login: PendingLogin): void {
    const now = this.#host.clock.now()
    for (const [state, { until }] of this.#logins) {
      // In the order in which they end.
      if (until > now && this.#logins.size < mostPending) break
      this.#logins.delete(state)
    }
    this.#logins.set(login.state, { ...login, until: now + pendingMs })
  }

  /** The login of an answer; undefined when there is none, or another browser began it. */
  take(state: string | undefined, browser: string | undefined): PendingLogin | undefined {
    const login = state === undefined ? undefined : this.#logins.get(state)
    if (state === undefined || login === undefined || browser === undefined || login.browser !== browser)
      return undefined
    this.#logins.delete(state)
    return login.until > this.#host.clock.now() ? login : undefined
  }
}

/** A path of this server to go on at; `/` for everything that could lead elsewhere. */
export function localPath(written: string | undefined): string {
  return written !== undefined && /^\/(?![/\\])[\x21-\x7e]*$/.test(written) && !written.includes('\\') ? written : '/'
}
