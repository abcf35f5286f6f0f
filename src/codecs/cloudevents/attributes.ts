import { families, type Family } from '../../model/batches.ts'
import { Fault } from './errors.ts'

export type ExtensionValue = string | number | boolean
export type Extensions = Record<string, ExtensionValue>

export const attributeLimit = 64 * 1024
export const extensionCountLimit = 100

export const familyExtension = 'weirfamily'
export const refExtension = 'weirref'
/** `time` as sent, if it has other digits or another offset than milliseconds in UTC. */
export const timeExtension = 'weirtime'
/** Stays an extension, and is the ordering key. */
export const keyExtension = 'partitionkey'

export function checkName(name: string): void {
  if (!/^[a-z0-9]+$/.test(name)) {
    throw new Fault(`attribute name ${JSON.stringify(name.slice(0, 64))} may hold only the letters a-z and digits`)
  }
}

export function checkText(name: string, value: string): string {
  if (value === '') throw new Fault(`${name} is empty; leave it out, or give it a value`)
  if (!value.isWellFormed()) throw halfPair(name)
  return value
}

export function halfPair(name: string): Fault {
  return new Fault(`${name} holds half of a surrogate pair`)
}

export function tooLong(name: string): Fault {
  return new Fault(`${name} is longer than ${attributeLimit} bytes`, 'too-large')
}

export function checkVersion(version: string): void {
  if (version !== '1.0')
    throw new Fault(`specversion is ${JSON.stringify(version.slice(0, 32))}; only "1.0" is understood`)
}

export function badTime(text: string): Fault {
  return new Fault(
    `time ${JSON.stringify(text.slice(0, 64))} is no RFC 3339 timestamp such as 2024-05-01T12:00:00.000Z`,
  )
}

export function checkFamily(value: string): Family {
  const family = families.find((name) => name === value)
  if (family === undefined)
    throw new Fault(`${familyExtension} is ${JSON.stringify(value.slice(0, 64))}; it may be ${families.join(', ')}`)
  return family
}

/** Values beyond 32 bits are accepted if a double represents them exactly. */
export function checkInteger(name: string, value: number): number {
  if (Number.isSafeInteger(value)) return value
  throw new Fault(`extension ${name} is not a whole number that a double holds exactly; send it as a string`)
}
