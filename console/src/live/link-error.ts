import { Refused } from '../api/problem.ts'
import type { Link } from './messages.ts'

export function linkError({ status = 0, detail = '', hints = [], queryId }: Link): Refused {
  return new Refused(status, { detail, hints, ...(queryId === undefined ? {} : { query_id: queryId }) })
}
