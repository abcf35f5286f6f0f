/** Objects as text that is the same for the same object: keys in order, no spaces. */
import { hash } from 'node:crypto'

/** Keys of every object by their UTF-8 bytes; what JSON has no word for is left out, as elsewhere. */
export function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const from = value as Readonly<Record<string, unknown>>
  const keys = Object.keys(from).filter((key) => from[key] !== undefined)
  // By UTF-16, which is the same as long as no letter is beyond the first plane.
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

/** As Go writes an object into a stream: some signs escaped, a line break at the end. */
export function goText(value: unknown): string {
  return `${canonical(value).replaceAll(/[<>&\u2028\u2029]/g, (sign) => escapes[sign] ?? sign)}\n`
}

/** Tells two documents apart, in 16 bytes (base64url). Nobody can choose one that looks like another: both are his own object. */
export function digestOf(document: Uint8Array | string): string {
  return hash('sha1', document, 'buffer').toString('base64url', 0, 16)
}
