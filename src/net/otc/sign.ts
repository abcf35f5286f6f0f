/** SDK-HMAC-SHA256 in both header styles. */
import { createHash, createHmac } from 'node:crypto'

export type Query = readonly (readonly [string, string])[]

export type Signable = Readonly<{
  method: string
  path: string
  query: Query
  headers: Readonly<Record<string, string>>
  body?: Uint8Array
}>

/** `credential`: the HMAC key is derived for day, region and service, as in gophertelekomcloud and Terraform. */
export type SigningStyle = 'access' | 'credential'

type SigningKeys = Readonly<{
  access: string
  secret: string
}>

const algorithm = 'SDK-HMAC-SHA256'

const hash = (text: string | Uint8Array) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

export function encodeQuery(query: Query): string {
  return query
    .map(([key, value]) => [percentEncode(key), percentEncode(value)] as const)
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .map(([key, value]) => `${key}=${value}`)
    .join('&')
}

export function canonicalRequest({ method, path, query, headers, body }: Signable): string {
  const names = Object.keys(headers).sort()
  const uri = path
    .split('/')
    .map((part) => percentEncode(decodeURIComponent(part)))
    .join('/')
  return [
    method,
    `${uri.startsWith('/') ? '' : '/'}${uri}${uri.endsWith('/') ? '' : '/'}`,
    encodeQuery(query),
    ...names.map((name) => `${name}:${headers[name]?.trim() ?? ''}`),
    '',
    names.join(';'),
    hash(body ?? ''),
  ].join('\n')
}

export function authorizationOf(
  request: Signable,
  { access, secret }: SigningKeys,
  style: SigningStyle,
  scope: Readonly<{ region: string; service: string }> = { region: '', service: '' },
): string {
  const date = request.headers['x-sdk-date'] ?? ''
  const canonical = hash(canonicalRequest(request))
  const names = Object.keys(request.headers).sort().join(';')
  if (style === 'access') {
    return (
      `${algorithm} Access=${access}, SignedHeaders=${names}, ` +
      `Signature=${hmac(secret, [algorithm, date, canonical].join('\n')).toString('hex')}`
    )
  }
  const parts = [date.slice(0, 8), scope.region, scope.service, 'sdk_request']
  const key = parts.reduce<string | Buffer>(hmac, `SDK${secret}`)
  return (
    `${algorithm} Credential=${access}/${parts.join('/')}, SignedHeaders=${names}, ` +
    `Signature=${hmac(key, [algorithm, date, parts.join('/'), canonical].join('\n')).toString('hex')}`
  )
}

export function sdkDate(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

function percentEncode(text: string) {
  return encodeURIComponent(text).replace(/[!'()*]/g, (match) => `%${match.charCodeAt(0).toString(16).toUpperCase()}`)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
