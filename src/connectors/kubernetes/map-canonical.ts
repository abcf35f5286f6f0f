/** Canonical JSON: sorted keys, no white space. */
import { hash } from 'node:crypto'

/** Keys are ordered by their UTF-8 bytes; values without a JSON form are omitted, as in JSON.stringify. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const from = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(from).filter((key) => from[key] !== undefined)
  // UTF-16 order equals byte order within the basic plane.
  keys.sort()
  if (keys.some((key) => surrogate.test(key))) keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(from[key])}`).join(',')}}`
}

const surrogate = /[\uD800-\uDFFF]/

const escapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

/** As Go's encoder: HTML characters escaped, a line break at the end. */
export function goText(value: unknown): string {
  return `${canonical(value).replaceAll(/[<>&\u2028\u2029]/g, (sign) => escapes[sign] ?? sign)}\n`
}

/** A 16-byte digest (base64url). Collisions are harmless: both documents belong to the same user's object. */
export function digestOf(document: Uint8Array | string): string {
  return hash('sha1', document, 'buffer').toString('base64url', 0, 16)
}
