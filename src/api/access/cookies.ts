import type { FastifyReply } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

export const sessionCookie = 'weir_session'

/** Value of a cookie; undefined when it is missing, or when there are several: another site of the domain may have set one. */
export function cookieOf({ headers }: IncomingMessage, name: string): string | undefined {
  const values = (headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at !== -1 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  return values.length === 1 && /^[\w-]{16,128}$/.test(values[0] ?? '') ? values[0] : undefined
}

/** Does the browser speak TLS, to us or to a proxy before us? */
export function isSecure({ socket, headers }: IncomingMessage): boolean {
  if ((socket as Partial<TLSSocket>).encrypted === true) return true
  const forwarded = headers['x-forwarded-proto']
  return (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0]?.trim().toLowerCase() === 'https'
}

export interface CookieRule {
  readonly secure: boolean
  /** Strict: never sent with what another site caused. Lax: with links from there, as back from a provider of identities. */
  readonly sameSite: 'Strict' | 'Lax'
  readonly path: string
  /** 0 removes it. */
  readonly seconds: number
}

export function setCookie(
  reply: FastifyReply,
  name: string,
  value: string,
  { secure, sameSite, path, seconds }: CookieRule,
): void {
  // Fastify keeps every cookie that is set.
  reply.header(
    'set-cookie',
    `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`,
  )
}
