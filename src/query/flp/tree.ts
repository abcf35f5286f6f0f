/** Syntax tree of a query of flowlogs-pipeline (`keep_entry_query`, `processor.filters`). */
export type FlpExpression =
  | Readonly<{ is: 'and' | 'or'; left: FlpExpression; right: FlpExpression }>
  | Readonly<{ is: 'with' | 'without'; key: string }>
  | FlpTest

export const flpOperators = ['=', '!=', '=~', '!~', '>', '>=', '<', '<='] as const
export type FlpOperator = (typeof flpOperators)[number]

export type FlpTest = Readonly<{
  is: 'test'
  key: string
  operator: FlpOperator
  /** A number after any operator but `=~` and `!~`; a string after `=`, `!=`, `=~` and `!~`. */
  value: string | bigint
}>

export class FlpQueryProblem extends Error {}
