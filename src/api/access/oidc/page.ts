/** What somebody sees whom the provider sent back and who is not let in. */
import type { FastifyReply } from 'fastify'

export interface Refusal {
  readonly status: 400 | 403 | 503
  readonly title: string
  readonly reason: string
  readonly hint?: string
  /** Where the session with the provider can be ended, to log in as somebody else. */
  readonly logoutUrl?: string | undefined
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const escaped = (text: string): string => text.replace(/[&<>"']/g, (found) => escapes[found] ?? found)

/** A page without scripts, styles or anything else to load. */
export function refusalPage(reply: FastifyReply, { status, title, reason, hint, logoutUrl }: Refusal): FastifyReply {
  const other = logoutUrl === undefined ? '' : `<p><a href="${escaped(logoutUrl)}">Log in as somebody else</a></p>\n`
  return reply.code(status).type('text/html; charset=utf-8')
    .header('content-security-policy', "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
    .send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} – Weir</title>
<h1>${escaped(title)}</h1>
<p>${escaped(reason)}</p>
${hint === undefined ? '' : `<p>${escaped(hint)}</p>\n`}<p><a href="/api/v1/login/oidc">Try again</a></p>
${other}</html>
`)
}
