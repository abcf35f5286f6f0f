/** All matching flows as a file. */
import type { IsolatedResult, StoreReader } from '../../engine/control.ts'
import { dialectOf } from '../../query/index.ts'
import { exportSql, type ExportRequest } from '../../query/plan/index.ts'
import type { Viewer } from '../scope.ts'
import { isolated } from '../sql/isolated.ts'
import { columnsOf, sortOf } from './page.ts'
import type { FlowExportQuery, FlowFormat } from './parameters.ts'
import { rowQueryOf } from './row-query.ts'

export function flowExport(query: FlowExportQuery, now: number, viewer: Viewer): ExportRequest {
  return {
    ...rowQueryOf(query, 'time_received', now, viewer),
    // An id names the place among all rows; files are written by the engine, which cannot seal it.
    columns: columnsOf(query.columns).filter(({ name }) => name !== '_pos' || viewer.namespaces === undefined),
    sort: sortOf(query.sort),
    upTo: BigInt(Math.floor(now)) * 1000n,
  }
}

/** Bytes of the file; undefined if the signal aborts. */
export function storedFlowFile(
  store: StoreReader,
  { format, ...request }: ExportRequest & Readonly<{ format: FlowFormat }>,
  signal: AbortSignal,
): Promise<IsolatedResult | undefined> {
  const sql = exportSql(request, format === 'parquet' ? 'parquet' : 'text', dialectOf(store))
  return isolated(store, { sql, format, bound: 'wait' }, signal)
}
