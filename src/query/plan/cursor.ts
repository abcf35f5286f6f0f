import { isKey, type Cursor, type SortKey } from './page.ts'
import { isMoment } from './span.ts'

export function writeCursor({ fingerprint, from, to, upTo, keys, position }: Cursor): string {
  return Buffer.from(JSON.stringify([1, fingerprint, String(from), String(to), String(upTo), keys, position])).toString(
    'base64url',
  )
}

const integer = /^-?\d{1,19}$/

/** Undefined if the text is no cursor for this sort. */
export function readCursor(written: string, sort: readonly SortKey[]): Cursor | undefined {
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(written, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(parts) || parts.length !== 7 || parts[0] !== 1) return undefined
  const [, fingerprint, from, to, upTo, keys, position] = parts as unknown[]
  const moments = [from, to, upTo].map((moment) =>
    typeof moment === 'string' && integer.test(moment) ? BigInt(moment) : undefined,
  )
  const [first, last, bound] = moments
  if (first === undefined || last === undefined || bound === undefined || ![first, last, bound].every(isMoment))
    return undefined
  if (
    !Array.isArray(keys) ||
    keys.length !== sort.length ||
    !sort.every(({ field }, index) => isKey(field, keys[index]))
  )
    return undefined
  if (typeof fingerprint !== 'string' || typeof position !== 'string' || position.includes('\0')) return undefined
  return { fingerprint, from: first, to: last, upTo: bound, keys: keys as Cursor['keys'], position }
}
