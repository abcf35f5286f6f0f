import { nameTables, QueryError, readFilter, written, type Filter } from '../query/index.ts'
import { Refusal } from './refusal.ts'

/** Also of input without fields: `10.20.1.21:5432`, `checkout`. */
export function filterOf(text: string, view: keyof typeof nameTables, prefix = ''): Filter {
  try {
    return readFilter(written(text, nameTables[view]), nameTables[view])
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    const hints = error.problems.map(
      ({ from, to, message, hint }) => `At ${from}–${to}: ${message}${hint === undefined ? '' : ` ${hint}`}`,
    )
    throw new Refusal('WEIR_API_FILTER', `${prefix}${error.message}`, hints, error.problems)
  }
}
