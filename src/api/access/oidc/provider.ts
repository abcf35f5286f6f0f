import { createRemoteJWKSet, customFetch, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import * as client from 'openid-client'
import type { Host } from '../../../host/index.ts'
import { self } from '../../../host/process.ts'
import { fetchWith } from '../../../net/http/fetch.ts'
import { withoutSecretsOf, withoutUrlSecrets } from '../../../model/url-text.ts'
import { ApiError } from '../../problems.ts'
import type { Claims } from './claims.ts'
import type { OidcSettings } from './settings.ts'

export type Identity = Readonly<{
  claims: Claims
  until: number
  idToken: string
  refreshToken: string | undefined
}>

type Connected = Readonly<{
  config: client.Configuration
  keys: JWTVerifyGetKey
}>

export class LoginFailed extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'LoginFailed'
  }
}

const waitSeconds = 10
const longestResponse = 1024 * 1024
/** `typ` of tokens that are not access tokens. */
const otherTypes = new Set(['ID', 'Refresh', 'Offline', 'Logout'])
const idTokenAge = '10m'

export class Provider {
  readonly #settings: OidcSettings
  readonly #host: Host
  readonly #fetch: ReturnType<typeof fetchWith>
  #connected: Promise<Connected> | undefined

  constructor(settings: OidcSettings, host: Host) {
    this.#settings = settings
    this.#host = host
    // Longer than the libraries' timeout per request.
    const timeoutMs = 2 * waitSeconds * 1000
    this.#fetch = fetchWith({ timers: host.timers, timeoutMs, limit: longestResponse, proxyEnv: self.env })
  }

  async reach(): Promise<void> {
    await this.#connect()
  }

  async authorizationUrl(
    login: Readonly<{
      redirect: string
      state: string
      nonce: string
      verifier: string
    }>,
  ): Promise<string> {
    const { config } = await this.#connect()
    return client.buildAuthorizationUrl(config, {
      redirect_uri: login.redirect,
      scope: this.#settings.scopes.join(' '),
      state: login.state,
      nonce: login.nonce,
      code_challenge: await client.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
    }).href
  }

  /** `arrived` is the URL of the callback. Throws LoginFailed. */
  async exchange(arrived: URL, login: Readonly<{ state: string; nonce: string; verifier: string }>): Promise<Identity> {
    const { config, keys } = await this.#connect()
    const tokens = await client
      .authorizationCodeGrant(config, arrived, {
        expectedState: login.state,
        expectedNonce: login.nonce,
        pkceCodeVerifier: login.verifier,
        idTokenExpected: true,
      })
      .catch((error: unknown) => Promise.reject(failed(error)))
    const idToken = tokens.id_token ?? ''
    const id = await this.#idClaims(idToken, keys)
    return this.#identity(tokens, id, idToken, keys)
  }

  async refresh({ claims, idToken, refreshToken }: Identity): Promise<Identity | undefined> {
    if (refreshToken === undefined) return undefined
    const { config, keys } = await this.#connect()
    const tokens = await client
      .refreshTokenGrant(config, refreshToken)
      .catch((error: unknown) => Promise.reject(failed(error)))
    const renewed = tokens.id_token === undefined ? claims : await this.#idClaims(tokens.id_token, keys)
    if (renewed['sub'] !== claims['sub'])
      throw new LoginFailed('The identity provider renewed the session for a different user.')
    return this.#identity(tokens, renewed, tokens.id_token ?? idToken, keys, refreshToken)
  }

  async logoutUrl(idToken: string | undefined, back: string): Promise<string | undefined> {
    const { config } = await this.#connect()
    if (config.serverMetadata().end_session_endpoint === undefined) return undefined
    return client.buildEndSessionUrl(config, {
      post_logout_redirect_uri: back,
      ...(idToken === undefined ? {} : { id_token_hint: idToken }),
    }).href
  }

  /** Throws ApiError: 401, or 503 while the provider is unreachable. */
  async bearer(token: string, audience: string): Promise<Readonly<{ claims: Claims; until: number }>> {
    const { keys } = await this.#connect()
    const claims = await this.#verify(token, keys, { audience, requiredClaims: ['exp'] }).catch((error: unknown) => {
      throw bearerProblem(error, audience)
    })
    // ID tokens grant nothing; only they have `at_hash`.
    if (claims['at_hash'] !== undefined || (typeof claims['typ'] === 'string' && otherTypes.has(claims['typ'])))
      throw unauthorized('The token is not an access token.')
    return { claims, until: (claims.exp ?? 0) * 1000 }
  }

  #idClaims(idToken: string, keys: JWTVerifyGetKey): Promise<JWTPayload> {
    const { issuer, clientId } = this.#settings
    return this.#verify(idToken, keys, {
      audience: clientId,
      maxTokenAge: idTokenAge,
      requiredClaims: ['exp', 'sub'],
    })
      .then((claims) => verifyParty(claims, clientId))
      .catch((error: unknown) => {
        throw new LoginFailed(`The ID token of ${withoutUrlSecrets(issuer)} is invalid: ${wordsOf(error, clientId)}`)
      })
  }

  /** `refreshToken`: for providers that do not rotate it. */
  async #identity(
    tokens: client.TokenEndpointResponse,
    id: Claims,
    idToken: string,
    keys: JWTVerifyGetKey,
    refreshToken?: string,
  ): Promise<Identity> {
    // Opaque access tokens have no claims.
    const access = await this.#verify(tokens.access_token, keys, {}).catch(() => ({}))
    const now = this.#host.clock.now()
    const until = tokens.expires_in === undefined ? Number(id['exp']) * 1000 : now + tokens.expires_in * 1000
    return { claims: { ...access, ...id }, until, idToken, refreshToken: tokens.refresh_token ?? refreshToken }
  }

  async #verify(
    token: string,
    keys: JWTVerifyGetKey,
    more: NonNullable<Parameters<typeof jwtVerify>[2]>,
  ): Promise<JWTPayload> {
    const { config } = await this.#connect()
    const { clockToleranceMs } = this.#settings
    const now = this.#host.clock.now()
    const { payload } = await jwtVerify(token, keys, {
      issuer: config.serverMetadata().issuer,
      currentDate: new Date(now),
      clockTolerance: clockToleranceMs / 1000,
      ...more,
    })
    // A slow clock would extend every token.
    if (typeof payload.iat === 'number' && payload.iat * 1000 > now + clockToleranceMs)
      throw new errors.JWTClaimValidationFailed('issued in the future', payload, 'iat', 'check_failed')
    return payload
  }

  #connect(): Promise<Connected> {
    this.#connected ??= this.#discover().catch((error: unknown) => {
      this.#connected = undefined
      const { issuer } = this.#settings
      throw new ApiError(
        'WEIR_API_PROVIDER',
        withoutSecretsOf(
          issuer,
          `The identity provider at ${issuer} does not respond correctly: ${failed(error).message}`,
        ),
        {
          hints: [
            'Check that `auth.oidc.issuer` is the parent of /.well-known/openid-configuration, and that this ' +
              'machine can reach it.',
          ],
        },
      )
    })
    return this.#connected
  }

  async #discover(): Promise<Connected> {
    const { issuer, clientId, clientSecret, clockToleranceMs } = this.#settings
    const plain = issuer.startsWith('http:')
    const execute = plain ? [client.allowInsecureRequests] : []
    const metadata = (
      await client.discovery(new URL(issuer), clientId, undefined, undefined, {
        timeout: waitSeconds,
        execute,
        [client.customFetch]: this.#fetch,
      })
    ).serverMetadata()
    if (metadata.jwks_uri === undefined) throw new LoginFailed('it lists no keys (jwks_uri).')
    const basic = metadata.token_endpoint_auth_methods_supported?.includes('client_secret_basic') ?? true
    const how =
      clientSecret === undefined
        ? client.None()
        : basic
          ? client.ClientSecretBasic(clientSecret)
          : client.ClientSecretPost(clientSecret)
    const config = new client.Configuration(
      metadata,
      clientId,
      { [client.clockTolerance]: clockToleranceMs / 1000 },
      how,
    )
    config.timeout = waitSeconds
    config[client.customFetch] = this.#fetch
    for (const change of execute) change(config)
    const keys = createRemoteJWKSet(new URL(metadata.jwks_uri), {
      timeoutDuration: waitSeconds * 1000,
      [customFetch]: this.#fetch,
    })
    return { config, keys }
  }
}

/** OpenID Connect Core, section 3.1.3.7, rules 4 and 5. */
function verifyParty(claims: JWTPayload, clientId: string): JWTPayload {
  const { aud, azp } = claims
  if (azp === undefined ? Array.isArray(aud) && aud.length > 1 : azp !== clientId)
    throw new errors.JWTClaimValidationFailed('issued to another client', claims, 'azp', 'check_failed')
  return claims
}

export function randomValue(): string {
  return client.randomPKCECodeVerifier()
}

function unauthorized(detail: string) {
  return new ApiError('WEIR_API_TOKEN', detail, {
    headers: { 'www-authenticate': 'Bearer realm="weir", error="invalid_token"' },
    hints: ['Send an access token of the configured issuer and audience, or a token of `auth.tokens`.'],
  })
}

function bearerProblem(error: unknown, audience: string): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout))
    return unauthorized(wordsOf(error, audience))
  return new ApiError('WEIR_API_PROVIDER', 'The keys of the identity provider are currently unavailable.', {
    hints: ['Try again in a moment.'],
  })
}

function wordsOf(error: unknown, audience: string): string {
  if (error instanceof errors.JWTExpired) return 'The token has expired.'
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return `The audience of the token is not ${audience}.`
    if (error.claim === 'azp') return `The token was not issued to the client ${audience} (claim \`azp\`).`
    if (error.claim === 'iss') return 'The token has another issuer.'
    if (error.claim === 'nbf' || error.claim === 'iat')
      return 'The token is not valid yet: the clocks of the provider and of this server differ.'
    return `The claim ${error.claim} of the token is invalid.`
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return 'The token is not signed by the issuer.'
  return 'The token is unreadable.'
}

function failed(error: unknown): LoginFailed {
  if (error instanceof LoginFailed) return error
  const protocol = error as Readonly<{
    error?: unknown
    error_description?: unknown
    code?: unknown
    cause?: unknown
  }>
  if (typeof protocol.error === 'string')
    return new LoginFailed(
      `${protocol.error}${typeof protocol.error_description === 'string' ? ` (${protocol.error_description})` : ''}`,
    )
  const inner = protocol.cause as Readonly<{ code?: unknown; cause?: { readonly code?: unknown } }> | undefined
  const code = inner?.cause?.code ?? inner?.code ?? protocol.code
  const message = error instanceof Error ? error.message : 'it failed'
  return new LoginFailed(`${message}${typeof code === 'string' ? ` (${code})` : ''}`)
}
