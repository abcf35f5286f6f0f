/** Syntax tree of a query of flowlogs-pipeline (`keep_entry_query`, `processor.filters`). */
export type FlpExpression =
  | { readonly is: 'and' | 'or'; readonly left: FlpExpression; readonly right: FlpExpression }
  | { readonly is: 'with' | 'without'; readonly key: string }
  | FlpTest

export const flpOperators = ['=', '!=', '=~', '!~', '>', '>=', '<', '<='] as const
export type FlpOperator = (typeof flpOperators)[number]

export interface FlpTest {
  readonly is: 'test'
  readonly key: string
  readonly operator: FlpOperator
  /** A number after any operator but `=~` and `!~`; a string after `=`, `!=`, `=~` and `!~`. */
  readonly value: string | bigint
}

/** The message contains the correct form, if it is known. */
export class FlpQueryProblem extends Error {}
