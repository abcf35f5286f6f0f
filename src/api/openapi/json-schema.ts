/** Short forms of JSON Schema, for the schemas of routes. */
import type { Schema } from '../request/check.ts'

export const string = { type: 'string' } as const
export const integer = { type: 'integer' } as const
export const problem = { $ref: 'Problem#' } as const

/** Errors of every query of the store: too much memory, too many queries, no store, too slow. */
export const refusals = { 400: problem, 422: problem, 429: problem, 503: problem, 504: problem } as const

type More = Omit<Schema, 'type' | 'properties' | 'items'>
type Properties = Readonly<Record<string, Schema>>

export function object(properties: Properties, { required, ...more }: More = {}): Schema {
  return { type: 'object', ...(required === undefined ? {} : { required }), properties, ...more }
}

export function list(items: Schema, more: More = {}): Schema {
  return { type: 'array', items, ...more }
}
