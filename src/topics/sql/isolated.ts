import type { IsolatedQuery, IsolatedResult, StoreReader } from '../../engine/control.ts'

/** Rows of a statement of a user, or of an export. Undefined if the signal aborts. */
export async function isolated(
  store: StoreReader,
  { format, ...query }: IsolatedQuery,
  signal: AbortSignal,
): Promise<IsolatedResult | undefined> {
  try {
    if (store.isolated !== undefined) return await store.isolated({ ...query, format }, signal)
    if (format === 'parquet') throw new Error('The store cannot start processes that write Parquet.')
    if (Object.keys(query.parameters ?? {}).length > 0) throw new Error('The store cannot bind parameters.')
    return await store.query(query.sql, format, signal)
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
