import type { FastifyReply } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'

export const sessionCookie = 'weir_session'

/** Undefined if the cookie is missing or ambiguous: another site of the domain may have set a second one. */
export function cookieOf({ headers }: IncomingMessage, name: string): string | undefined {
  const values = (headers.cookie ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at !== -1 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
  return values.length === 1 && /^[\w-]{16,128}$/.test(values[0] ?? '') ? values[0] : undefined
}

export function isSecure({ socket, headers }: IncomingMessage): boolean {
  if ((socket as Partial<TLSSocket>).encrypted === true) return true
  const forwarded = headers['x-forwarded-proto']
  return (Array.isArray(forwarded) ? forwarded[0] : forwarded)?.split(',')[0]?.trim().toLowerCase() === 'https'
}

type CookieRule = Readonly<{
  secure: boolean
  /** Lax: also sent with links from other sites, such as the return from an identity provider. */
  sameSite: 'Strict' | 'Lax'
  path: string
  seconds: number
}>

export function setCookie(
  reply: FastifyReply,
  name: string,
  value: string,
  { secure, sameSite, path, seconds }: CookieRule,
): void {
  reply.header(
    'set-cookie',
    `${name}=${value}; Path=${path}; Max-Age=${seconds}; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`,
  )
}
