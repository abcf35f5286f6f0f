import { messageOf, WeirError } from '../../model/errors.ts'
import { ClickHouseError, describeFailure, isLoginRejected } from '../../net/clickhouse/errors.ts'

const [timeExceeded, memoryExceeded] = [159, 241]

/** The statement cannot be run now; a repetition may succeed. */
const unavailableCodes: ReadonlySet<number> = new Set([
  74, // CANNOT_READ_FROM_FILE_DESCRIPTOR
  81, // UNKNOWN_DATABASE
  202, // TOO_MANY_SIMULTANEOUS_QUERIES
  209, // SOCKET_TIMEOUT
  210, // NETWORK_ERROR
  225, // NO_ZOOKEEPER
  236, // ABORTED
  279, // ALL_CONNECTION_TRIES_FAILED
  439, // CANNOT_SCHEDULE_TASK
  497, // ACCESS_DENIED
  999, // KEEPER_EXCEPTION
])

/** The tables or views differ from those that were checked. */
export function isGone(error: unknown): boolean {
  return error instanceof ClickHouseError && (error.code === 60 || error.code === 81)
}

const shown = 1000

/** Of a query of the console, or of an SQL statement: different settings limit them. */
export type MemoryCode = 'WEIR_QUERY_MEMORY' | 'WEIR_SQL_MEMORY'

/** For users of a query. */
export function queryFailure(error: unknown, position: string, memoryCode: MemoryCode): Error {
  if (error instanceof WeirError && error.code !== 'WEIR_HTTP_UNANSWERED') return error
  if (!(error instanceof ClickHouseError)) return unavailable(`${position}: ${messageOf(error)}`, error)
  const { code, message } = error
  if (code === timeExceeded) return new WeirError('WEIR_SQL_TIMEOUT', firstSentence(message), { cause: error })
  if (code === memoryExceeded && !message.includes('(total)'))
    return new WeirError(memoryCode, firstSentence(message), { cause: error })
  if (code === memoryExceeded || isLoginRejected(error) || unavailableCodes.has(code))
    return unavailable(describeFailure(error, position), error)
  return new WeirError('WEIR_SQL_REFUSED', message.slice(0, shown), { cause: error })
}

export function unavailable(message: string, cause: unknown): WeirError {
  return new WeirError('WEIR_STORE_UNREACHABLE', `The store does not respond: ${message}`, { cause })
}

function firstSentence(message: string): string {
  return message.split(/(?<=[.:]) (?=While|Stack|\()/, 1)[0] ?? message
}
