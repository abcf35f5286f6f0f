import { QueryError, type Expression, type QueryProblem } from './ast.ts'
import { bind } from './bind.ts'
import type { Bound } from './bound.ts'
import type { NameTable } from './names.ts'
import { parse } from './parse.ts'
import { print } from './print.ts'

export { everything, QueryError, type Expression, type QueryProblem } from './ast.ts'
export { meaningsOf, writtenFilter as written, type Meaning } from './bare.ts'
export { bind } from './bind.ts'
export { testsOf, type Bound } from './bound.ts'
export { compileLive, type LiveFilter, type LiveHeader, type LiveResolver, type RowTest } from './live.ts'
export { clickhouse, clickhouseSettings, dialectOf, duckdb, type Dialect, type DialectName } from './dialect.ts'
export { columnsRead, endpointField, endpointFields, jsonText } from './endpoints.ts'
export {
  auditNames,
  auditTexts,
  changeNames,
  columnSql,
  eventNames,
  flowNames,
  imageNames,
  inventoryNames,
  levelField,
  nameTables,
  factNames,
  packageNames,
  plainOfChange,
  problemNames,
  resourceNames,
  type NameTable,
  type QueryField,
  type QueryKind,
} from './names.ts'
export { memberKey, memberOrder } from './member-order.ts'
export { memberColumn, memberOf } from '../model/flow-members.ts'
export { levelSql, levelWordSql } from './level.ts'
export { bodyMemberName, memberName } from './members.ts'
export { parse } from './parse.ts'
export { print } from './print.ts'
export { firstTime, lastTime } from './times.ts'
export { quantity, toDouble } from './quantities.ts'
export { compileSql, compileSqlValue, type SqlOptions } from './sql.ts'
export { bothWays, swapEnds } from './swap.ts'
export {
  compileRowFilter,
  filterKinds,
  readRowFilter,
  rowTables,
  type FilterKind,
  type WrittenFilter,
} from './row-filter.ts'

export type Filter = Readonly<{
  expression: Expression
  bound: Bound
  normal: string
}>

export function readFilter(text: string, names: NameTable): Filter {
  const expression = parse(text, names)
  return { expression, bound: bind(expression, names), normal: print(expression, names) }
}

export function validate(text: string, names: NameTable): readonly QueryProblem[] {
  try {
    readFilter(text, names)
    return []
  } catch (error) {
    if (error instanceof QueryError) return error.problems
    throw error
  }
}
