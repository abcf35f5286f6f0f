/** Authorization code with PKCE (OpenID Connect Core, section 3.1; RFC 7636). */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Log } from '../../../engine/contracts.ts'
import type { Host } from '../../../host/index.ts'
import { ApiError } from '../../problems.ts'
import { cookieOf, isSecure, sessionCookie, setCookie } from '../cookies.ts'
import type { Admission, Gate } from '../gate.ts'
import type { Proof } from '../sessions.ts'
import { claimsReader, NotAllowed } from './claims.ts'
import { refusalPage, type Refusal } from './page.ts'
import { localPath, PendingLogins, pendingMs } from './pending.ts'
import { LoginFailed, Provider, randomValue, type Identity } from './provider.ts'
import type { OidcCallback } from '../schema.ts'
import { callbackPath, loginPath } from './routes.ts'
import type { OidcSettings } from './settings.ts'

/** The provider returns by a cross-site link, so it cannot be Strict. */
const loginCookie = 'weir_login'

export class Oidc {
  readonly #settings: OidcSettings
  readonly #provider: Provider
  readonly #pending: PendingLogins
  readonly #principalOf: ReturnType<typeof claimsReader>

  constructor(settings: OidcSettings, host: Host) {
    this.#settings = settings
    this.#provider = new Provider(settings, host)
    this.#pending = new PendingLogins(host)
    this.#principalOf = claimsReader(settings)
  }

  /** Undefined if the value is not a JWT or access tokens are disabled. Throws ApiError for an invalid token. */
  async bearer(token: string): Promise<Admission | undefined> {
    const { audience } = this.#settings
    if (audience === undefined || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined
    const { claims, until } = await this.#provider.bearer(token, audience)
    try {
      return { principal: this.#principalOf(claims), until }
    } catch (error) {
      if (!(error instanceof NotAllowed)) throw error
      throw new ApiError('WEIR_API_FORBIDDEN', error.message, { hints: [error.hint] })
    }
  }

  async begin(request: FastifyRequest, reply: FastifyReply, to: string | undefined, log: Log): Promise<FastifyReply> {
    const login = {
      state: randomValue(),
      nonce: randomValue(),
      verifier: randomValue(),
      redirect: this.#base(request.raw) + callbackPath,
      // Logins in several tabs share the browser's value.
      browser: cookieOf(request.raw, loginCookie) ?? randomValue(),
      to: localPath(to),
    }
    const url = await this.#provider.authorizationUrl(login).catch((error: unknown) => unanswered(error, log))
    if (typeof url !== 'string') return refusalPage(reply, { ...url, to: login.to })
    this.#pending.add(login)
    setCookie(reply, loginCookie, login.browser, {
      secure: isSecure(request.raw),
      sameSite: 'Lax',
      path: loginPath,
      seconds: pendingMs / 1000,
    })
    return reply.redirect(url, 302)
  }

  async finish(
    request: FastifyRequest,
    reply: FastifyReply,
    { state, error: code, error_description: words }: OidcCallback,
    gate: Gate,
    log: Log,
  ): Promise<FastifyReply> {
    const login = this.#pending.take(state, cookieOf(request.raw, loginCookie))
    if (login === undefined) {
      return refusalPage(reply, {
        status: 400,
        title: 'This sign-in has expired',
        reason: 'It took too long, was used before, or was started in another browser.',
      })
    }
    if (code !== undefined)
      return refusalPage(reply, {
        status: 403,
        title: 'The identity provider rejected the sign-in',
        reason: words === undefined ? code : `${words} (${code})`,
        to: login.to,
      })
    let identity: Identity | undefined
    try {
      identity = await this.#provider.exchange(new URL(login.redirect + searchOf(request.raw)), login)
      const proof = await this.#proof(identity, login.redirect.slice(0, -callbackPath.length))
      const before = cookieOf(request.raw, sessionCookie)
      if (before !== undefined) gate.sessions.finish(before)
      setCookie(reply, sessionCookie, gate.sessions.begin(proof), {
        secure: isSecure(request.raw),
        sameSite: 'Strict',
        path: '/',
        seconds: gate.sessionSeconds,
      })
      log.info('A user signed in.', { name: proof.principal.name, role: proof.principal.role, how: 'oidc' })
      return await reply.redirect(login.to, 303)
    } catch (error) {
      if (error instanceof NotAllowed) {
        log.warn('A sign-in was refused.', { reason: error.message, hint: error.hint })
        const logoutUrl = await this.#provider.logoutUrl(
          identity?.idToken,
          `${login.redirect.slice(0, -callbackPath.length)}/`,
        )
        return refusalPage(reply, {
          status: 403,
          title: 'No access',
          reason: error.message,
          hint: error.hint,
          logoutUrl,
          to: login.to,
        })
      }
      if (!(error instanceof LoginFailed)) return refusalPage(reply, { ...unanswered(error, log), to: login.to })
      log.warn('A sign-in failed.', { reason: error.message })
      return refusalPage(reply, { status: 400, title: 'The sign-in failed', reason: error.message, to: login.to })
    }
  }

  async #proof(identity: Identity, base: string): Promise<Proof> {
    const logoutUrl = await this.#provider.logoutUrl(identity.idToken, `${base}/`)
    return {
      principal: this.#principalOf(identity.claims),
      until: identity.until,
      ...(logoutUrl === undefined ? {} : { logoutUrl }),
      ...(identity.refreshToken === undefined
        ? {}
        : {
            renew: async () => {
              const renewed = await this.#provider.refresh(identity)
              return renewed === undefined ? undefined : this.#proof(renewed, base)
            },
          }),
    }
  }

  #base(request: IncomingMessage): string {
    if (this.#settings.url !== undefined) return this.#settings.url.replace(/\/+$/, '')
    const { host } = request.headers
    if (host === undefined || !URL.canParse(`http://${host}`))
      throw new ApiError('WEIR_API_INVALID', 'The Host header is missing.')
    return `${isSecure(request) ? 'https' : 'http'}://${host}`
  }
}

function unanswered(error: unknown, log: Log): Refusal {
  if (!(error instanceof ApiError)) throw error
  log.warn('The identity provider does not respond.', { reason: error.message })
  return {
    status: 503,
    title: 'The identity provider did not respond',
    reason: error.message,
    ...(error.hints[0] === undefined ? {} : { hint: error.hints[0] }),
  }
}

function searchOf({ url = '' }: IncomingMessage) {
  const at = url.indexOf('?')
  return at === -1 ? '' : url.slice(at)
}
