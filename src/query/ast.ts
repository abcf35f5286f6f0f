export type Expression = Group | Not | Either | Test | Exists

type Group = Readonly<{
  is: 'and' | 'or'
  parts: readonly Expression[]
}>

type Not = Readonly<{
  is: 'not'
  part: Expression
}>

/** All names inside refer to the same end. */
type Either = Readonly<{
  is: 'either'
  part: Expression
}>

const operators = ['=', '!=', '~', '!~', '<', '<=', '>', '>='] as const
export type Operator = (typeof operators)[number]

/** Any of the values; after `!=` and `!~` none of them. */
export type Test = Readonly<{
  is: 'test'
  subject: Subject
  operator: Operator
  values: readonly Value[]
}>

export type Exists = Readonly<{
  is: 'exists'
  subject: Subject
}>

/** `end`: the shared part of a name (`port` of `src_port`). `any`: either end; `same`: that of `either(…)`. */
export type Subject = Readonly<{
  name: string
  end?: 'any' | 'same'
  at?: Span
}>

export type Value = Literal | FieldValue

export type Literal = Readonly<{
  is: 'literal'
  text: string
  /** Unquoted, a `*` on a text field matches any characters. */
  quoted: boolean
  at?: Span
}>

export type FieldValue = Readonly<{
  is: 'field'
  name: string
  at?: Span
}>

/** UTF-16 units: [from, to). */
export type Span = Readonly<{
  from: number
  to: number
}>

export const everything: Group = { is: 'and', parts: [] }

export interface QueryProblem extends Span {
  readonly message: string
  readonly hint?: string
}

export class QueryError extends Error {
  readonly problems: readonly QueryProblem[]
  constructor(problems: readonly QueryProblem[]) {
    super(problems[0]?.message ?? 'The filter is not valid.')
    this.name = 'QueryError'
    this.problems = problems
  }
}

export function refuse(message: string, at: Span, hint?: string): never {
  throw new QueryError([{ from: at.from, to: at.to, message, ...(hint === undefined ? {} : { hint }) }])
}
