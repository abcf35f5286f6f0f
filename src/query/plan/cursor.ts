import type { Cursor } from './page.ts'

/** The text that clients carry from page to page; what is in it is nobody else's business. */
export function writeCursor({ question, from, to, upTo, keys, position }: Cursor): string {
  return Buffer.from(JSON.stringify([1, question, String(from), String(to), String(upTo), keys, position])).toString('base64url')
}

const integer = /^-?\d{1,19}$/

/** Undefined when the text is no cursor of ours. */
export function readCursor(written: string, keyCount: number): Cursor | undefined {
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(written, 'base64url').toString('utf8'))
  } catch {
    return undefined
  }
  if (!Array.isArray(parts) || parts.length !== 7 || parts[0] !== 1) return undefined
  const [, question, from, to, upTo, keys, position] = parts as unknown[]
  const numbers = [from, to, upTo].every((each) => typeof each === 'string' && integer.test(each))
  const plain = Array.isArray(keys) && keys.length === keyCount && keys.every((key) => key === null || ['string', 'number', 'boolean'].includes(typeof key))
  if (!numbers || !plain || typeof question !== 'string' || typeof position !== 'string' || position.includes('\0')) return undefined
  return { question, from: BigInt(from as string), to: BigInt(to as string), upTo: BigInt(upTo as string), keys: keys as Cursor['keys'], position }
}
