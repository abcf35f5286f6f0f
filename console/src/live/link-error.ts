import { ApiError } from '../api/problem.ts'
import type { Link } from './messages.ts'

export function linkError({ status = 0, detail = '', hints = [], queryId }: Link): ApiError {
  return new ApiError(status, { detail, hints, ...(queryId === undefined ? {} : { query_id: queryId }) })
}
