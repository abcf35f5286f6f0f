import { isRecord, textOf, type Fields } from '../../../src/model/json.ts'

/** As the document itself lists them; an absent count is not compared. */
export type Counts = Readonly<{
  listed?: number | undefined
  problems?: number | undefined
  waivers?: number | undefined
  skipped?: number | undefined
}>

export const list = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.filter(isRecord) : [])
export const key = (...parts: readonly unknown[]): string => JSON.stringify(parts.map((part) => textOf(part) ?? ''))
