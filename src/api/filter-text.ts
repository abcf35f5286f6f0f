import { nameTables, QueryError, readFilter, type Filter } from '../query/index.ts'
import { ApiError } from './problems.ts'

export function filterOf(text: string, view: keyof typeof nameTables, prefix = ''): Filter {
  try {
    return readFilter(text, nameTables[view])
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const hints = error.problems.map(
      ({ from, to, message, hint }) => `At ${from}–${to}: ${message}${hint === undefined ? '' : ` ${hint}`}`,
    )
    throw new ApiError('WEIR_API_FILTER', `${prefix}${error.message}`, { hints, errors: error.problems })
  }
}
