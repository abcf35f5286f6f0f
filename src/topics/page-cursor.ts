import { createHash } from 'node:crypto'
import { Refusal } from './refusal.ts'

export function fingerprintOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}

/** Sort keys of a page's last row. `fingerprint`: of the first page. */
export type PageCursor = Readonly<{
  fingerprint: string
  times: readonly bigint[]
  keys: readonly string[]
}>

export function writePageCursor({ fingerprint, times, keys }: PageCursor): string {
  return Buffer.from(JSON.stringify([1, fingerprint, times.map(String), keys])).toString('base64url')
}

/** Throws for an invalid cursor, or one of another query. */
export function readPageCursor(written: string, fingerprint: string, times: number, keys: number): PageCursor {
  const wrong = (message: string) =>
    new Refusal('WEIR_API_INVALID', message, [
      'Send `next` of the previous page unchanged with the parameters of the first page, or omit it to start over.',
    ])
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(written, 'base64url').toString('utf8'))
  } catch {
    throw wrong('The cursor is invalid.')
  }
  const isTexts = (value: unknown, length: number): value is string[] =>
    Array.isArray(value) &&
    value.length === length &&
    value.every((text) => typeof text === 'string' && !text.includes('\0'))
  const [form, of, moments, behind] = Array.isArray(parts) ? (parts as unknown[]) : []
  if (
    form !== 1 ||
    !isTexts(moments, times) ||
    !isTexts(behind, keys) ||
    !moments.every((moment) => /^-?\d{1,17}$/.test(moment))
  )
    throw wrong('The cursor is invalid.')
  if (of !== fingerprint) throw wrong('The cursor belongs to another query.')
  return { fingerprint, times: moments.map(BigInt), keys: behind }
}
