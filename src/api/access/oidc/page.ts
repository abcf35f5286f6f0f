import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

export type Refusal = Readonly<{
  status: 400 | 403 | 503
  title: string
  reason: string
  hint?: string
  /** Ends the provider's session, in order to sign in as another user. */
  logoutUrl?: string | undefined
  to?: string
}>

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? character)

const withCode = (text: string) => escaped(text).replace(/`([^`]*)`/g, '<code>$1</code>')

const style =
  ':root{--small:12px;--text:13px;--title:18px;color-scheme:light ' +
  'dark}body{margin:0;min-height:100vh;display:grid;place-items:center;background:light-dark(#fbfbfa,#0f1214);color:light-dark(#1c2024,#e6e8ea);font:var(--text)/1.5 ' +
  'system-ui,sans-serif}main{max-width:44ch;margin:16px;padding:20px;background:light-dark(#fff,#15191c);border:1px ' +
  'solid light-dark(#e6e6e3,#262c31);border-radius:8px;overflow-wrap:anywhere}h1{font-size:var(--title);margin:0}a{color:light-dark(#0b6bcb,#5aa9f0);display:inline-block;min-height:24px}'
const styleHash = createHash('sha256').update(style).digest('base64')

export function refusalPage(
  reply: FastifyReply,
  { status, title, reason, hint, logoutUrl, to = '/' }: Refusal,
): FastifyReply {
  const signOut = logoutUrl === undefined ? '' : `<p><a href="${escaped(logoutUrl)}">Sign in as another user</a></p>\n`
  const login = `/api/v1/login/oidc${to === '/' ? '' : `?to=${encodeURIComponent(to)}`}`
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header(
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; ` +
        `frame-ancestors 'none'`,
    ).send(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)} – Weir</title>
<style>${style}</style>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(reason)}</p>
${hint === undefined ? '' : `<p>${withCode(hint)}</p>\n`}<p><a href="${escaped(login)}">Try again</a></p>
<p><a href="${escaped(to)}">Back to Weir</a></p>
${signOut}</main>
</html>
`)
}
