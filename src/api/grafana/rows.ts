import { dialectOf, type Dialect } from '../../query/index.ts'
import { manyRowsOf } from '../store-query.ts'
import type { GrafanaRequest } from './answer.ts'

/** Ms, both inclusive. */
export type Span = Readonly<{ from: number; to: number }>

export async function rows(
  { store, signal, context }: Pick<GrafanaRequest, 'store' | 'signal' | 'context'>,
  sql: string,
): Promise<Record<string, unknown>[]> {
  const rowsRead = await manyRowsOf(store, sql, signal, context.host)
  if (rowsRead === undefined) throw new Error('The client has disconnected.')
  return rowsRead
}

export function timeCondition({ store }: Pick<GrafanaRequest, 'store'>, { from, to }: Span): string {
  const dialect: Dialect = dialectOf(store)
  const us = (ms: number): string => dialect.time(BigInt(Math.trunc(ms)) * 1000n)
  return `time >= ${us(from)} AND time < ${us(to + 1)}`
}
