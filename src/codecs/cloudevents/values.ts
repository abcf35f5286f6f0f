import { attributeLimit, checkInteger, tooLong } from './attributes.ts'
import { Fault } from './errors.ts'

const quote = 0x22

/** `bytes[start .. end)` includes the quotes. */
export function readText(bytes: Buffer, name: string, start: number, end: number): string {
  if (bytes[start] !== quote) throw new Fault(`${name} is not a string`)
  if (end - start - 2 > attributeLimit) throw tooLong(name)
  return JSON.parse(bytes.toString('utf8', start, end)) as string
}

export function plainValue(bytes: Buffer, name: string, start: number, end: number): string {
  if (bytes[start] === 0x7b || bytes[start] === 0x5b)
    throw new Fault(`extension ${name} is an object or array; an attribute is a string, a whole number or a boolean`)
  const value = JSON.parse(bytes.toString('latin1', start, end)) as number | boolean
  return String(typeof value === 'number' ? checkInteger(name, value) : value)
}

export function checkBase64(bytes: Buffer, start: number, end: number): string {
  const text = bytes[start] === quote ? bytes.toString('latin1', start + 1, end - 1) : undefined
  if (text === undefined || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
    throw new Fault('data_base64 is not a string of base64 (RFC 4648, with padding)')
  }
  return text
}

export function notThere(bytes: Buffer, at: number, what: string): Fault {
  return new Fault(
    at < bytes.length ? `${what}, and none begins at byte ${at}` : `${what}, and the body ends before it`,
  )
}
