/**
 * Where a request may come from. Without a login the server listens on loopback only, and a browser page of another site
 * must not be able to use it: neither by a name that resolves to 127.0.0.1 (Host) nor by posting (Origin).
 */
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { WeirError } from '../model/errors.ts'
import { formatHostPort, type HostPort } from '../schema/host-port.ts'
import { ApiError } from './problems.ts'

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

/** An address that others can reach is refused as long as nobody has to say who he is. */
export function refuseExposed(listen: HostPort, tokens: number): void {
  if (isLoopback(listen.host) || tokens > 0) return
  throw new WeirError(
    'WEIR_LISTEN_EXPOSED',
    `${formatHostPort(listen)} is reachable from other machines, and no token is configured. ` +
      'Either listen on 127.0.0.1, or configure tokens: auth: {tokens: [{name: me, token: env:WEIR_TOKEN}]}.',
  )
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
    throw new ApiError(
      'WEIR_API_HOST',
      `Host "${hosts.join(', ')}" is not allowed: this server accepts localhost, 127.0.0.1 and [::1] only.`,
      {
        hints: [
          'Open it as http://localhost:<port> or http://127.0.0.1:<port>.',
          'To use another name, configure `auth.tokens`.',
        ],
      },
    )
  }
  checkOrigin(request, `${request.socket instanceof TLSSocket ? 'https' : 'http'}://${host}`.toLowerCase())
}

/**
 * Refuses what comes with the cookie of a session but not from one of our pages. Under which name and scheme we are reached is
 * the proxy's business: Origin has to be of the host that the request was sent to. What changes anything has to say where it comes from.
 */
export function checkOwnPage(request: IncomingMessage): void {
  const [origin, ...others] = sent(request, 'origin')
  const [host = ''] = sent(request, 'host')
  const site = sent(request, 'sec-fetch-site')[0]
  const reads = (request.method === 'GET' || request.method === 'HEAD') && request.headers.upgrade === undefined
  const link = reads && sent(request, 'sec-fetch-mode')[0] === 'navigate'
  const foreign =
    others.length > 0 ||
    (origin !== undefined && !isOf(origin, host)) ||
    ((site === 'cross-site' || site === 'same-site') && !link)
  if (!foreign && (reads || origin !== undefined || site === 'same-origin')) return
  const what = foreign
    ? `Origin "${[origin, ...others].join(', ')}" (Sec-Fetch-Site: ${site ?? 'none'}) is not this server (${host})`
    : 'A request with a session cookie has neither Origin nor Sec-Fetch-Site'
  throw new ApiError('WEIR_API_ORIGIN', `${what}: only pages of this server may use the session.`, {
    hints: [
      'Programs send `Authorization: Bearer <token>` instead of a cookie.',
      'A reverse proxy must preserve the Host header.',
    ],
  })
}

function isOf(origin: string, host: string): boolean {
  if (!/^https?:\/\/[^/]+$/i.test(origin) || !URL.canParse(origin)) return false
  const { protocol, host: named } = new URL(origin)
  const asked = `${protocol}//${host}`
  return URL.canParse(asked) && new URL(asked).host === named
}

function checkOrigin(request: IncomingMessage, own: string): void {
  const origins = sent(request, 'origin')
  if (origins.length > 1 || (origins[0] !== undefined && origins[0].toLowerCase() !== own)) {
    throw new ApiError(
      'WEIR_API_ORIGIN',
      `Origin "${origins.join(', ')}" is not this server (${own}): pages of other sites are refused.`,
      {
        hints: ['Programs may omit Origin.', 'A reverse proxy must preserve the Host header.'],
      },
    )
  }
  // Browsers say where a request comes from even when they send no Origin (images, scripts); following a link is fine.
  const site = sent(request, 'sec-fetch-site')[0]
  const link = sent(request, 'sec-fetch-mode')[0] === 'navigate' && request.method === 'GET'
  if ((site === 'cross-site' || site === 'same-site') && !link) {
    throw new ApiError('WEIR_API_ORIGIN', `A page of another site (Sec-Fetch-Site: ${site}) is refused.`)
  }
}
