/** The JSON of Grafana 5 to 11, in which any member can be absent or of another type. */
import { isRecord } from '../../../model/json.ts'

export type Json = Readonly<Record<string, unknown>>

const none: Json = {}

export const objectIn = (value: unknown): Json => (isRecord(value) ? value : none)
export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const objectsIn = (value: unknown): readonly Json[] => listIn(value).filter(isRecord)
export const textIn = (value: unknown): string =>
  typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
export const numberIn = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value)
    ? value
    : typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
      ? Number(value)
      : undefined

/** `inside(panel, 'fieldConfig', 'defaults')`. */
export function inside(value: unknown, ...names: readonly string[]): Json {
  return names.reduce((object, name) => objectIn(object[name]), objectIn(value))
}
