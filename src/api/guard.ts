/**
 * Who may ask. Two rules that do not depend on each other's details:
 * with tokens configured, a request carries one; without, the server listens on loopback only and a browser page of
 * another site must not be able to use it: neither by a name that resolves to 127.0.0.1 (Host) nor by posting (Origin).
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { WeirError } from '../model/errors.ts'
import { formatHostPort, type HostPort } from '../schema/address.ts'
import type { ApiToken } from './options.ts'
import { ApiError } from './problems.ts'

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/** An address that others can reach is refused as long as nobody has to say who he is. */
export function refuseExposed(listen: HostPort, tokens: number): void {
  if (isLoopback(listen.host) || tokens > 0) return
  throw new WeirError('WEIR_LISTEN_EXPOSED',
    `${formatHostPort(listen)} can be reached from other machines, and no token is configured. `
    + 'Either listen on 127.0.0.1, or configure tokens: auth: {tokens: [{name: me, token: env:WEIR_TOKEN}]}.')
}

const hostPattern = /^(localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i

/** Values of a header as sent, one by one: Node would silently keep the first `Host` of several. */
function sent(request: IncomingMessage, name: string): string[] {
  return request.headersDistinct[name] ?? []
}

/** Refuses a request that a page of another site may have caused. */
export function checkBrowser(request: IncomingMessage, listenHost: string): void {
  const hosts = sent(request, 'host')
  const host = hosts[0]
  const bare = host?.replace(/:\d{1,5}$/, '').toLowerCase()
  if (host === undefined || hosts.length > 1 || !(hostPattern.test(host) || bare === listenHost.toLowerCase())) {
    throw new ApiError('WEIR_API_HOST', `Host "${hosts.join(', ')}" is not allowed: this server answers to localhost, 127.0.0.1 and [::1] only.`, {
      hints: ['Open it as http://localhost:<port> or http://127.0.0.1:<port>.', 'To serve it under another name configure `auth.tokens`.'],
    })
  }
  checkOrigin(request, host)
}

function checkOrigin(request: IncomingMessage, host: string): void {
  const origins = sent(request, 'origin')
  const own = `http://${host}`.toLowerCase()
  if (origins.length > 1 || (origins[0] !== undefined && origins[0].toLowerCase() !== own)) {
    throw new ApiError('WEIR_API_ORIGIN', `Origin "${origins.join(', ')}" is not this server (${own}): pages of other sites may not use it.`, {
      hints: ['Programs need not send Origin.', 'A proxy in front has to pass the Host header on unchanged.'],
    })
  }
  // Browsers say where a request comes from even when they send no Origin (images, scripts); following a link is fine.
  const site = sent(request, 'sec-fetch-site')[0]
  const link = sent(request, 'sec-fetch-mode')[0] === 'navigate' && request.method === 'GET'
  if ((site === 'cross-site' || site === 'same-site') && !link) {
    throw new ApiError('WEIR_API_ORIGIN', `A page of another site (Sec-Fetch-Site: ${site}) may not use this server.`)
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Finds the client of a bearer token. Every token is compared, each in constant time, so that timing tells nothing. */
export class TokenBook {
  readonly #known: readonly { readonly name: string; readonly digest: Buffer }[]

  constructor(tokens: readonly ApiToken[]) {
    this.#known = tokens.map(({ name, token }) => ({ name, digest: digest(token) }))
  }

  get empty(): boolean {
    return this.#known.length === 0
  }

  /** Name of the client, or undefined when no (valid) token was sent. */
  find(request: IncomingMessage): string | undefined {
    const given = /^Bearer +([\x21-\x7e]+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    if (given === undefined) return undefined
    const mine = digest(given)
    let found: string | undefined
    for (const { name, digest: theirs } of this.#known) if (timingSafeEqual(mine, theirs)) found = name
    return found
  }

  refuse(request: IncomingMessage): ApiError {
    const wrong = request.headers.authorization !== undefined
    return new ApiError('WEIR_API_TOKEN', wrong ? 'The token is not known here.' : 'This server needs a token: send `Authorization: Bearer <token>`.', {
      headers: { 'www-authenticate': wrong ? 'Bearer realm="weir", error="invalid_token"' : 'Bearer realm="weir"' },
      hints: ['Tokens are those of `auth.tokens` in the configuration; the command line takes WEIR_TOKEN or --token-file.'],
    })
  }
}
