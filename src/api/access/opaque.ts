/**
 * Ids and cursors of limited viewers. Their plain form has the place among all rows, which counts the hidden ones.
 * Deterministic authenticated encryption (synthetic IV, as RFC 5297): equal ids stay equal.
 */
import { createCipheriv, createDecipheriv, createHmac, scrypt } from 'node:crypto'
import type { Host } from '../../host/index.ts'
import type { ApiOptions } from '../options.ts'
import { ApiError } from '../problems.ts'
import type { Principal } from './principal.ts'

const [ivBytes, tagBytes] = [12, 16]
/** Lengths in steps reveal no number of digits. */
const block = 48

export class Opaque {
  readonly #cipher: Buffer
  readonly #iv: Buffer

  private constructor(secret: Buffer) {
    this.#cipher = createHmac('sha256', secret).update('opaque cipher').digest()
    this.#iv = createHmac('sha256', secret).update('opaque iv').digest()
  }

  /**
   * Derived from the secrets of `auth` that no limited viewer has: all instances with the same configuration read each
   * other's ids, also after a restart. Without such a secret it is random.
   */
  static async of(auth: ApiOptions['auth'], { random }: Pick<Host, 'random'>): Promise<Opaque | undefined> {
    const { tokens, oidc } = auth
    const limits = ({ role, namespaces }: (typeof tokens)[number]): boolean =>
      role === 'viewer' && namespaces !== undefined
    if (!tokens.some(limits) && oidc?.namespaces === undefined) return undefined
    const secrets = tokens.filter((token) => !limits(token)).map(({ token }) => token)
    if (oidc?.clientSecret !== undefined) secrets.push(oidc.clientSecret)
    if (secrets.length === 0) return new Opaque(Buffer.from(random.bytes(32)))
    const text = JSON.stringify(secrets.sort())
    // Slow, so that an id does not reveal a short token to brute force.
    return new Promise((resolve, reject) => {
      scrypt(text, 'weir opaque', 32, (error, key) => (error === null ? resolve(new Opaque(key)) : reject(error)))
    })
  }

  seal(text: string): string {
    const plain = Buffer.from(text)
    const padded = Buffer.alloc(Math.ceil((plain.length + 1) / block) * block)
    padded.set(plain)
    padded[plain.length] = 1
    const iv = createHmac('sha256', this.#iv).update(padded).digest().subarray(0, ivBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#cipher, iv)
    const body = Buffer.concat([cipher.update(padded), cipher.final()])
    return Buffer.concat([iv, body, cipher.getAuthTag()]).toString('base64url')
  }

  /** Undefined for a text that {@link seal} did not make with this secret. */
  open(sealed: string): string | undefined {
    const bytes = Buffer.from(sealed, 'base64url')
    if (bytes.length < ivBytes + block + tagBytes || bytes.toString('base64url') !== sealed) return undefined
    const decipher = createDecipheriv('aes-256-gcm', this.#cipher, bytes.subarray(0, ivBytes))
    decipher.setAuthTag(bytes.subarray(-tagBytes))
    try {
      const padded = Buffer.concat([decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()])
      return padded.subarray(0, padded.lastIndexOf(1)).toString()
    } catch {
      return undefined
    }
  }
}

/** For a limited viewer only. */
export function sealerFor(
  { namespaces }: Principal,
  opaque: Opaque | undefined,
): ((text: string) => string) | undefined {
  return namespaces === undefined || opaque === undefined ? undefined : (text) => opaque.seal(text)
}

const { isRawJSON: isRawJson } = JSON as unknown as { isRawJSON: (value: unknown) => boolean }
const members: ReadonlySet<string> = new Set(['pos', '_pos', 'next'])

/** A body in which ids and cursors are sealed: as members, and as the column `_pos` of a table. */
export function sealedBody(body: unknown, seal: (text: string) => string): unknown {
  if (Array.isArray(body)) return body.map((item) => sealedBody(item, seal))
  if (typeof body !== 'object' || body === null || isRawJson(body)) return body
  if ('toJSON' in body && typeof body.toJSON === 'function') return sealedBody(body.toJSON(), seal)
  const { columns, rows } = body as { columns?: unknown; rows?: unknown }
  const at = Array.isArray(columns)
    ? columns.findIndex((column) => (column as { name?: unknown } | null)?.name === '_pos')
    : -1
  return Object.fromEntries(
    Object.entries(body).map(([name, value]) => [
      name,
      typeof value === 'string' && members.has(name)
        ? seal(value)
        : name === 'rows' && at >= 0 && Array.isArray(rows)
          ? rows.map((row: unknown) =>
              Array.isArray(row) ? row.map((cell: unknown, index) => (index === at ? seal(String(cell)) : cell)) : row,
            )
          : sealedBody(value, seal),
    ]),
  )
}

const sealedParameters = ['cursor', 'pos', 'after'] as const

/** Replaces the sealed ids of a request by their plain form. Throws 400 for others. */
export function openSealed(
  { principal, query, headers }: Readonly<{ principal: Principal; query: unknown; headers: object }>,
  opaque: Opaque | undefined,
): void {
  if (principal.namespaces === undefined || opaque === undefined) return
  const given = query as Record<string, unknown>
  for (const name of sealedParameters) if (typeof given[name] === 'string') given[name] = opened(given[name], name)
  for (const [name, value] of Object.entries(given))
    if (name !== 'columns' && !sealedParameters.some((sealedParameter) => sealedParameter === name))
      refusePositions(name === 'sort' ? withoutTies(String(value)) : String(value), principal)
  const sent = headers as Record<string, unknown>
  const last = sent['last-event-id']
  if (typeof last === 'string') sent['last-event-id'] = opened(last, 'Last-Event-ID')

  function opened(sealed: string, name: string): string {
    const text = opaque?.open(sealed)
    if (text !== undefined) return text
    throw new ApiError('WEIR_API_INVALID', `"${name}" is invalid, or the secrets of this server have changed.`, {
      hints: ['Send the value of the last response unchanged, or omit it to start over.'],
    })
  }
}

/** Pages of flows have the same order of ties. */
function withoutTies(sort: string) {
  return sort.replace(/(?<=(?:^|,)-?time_received(?:,.*)?),_pos$/, '')
}

/** The order and the values of `_pos` have the place among all rows. */
export function refusePositions(written: string, principal: Principal): void {
  if (principal.namespaces === undefined || !/(?<!\w)_pos\b/i.test(written)) return
  throw new ApiError('WEIR_API_INVALID', `${principal.name} cannot filter, sort or group by _pos.`, {
    hints: ['_pos can be read as a column; it is opaque and names the row only.'],
  })
}
