import { Refused } from '../api/problem.ts'
import type { Link } from './messages.ts'

/** Why there is no stream, as other questions that were refused. */
export function linkError({ status = 0, detail = '', hints = [], queryId }: Link): Refused {
  return new Refused(status, { detail, hints, ...(queryId === undefined ? {} : { query_id: queryId }) })
}
