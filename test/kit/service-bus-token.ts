import { createHmac, timingSafeEqual } from 'node:crypto'

/** Why a shared access signature is invalid for `audience`; undefined if valid. `keys`: by name. */
export function refusalOf(token: string, audience: string, keys: ReadonlyMap<string, string>): string | undefined {
  const written = /^SharedAccessSignature (.+)$/.exec(token)?.[1]
  if (written === undefined) return 'MalformedToken: The token is no shared access signature.'
  const fields = new Map(
    written.split('&').map((part) => [part.slice(0, part.indexOf('=')), part.slice(part.indexOf('=') + 1)]),
  )
  const [resource = '', expiry = '', name = '', signature = ''] = [
    fields.get('sr'),
    fields.get('se'),
    fields.get('skn'),
    fields.get('sig'),
  ]
  const key = keys.get(decodeURIComponent(name))
  if (key === undefined) return `InvalidKeyName: There is no key ${decodeURIComponent(name)}.`
  const wanted = createHmac('sha256', key).update(`${resource}\n${expiry}`).digest()
  const given = Buffer.from(decodeURIComponent(signature), 'base64')
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted))
    return 'InvalidSignature: The token has an invalid signature.'
  if (!(Number(expiry) * 1000 > Date.now())) return `ExpiredToken: The token is expired. Expiration time: '${expiry}'.`
  const covered = decodeURIComponent(resource).toLowerCase()
  return audience.toLowerCase().startsWith(covered) ? undefined : 'InvalidAudience: The token is for another resource.'
}

/** A token for everything below `resource`, valid until `expiry` (Unix seconds). */
export function sasToken(resource: string, name: string, key: string, expiry: number): string {
  const encoded = encodeURIComponent(resource)
  const signature = createHmac('sha256', key).update(`${encoded}\n${expiry}`).digest('base64')
  return (
    'SharedAccessSignature ' +
    `sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${expiry}&skn=${encodeURIComponent(name)}`
  )
}
