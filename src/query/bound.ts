import type { Interval } from './intervals.ts'
import type { QueryField } from './names.ts'

/** Leaves have their own negation and are true or false for every row; an absent field matches nothing. */
export type Bound = { readonly is: 'always' } | { readonly is: 'never' } | BoundGroup | Leaf

type BoundGroup = Readonly<{
  is: 'and' | 'or'
  parts: readonly Bound[]
}>

export type Leaf = Readonly<{
  is: 'leaf'
  field: QueryField
  negated: boolean
  match: Match
}>

export type Match =
  | { readonly is: 'exists' }
  /** Sorted, disjoint and within the range of the kind. Times are µs, addresses 128 bits, MAC addresses 48 bits. */
  | Readonly<{ is: 'integers'; intervals: readonly Interval[] }>
  | Readonly<{ is: 'doubles'; intervals: readonly DoubleInterval[] }>
  /** Equal, byte by byte, to one of the texts, or like one of the wildcards, in which `*` is any run of characters. */
  | Readonly<{ is: 'texts'; texts: readonly string[]; wildcards: readonly string[] }>
  | Readonly<{ is: 'order'; operator: Order; text: string }>
  | Readonly<{ is: 'found'; patterns: readonly string[] }>
  /** A member of JSON: any of the tests. A text is no number, and in `order` no number is a text. */
  | ValueMatch
  | Readonly<{ is: 'field'; operator: '=' | Order; other: QueryField }>

export type ValueMatch = Readonly<{
  is: 'value'
  texts?: Extract<Match, { is: 'texts' | 'order' }>
  integers: readonly Interval[]
  doubles: readonly DoubleInterval[]
}>

export type Order = '<' | '<=' | '>' | '>='

export type DoubleInterval = Readonly<{
  low: number
  high: number
  lowOpen: boolean
  highOpen: boolean
}>

export const always: Bound = { is: 'always' }
export const never: Bound = { is: 'never' }

export function group(is: 'and' | 'or', given: readonly Bound[]): Bound {
  const [zero, one] = is === 'and' ? (['never', 'always'] as const) : (['always', 'never'] as const)
  const parts = given.flatMap((part) => (part.is === one ? [] : part.is === is ? part.parts : [part]))
  if (parts.some((part) => part.is === zero)) return { is: zero }
  return parts.length === 0 ? { is: one } : parts.length === 1 ? parts[0]! : { is, parts }
}

export function testsOf(bound: Bound): readonly Readonly<{ field: string; equals?: readonly (string | number)[] }>[] {
  if (bound.is === 'and' || bound.is === 'or') return bound.parts.flatMap(testsOf)
  if (bound.is !== 'leaf') return []
  const { field, match } = bound
  if (match.is === 'field') return [{ field: field.name }, { field: match.other.name }]
  if (match.is === 'texts' && match.wildcards.length === 0) return [{ field: field.name, equals: match.texts }]
  const singles =
    match.is === 'integers' && match.intervals.every(({ low, high }) => low === high)
      ? match.intervals.map(({ low }) => Number(low))
      : undefined
  return [{ field: field.name, ...(singles === undefined ? {} : { equals: singles }) }]
}
