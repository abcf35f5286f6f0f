import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Metrics } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { checkBrowser, checkOwnPage, isLoopback, isPlainLocal } from './guard.ts'
import type { ApiOptions } from '../options.ts'
import { ApiError } from '../problems.ts'
import { cookieOf, sessionCookie } from './cookies.ts'
import { authorize, accessRules } from './decisions.ts'
import type { Oidc } from './oidc/index.ts'
import { local, anonymous, type Principal } from './principal.ts'
import { FailedLogins } from './failed-logins.ts'
import { defaultSessionLimits, Sessions, type Session } from './sessions.ts'
import { SignedSessions } from './signed-sessions.ts'
import { bearerOf, TokenBook } from './token-book.ts'

export type Admission = Readonly<{
  principal: Principal
  until?: number
  ended?: AbortSignal
  hold?: () => () => void
}>

export class Gate {
  readonly tokens: TokenBook
  readonly sessions: Sessions
  readonly #signed: SignedSessions
  readonly #failed: FailedLogins
  readonly #metrics: Metrics | undefined
  readonly #oidc: Oidc | undefined
  readonly #listenHost: string
  readonly #loopback: boolean
  readonly #openEvents: boolean

  constructor({ listen, auth, httpAuth, host, metrics }: ApiOptions, oidc: Oidc | undefined) {
    this.#oidc = oidc
    this.tokens = new TokenBook(auth.tokens)
    this.sessions = new Sessions(host, { ...defaultSessionLimits, ageMs: auth.sessionMs ?? defaultSessionLimits.ageMs })
    this.#signed = new SignedSessions(host, auth.tokens)
    this.#failed = new FailedLogins(host.clock)
    this.#metrics = metrics
    this.#listenHost = listen.host
    this.#loopback = isLoopback(listen.host)
    this.#openEvents = httpAuth === 'none'
  }

  get loginNeeded(): boolean {
    return !this.tokens.empty || this.#oidc !== undefined
  }

  get hasProvider(): boolean {
    return this.#oidc !== undefined
  }

  get sessionSeconds(): number {
    return Math.floor(this.sessions.limits.ageMs / 1000)
  }

  /** Sets the principal of a request. Throws 401, 403 or 429. */
  async admit(request: FastifyRequest): Promise<void> {
    const { raw } = request
    const operation = operationOf(request)
    const access =
      request.routeOptions.config.open === true
        ? 'open'
        : operation === undefined
          ? undefined
          : accessRules[operation]?.access
    const open = access === 'open' || (access === 'events' && this.#openEvents)
    const login =
      !this.loginNeeded || access === 'open'
        ? undefined
        : await (open ? this.#find(raw).catch(() => undefined) : this.#find(raw))
    if (login === undefined) {
      if (this.loginNeeded && !open) throw refusal(raw)
      if (this.#loopback && !(this.loginNeeded && access === 'open')) checkBrowser(raw, this.#listenHost)
    }
    request.admission = login ?? { principal: this.loginNeeded ? anonymous : local }
    request.principal = request.admission.principal
    request.user = request.principal.id
    if (!open) authorize(request.principal, operation)
  }

  /** True only if `admit` admits a post of events. Without side effects. */
  surelyAdmitsEvents(request: IncomingMessage): boolean {
    const { authorization, cookie } = request.headers
    if (this.loginNeeded && (authorization !== undefined || cookie !== undefined || !this.#openEvents)) {
      const bearer = bearerOf(authorization)
      return bearer !== undefined && bearer.length >= guessable && this.tokens.find(bearer)?.role === 'admin'
    }
    return !this.#loopback || isPlainLocal(request)
  }

  async #find(request: IncomingMessage): Promise<Admission | undefined> {
    const { authorization } = request.headers
    if (authorization !== undefined) {
      const bearer = bearerOf(authorization)
      if (bearer === undefined) return undefined
      // Long tokens cannot be guessed.
      if (bearer.length < guessable) this.#refuseIfMany(request, 'bearer')
      const principal = this.tokens.find(bearer)
      const admission = principal === undefined ? await this.#oidc?.bearer(bearer) : { principal }
      if (admission === undefined) this.#count(request, 'bearer')
      return admission
    }
    const id = cookieOf(request, sessionCookie)
    const session = id === undefined ? undefined : ((await this.sessions.use(id)) ?? (await this.#signedSession(id)))
    if (id === undefined || session === undefined) return undefined
    // The cookie is also sent with requests that another site causes.
    checkOwnPage(request)
    return { principal: session.proof.principal, ended: session.ended, hold: () => this.sessions.hold(id) }
  }

  /** Throws 401 for an unknown token, and 429 without checking it after too many failures. */
  logIn(request: IncomingMessage, token: string): Principal {
    this.#refuseIfMany(request, 'login')
    const principal = this.tokens.find(token)
    if (principal !== undefined) return principal
    this.#count(request, 'login')
    throw new ApiError('WEIR_API_TOKEN', 'The token is unknown.', {
      hints: [
        'Valid tokens are those of `auth.tokens` in the configuration, or the one that was printed at the first start.',
      ],
    })
  }

  async beginSession(principal: Principal): Promise<string> {
    return this.sessions.begin({ principal }, await this.#signed.make(principal.name))
  }

  /** Begun by another server with the same token, or before a restart. */
  async #signedSession(id: string): Promise<Session | undefined> {
    if (this.sessions.isFinished(id)) return undefined
    const session = await this.#signed.read(id)
    const principal = session === undefined ? undefined : this.tokens.find(session.token)
    // It may have ended during the verification.
    if (session === undefined || principal === undefined || this.sessions.isFinished(id)) return undefined
    const known = await this.sessions.use(id)
    if (known !== undefined) return known
    this.sessions.begin({ principal, until: session.begun + this.sessions.limits.ageMs }, id)
    return this.sessions.use(id)
  }

  #refuseIfMany(request: IncomingMessage, how: 'login' | 'bearer') {
    // The shared budget applies to logins only, so that one client cannot block programs.
    const ms = this.#failed.wait(addressOf(request), how === 'bearer' ? 'alone' : 'shared')
    if (ms === 0) return
    this.#metrics?.count('weir_api_failed_logins_total', 1, { how, outcome: 'limited' })
    const seconds = Math.ceil(ms / 1000)
    throw new ApiError('WEIR_API_LIMIT', `Too many unknown tokens were tried: try again in ${seconds} s.`, {
      headers: { 'retry-after': String(seconds) },
      hints: [
        'Valid tokens are those of `auth.tokens` in the configuration. Programs at the same address that ' +
          'repeat a wrong token are counted, too.',
      ],
    })
  }

  #count(request: IncomingMessage, how: 'login' | 'bearer') {
    if (how === 'bearer') this.#refuseIfMany(request, how)
    this.#failed.failed(addressOf(request))
    this.#metrics?.count('weir_api_failed_logins_total', 1, { how, outcome: 'refused' })
  }
}

const guessable = 20

const addressOf = ({ socket }: IncomingMessage) => socket.remoteAddress ?? ''

export function whenAccessEnds(
  { until, ended, hold }: Admission,
  { clock, timers }: Host,
  act: () => void,
): () => void {
  const release = hold?.()
  // Timers are limited to 31 bits.
  const timer =
    until === undefined ? undefined : timers.after(Math.min(Math.max(0, until - clock.now()), 2 ** 31 - 1), act)
  ended?.addEventListener('abort', act, { once: true })
  if (ended?.aborted === true) act()
  return () => {
    release?.()
    timer?.cancel()
    ended?.removeEventListener('abort', act)
  }
}

export function operationOf(request: FastifyRequest): string | undefined {
  const schema = request.routeOptions.schema as { readonly operationId?: string } | undefined
  return schema?.operationId ?? (request.routeOptions.url === undefined ? undefined : '')
}

function refusal({ headers }: IncomingMessage): ApiError {
  const wrong = headers.authorization !== undefined
  const over = !wrong && headers.cookie?.includes(`${sessionCookie}=`) === true
  return new ApiError(
    'WEIR_API_TOKEN',
    wrong
      ? 'The token is unknown.'
      : over
        ? 'The session has ended: sign in again.'
        : 'This server requires authentication: send `Authorization: Bearer <token>`, or sign in with a browser.',
    {
      headers: { 'www-authenticate': wrong ? 'Bearer realm="weir", error="invalid_token"' : 'Bearer realm="weir"' },
      hints: [
        'Valid tokens are those of `auth.tokens` in the configuration; the command line accepts WEIR_TOKEN ' +
          'or --token-file.',
      ],
    },
  )
}
