/**
 * Syntax tree of a filter, shared by the text form, the console's chips and the compilers. Names are canonical; values
 * are as written and get their type from the field when the tree is bound.
 */
export type Expression = Group | Not | Either | Test | Exists

/** All (`and`) or any (`or`) of at least two parts. An `and` without parts is the empty filter: every row. */
export interface Group {
  readonly is: 'and' | 'or'
  readonly parts: readonly Expression[]
}

export interface Not {
  readonly is: 'not'
  readonly part: Expression
}

/** All names of an end inside refer to the same end: it matches for the source, or for the destination. */
export interface Either {
  readonly is: 'either'
  readonly part: Expression
}

export const operators = ['=', '!=', '~', '!~', '<', '<=', '>', '>='] as const
export type Operator = (typeof operators)[number]

/** Several values mean any of them; after `!=` and `!~`, none of them. `in` and `not in` are `=` and `!=`. */
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
 * The tested field; with `end`, the part of a name that source and destination share (`port` of `src_port` and
 * `dst_port`): `any` is either of them in this test, `same` the end of the surrounding `either(…)`.
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
  /** Quoted: the literal text. Unquoted, a `*` on a text field matches any characters. */
  readonly quoted: boolean
  readonly at?: Span
}

export interface FieldValue {
  readonly is: 'field'
  readonly name: string
  readonly at?: Span
}

/** A range of the text in UTF-16 units: [from, to). */
export interface Span {
  readonly from: number
  readonly to: number
}

export const everything: Group = { is: 'and', parts: [] }

/** An error in a text with its position and a suggestion. */
export interface QueryProblem extends Span {
  readonly message: string
  readonly hint?: string
}

/** The text is not a filter. The message is that of the first problem. */
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
