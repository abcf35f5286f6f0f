/** Syntax tree of a filter. Names are canonical; values are as written until the tree is bound. */
export type Expression = Group | Not | Either | Test | Exists

/** At least two parts; an `and` without parts is the empty filter. */
export interface Group {
  readonly is: 'and' | 'or'
  readonly parts: readonly Expression[]
}

export interface Not {
  readonly is: 'not'
  readonly part: Expression
}

/** All names inside refer to the same end. */
export interface Either {
  readonly is: 'either'
  readonly part: Expression
}

export const operators = ['=', '!=', '~', '!~', '<', '<=', '>', '>='] as const
export type Operator = (typeof operators)[number]

/** Any of the values; after `!=` and `!~` none of them. */
export interface Test {
  readonly is: 'test'
  readonly subject: Subject
  readonly operator: Operator
  readonly values: readonly Value[]
}

export interface Exists {
  readonly is: 'exists'
  readonly subject: Subject
}

/**
 * With `end`, the shared part of a name (`port` of `src_port`): `any` is either end in this test, `same` that of the
 * surrounding `either(…)`.
 */
export interface Subject {
  readonly name: string
  readonly end?: 'any' | 'same'
  readonly at?: Span
}

export type Value = Literal | FieldValue

export interface Literal {
  readonly is: 'literal'
  readonly text: string
  /** Unquoted, a `*` on a text field matches any characters. */
  readonly quoted: boolean
  readonly at?: Span
}

export interface FieldValue {
  readonly is: 'field'
  readonly name: string
  readonly at?: Span
}

/** UTF-16 units: [from, to). */
export interface Span {
  readonly from: number
  readonly to: number
}

export const everything: Group = { is: 'and', parts: [] }

export interface QueryProblem extends Span {
  readonly message: string
  readonly hint?: string
}

/** The message is that of the first problem. */
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
