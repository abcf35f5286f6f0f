import { createHmac } from 'node:crypto'

export type Signable = Readonly<{
  method: string
  path: string
  query: readonly (readonly [string, string])[]
  body?: string
}>

export type ApiKey = Readonly<{
  key: string
  secret: string
}>

const validitySeconds = 600

export function expiresAt(now: number): number {
  return Math.floor(now / 1000) + validitySeconds
}

function signed(query: Signable['query']): Signable['query'] {
  return query
    .filter(([name]) => query.filter(([otherName]) => otherName === name).length === 1)
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** Five parts; the fourth, headers, is always empty. `expires`: Unix seconds. */
export function stringToSign({ method, path, query, body = '' }: Signable, expires: number): string {
  return [
    `${method} ${path}`,
    body,
    signed(query)
      .map(([, value]) => value)
      .join(''),
    '',
    String(expires),
  ].join('\n')
}

export function authorizationOf(request: Signable, { key, secret }: ApiKey, expires: number): string {
  const names = signed(request.query)
    .map(([name]) => name)
    .join(';')
  const signature = createHmac('sha256', secret).update(stringToSign(request, expires)).digest('base64')
  return (
    'EXO2-HMAC-SHA256 ' +
    `credential=${key},${names === '' ? '' : `signed-query-args=${names},`}expires=${expires},signature=${signature}`
  )
}
