/** Members of the object in column `extra`: `extra.NAME`, or `extra."NAME"` with spaces and signs. */
import { parseExact, stringifyExact } from './exact-json.ts'
import { isRecord } from './json.ts'

export const memberColumn = 'extra'
const prefix = `${memberColumn}.`

/** The key that `extra.NAME` names, with its capitals. */
export function memberOf(written: string): string | undefined {
  if (written.slice(0, prefix.length).toLowerCase() !== prefix) return undefined
  const name = written.slice(prefix.length)
  const inQuotes = /^"((?:[^"\\]|\\.)*)"$/su.exec(name)?.[1]
  const key = inQuotes?.replaceAll(/\\(["\\])/g, '$1') ?? name
  return key === '' ? undefined : key
}

/** Undefined for an absent member, and null. */
export function memberIn(json: string, key: string): unknown {
  const value = parseExact(json)
  return isRecord(value) && Object.hasOwn(value, key) ? (value[key] ?? undefined) : undefined
}

/** As the store has it. */
export function memberText(value: unknown): string | undefined {
  if (value === undefined) return undefined
  return typeof value === 'string' ? value : (stringifyExact(value) ?? undefined)
}
