/** All matching events as a file. */
import type { IsolatedResult } from '../../engine/control.ts'
import { dialectOf, eventNames } from '../../query/index.ts'
import { exportSql } from '../../query/plan/index.ts'
import type { Surroundings } from '../operation.ts'
import { isolated } from '../sql/isolated.ts'
import { eventQuery, fieldsOf, sortOf } from './rows.ts'
import type { EventExportQuery } from './schema.ts'

/** Bytes of the file; undefined if the signal aborts. Throws for invalid parameters. */
export function eventFile(
  query: EventExportQuery,
  { store, now, viewer, signal }: Surroundings,
): Promise<IsolatedResult | undefined> {
  const { format = 'csv', columns = '', sort = '-time' } = query
  const fields = fieldsOf(columns, 'columns')
  const request = {
    ...eventQuery(query, now, viewer),
    columns: fields.length === 0 ? eventNames.fields : fields,
    sort: sortOf(sort),
    upTo: BigInt(Math.floor(now)) * 1000n,
  }
  return isolated(store, { sql: exportSql(request, 'text', dialectOf(store)), format, bound: 'wait' }, signal)
}
