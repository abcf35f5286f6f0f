/**
 * A filter as a tree: what the text form, the console's chips and the compilers share. Names are canonical; values are
 * as they were written and get their type from the field when the tree is bound.
 */
export type Expression = Group | Not | Either | Test | Exists

/** All (`and`) or any (`or`) of at least two parts. An `and` of none is the empty filter: every row. */
export interface Group {
  readonly is: 'and' | 'or'
  readonly parts: readonly Expression[]
}

export interface Not {
  readonly is: 'not'
  readonly part: Expression
}

/** Every name of an end inside speaks of one and the same end: it holds for the source, or it holds for the destination. */
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
 * What is tested: a field; with `end`, the part of a name that source and destination share (`port` of `src_port` and
 * `dst_port`): `any` is either of them in this one test, `same` the end that the `either(…)` around it speaks of.
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
  /** In quotes: the text itself, without wildcards. Without them a `*` on a text field stands for any characters. */
  readonly quoted: boolean
  readonly at?: Span
}

/** The value of another field of the same row. */
export interface FieldValue {
  readonly is: 'field'
  readonly name: string
  readonly at?: Span
}

/** A piece of the text, in UTF-16 units: [from, to). */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The filter that every row matches. */
export const everything: Group = { is: 'and', parts: [] }

/** One thing wrong with a text, where it stands, and what may be meant. */
export interface QueryProblem extends Span {
  readonly message: string
  readonly hint?: string
}

/** A text that is no filter. The message is the first problem's. */
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
