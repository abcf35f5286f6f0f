/** The door: who is it, and may he? Asked before any route is looked at. */
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { Metrics } from '../../engine/contracts.ts'
import type { Host } from '../../host/index.ts'
import { checkBrowser, checkOwnPage, isLoopback } from '../guard.ts'
import type { ApiOptions } from '../options.ts'
import { ApiError } from '../problems.ts'
import { cookieOf, sessionCookie } from './cookies.ts'
import { authorize, decisions } from './decisions.ts'
import type { Oidc } from './oidc/index.ts'
import { local, nobody, type Principal } from './principal.ts'
import { FailedLogins } from './failed-logins.ts'
import { defaultSessionLimits, Sessions, type Session } from './sessions.ts'
import { SignedSessions } from './signed-sessions.ts'
import { bearerOf, TokenBook } from './token-book.ts'

/** Who it is, and for how long that holds. */
export interface Admission {
  readonly principal: Principal
  /** Unix ms. */
  readonly until?: number
  readonly ended?: AbortSignal
  /** Keeps what it rests on in use, as long as what it answers has not been called. */
  readonly hold?: () => () => void
}

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

  /** False where the address is this machine's own and nobody configured who may ask. */
  get loginNeeded(): boolean {
    return !this.tokens.empty || this.#oidc !== undefined
  }

  get hasProvider(): boolean {
    return this.#oidc !== undefined
  }

  /** Longest life of a session. */
  get sessionSeconds(): number {
    return Math.floor(this.sessions.limits.ageMs / 1000)
  }

  /** Sets who asks, or throws what keeps him out. */
  async admit(request: FastifyRequest): Promise<void> {
    const { raw } = request
    const operation = operationOf(request)
    const who =
      request.routeOptions.config.open === true
        ? 'open'
        : operation === undefined
          ? undefined
          : decisions[operation]?.who
    const open = who === 'open' || (who === 'events' && this.#openEvents)
    // Whoever may ask without a login is not kept out by a login that is over.
    const found =
      !this.loginNeeded || who === 'open'
        ? undefined
        : await (open ? this.#find(raw).catch(() => undefined) : this.#find(raw))
    if (found === undefined) {
      if (this.loginNeeded && !open) throw refusal(raw)
      if (this.#loopback && !(this.loginNeeded && who === 'open')) checkBrowser(raw, this.#listenHost)
    }
    request.admission = found ?? { principal: this.loginNeeded ? nobody : local }
    request.principal = request.admission.principal
    request.user = request.principal.id
    if (!open) authorize(request.principal, operation)
  }

  async #find(request: IncomingMessage): Promise<Admission | undefined> {
    const { authorization } = request.headers
    if (authorization !== undefined) {
      const bearer = bearerOf(authorization)
      if (bearer === undefined) return undefined
      // Nobody guesses a long one, so who has it does not wait for those behind his address who do not.
      if (bearer.length < guessable) this.#refuseIfMany(request, 'bearer')
      const principal = this.tokens.find(bearer)
      const admission = principal === undefined ? await this.#oidc?.bearer(bearer) : { principal }
      if (admission === undefined) this.#count(request, 'bearer')
      return admission
    }
    const id = cookieOf(request, sessionCookie)
    const session = id === undefined ? undefined : ((await this.sessions.use(id)) ?? (await this.#signedSession(id)))
    if (id === undefined || session === undefined) return undefined
    // The browser sends the cookie by itself, also for what another site makes it ask.
    checkOwnPage(request)
    return { principal: session.proof.principal, ended: session.ended, hold: () => this.sessions.hold(id) }
  }

  /** Who has this token. Throws 401 where nobody has, and 429 to who was wrong too often, before the token is looked at. */
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

  /** Begins the session of a browser that came with a token; answers its id. */
  async beginSession(principal: Principal): Promise<string> {
    return this.sessions.begin({ principal }, await this.#signed.make(principal.name))
  }

  /** A session that was begun by another server with the same token, or here before a restart: from now on it is ours, too. */
  async #signedSession(id: string): Promise<Session | undefined> {
    if (this.sessions.isFinished(id)) return undefined
    const found = await this.#signed.read(id)
    const principal = found === undefined ? undefined : this.tokens.find(found.token)
    // It may have ended, or been asked for twice, while its signature was checked.
    if (found === undefined || principal === undefined || this.sessions.isFinished(id)) return undefined
    const known = await this.sessions.use(id)
    if (known !== undefined) return known
    this.sessions.begin({ principal, until: found.begun + this.sessions.limits.ageMs }, id)
    return this.sessions.use(id)
  }

  #refuseIfMany(request: IncomingMessage, how: 'login' | 'bearer'): void {
    // All addresses together have a budget for logins; what programs send is held back by address alone, or anybody could stop them all.
    const ms = this.#failed.wait(addressOf(request), how === 'bearer')
    if (ms === 0) return
    this.#metrics?.count('weir_api_failed_logins_total', 1, { how, outcome: 'limited' })
    const seconds = Math.ceil(ms / 1000)
    throw new ApiError('WEIR_API_LIMIT', `Too many unknown tokens were tried: try again in ${seconds} s.`, {
      headers: { 'retry-after': String(seconds) },
      hints: [
        'Valid tokens are those of `auth.tokens` in the configuration. Programs at the same address that repeat a wrong token are counted, too.',
      ],
    })
  }

  #count(request: IncomingMessage, how: 'login' | 'bearer'): void {
    if (how === 'bearer') this.#refuseIfMany(request, how)
    this.#failed.failed(addressOf(request))
    this.#metrics?.count('weir_api_failed_logins_total', 1, { how, outcome: 'refused' })
  }
}

/** Characters below which somebody could find a token by trying. */
const guessable = 20

const addressOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? ''

/** Calls `act` once when who asked may no longer, unless what it answers was called before. For answers that do not end by themselves. */
export function whenAccessEnds(
  { until, ended, hold }: Admission,
  { clock, timers }: Host,
  act: () => void,
): () => void {
  const release = hold?.()
  // Timers have 31 bits; no proof lasts that long.
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

function operationOf(request: FastifyRequest): string | undefined {
  const schema = request.routeOptions.schema as { readonly operationId?: string } | undefined
  // A route that nobody described is for admins; a path that does not exist is for everybody to be told so.
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
        'Valid tokens are those of `auth.tokens` in the configuration; the command line accepts WEIR_TOKEN or --token-file.',
      ],
    },
  )
}
