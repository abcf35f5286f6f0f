/** Without authentication, the server listens on loopback only. Prevents DNS rebinding and posts of other sites. */
import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'
import { WeirError } from '../../model/errors.ts'
import { formatHostPort, type HostPort } from '../../schema/host-port.ts'
import { ApiError } from '../problems.ts'

export function isLoopback(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  return name === 'localhost' || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name)
}

export function rejectExposed(listen: HostPort, tokens: number): void {
  if (isLoopback(listen.host) || tokens > 0) return
  throw new WeirError(
    'WEIR_LISTEN_EXPOSED',
    `${formatHostPort(listen)} is reachable from other machines, and no token is configured. ` +
      'Either listen on 127.0.0.1, or configure tokens: auth: {tokens: [{name: me, token: env:WEIR_TOKEN}]}.',
  )
}

const hostPattern = /^(localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i

/** Node keeps only the first `Host` of several. A request that the process makes to itself has no distinct headers. */
function headerValues({ headers, headersDistinct }: Partial<IncomingMessage>, name: string): readonly string[] {
  return headersDistinct === undefined ? [headers?.[name] ?? []].flat() : (headersDistinct[name] ?? [])
}

export function checkBrowser(request: IncomingMessage, listenHost: string): void {
  const hosts = headerValues(request, 'host')
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

/** True only if `checkBrowser` passes; for requests of programs, without its cost. */
export function isPlainLocal({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (/^host$/i.test(name)) {
      if (++hosts > 1 || !hostPattern.test(rawHeaders[at + 1]!)) return false
    } else if (/^(?:origin|sec-fetch-.*)$/i.test(name)) return false
  }
  return hosts === 1
}

/** Proxies may change name and scheme, so Origin is compared with Host. */
export function checkOwnPage(request: IncomingMessage): void {
  const [origin, ...others] = headerValues(request, 'origin')
  const [host = ''] = headerValues(request, 'host')
  const site = headerValues(request, 'sec-fetch-site')[0]
  const reads = (request.method === 'GET' || request.method === 'HEAD') && request.headers.upgrade === undefined
  const link = reads && headerValues(request, 'sec-fetch-mode')[0] === 'navigate'
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

function isOf(origin: string, host: string) {
  if (!/^https?:\/\/[^/]+$/i.test(origin) || !URL.canParse(origin)) return false
  const { protocol, host: named } = new URL(origin)
  const target = `${protocol}//${host}`
  return URL.canParse(target) && new URL(target).host === named
}

function checkOrigin(request: IncomingMessage, origin: string) {
  const origins = headerValues(request, 'origin')
  if (origins.length > 1 || (origins[0] !== undefined && origins[0].toLowerCase() !== origin)) {
    throw new ApiError(
      'WEIR_API_ORIGIN',
      `Origin "${origins.join(', ')}" is not this server (${origin}): pages of other sites are refused.`,
      {
        hints: ['Programs may omit Origin.', 'A reverse proxy must preserve the Host header.'],
      },
    )
  }
  // Sent even without Origin (images, scripts).
  const site = headerValues(request, 'sec-fetch-site')[0]
  const link = headerValues(request, 'sec-fetch-mode')[0] === 'navigate' && request.method === 'GET'
  if ((site === 'cross-site' || site === 'same-site') && !link) {
    throw new ApiError('WEIR_API_ORIGIN', `A page of another site (Sec-Fetch-Site: ${site}) is refused.`)
  }
}
