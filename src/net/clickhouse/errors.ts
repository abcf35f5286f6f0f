import { messageOf } from '../../model/errors.ts'

export class ClickHouseError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.name = 'ClickHouseError'
    this.code = code
  }
}

/** The row is at fault: no retry and no other row changes the outcome. */
const rowCodes: ReadonlySet<number> = new Set([
  6, // CANNOT_PARSE_TEXT
  27, // CANNOT_PARSE_INPUT_ASSERTION_FAILED
  38, // CANNOT_PARSE_DATE
  41, // CANNOT_PARSE_DATETIME
  69, // ARGUMENT_OUT_OF_BOUND
  72, // CANNOT_PARSE_NUMBER
  131, // TOO_LARGE_STRING_SIZE
  321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
  349, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN
  467, // CANNOT_PARSE_BOOL
  469, // VIOLATED_CONSTRAINT
  691, // UNKNOWN_ELEMENT_OF_ENUM
])

/** The tables differ from those that were checked. */
const schemaCodes: ReadonlySet<number> = new Set([
  10, // NOT_FOUND_COLUMN_IN_BLOCK
  16, // NO_SUCH_COLUMN_IN_TABLE
  47, // UNKNOWN_IDENTIFIER
  60, // UNKNOWN_TABLE
  81, // UNKNOWN_DATABASE
])

const loginCodes: ReadonlySet<number> = new Set([192, 193, 194, 516])

const advice: Readonly<Record<number, string>> = {
  53: 'a column has another type than Weir writes; compare it with the documented one',
  60: 'a table is missing; it is created at the next attempt if `create` is enabled',
  70: 'a column has another type than Weir writes; compare it with the documented one',
  81: 'the database is missing; create it, or correct `database`',
  115: 'the server lacks a setting; its version is too old, or the profile of the user forbids it',
  159: 'the statement exceeded the time limit of the server',
  164: 'the user may only read; use a user or profile without `readonly`',
  202: 'the server has too many queries at once',
  225: 'Keeper is unavailable',
  241: 'the server has too little memory at the moment',
  242: 'the table is read-only at the moment, for example without Keeper',
  243: 'the disk of the server is full',
  252: 'the tables have too many parts; raise `delivery.wait`, or use fewer and larger inserts',
  319: 'the outcome of the insert is unknown',
  452: 'a setting is fixed by the profile of the user',
  497: 'the user lacks a right; grant it',
  999: 'Keeper is unavailable',
}

export function isRowFault(error: unknown): boolean {
  return error instanceof ClickHouseError && rowCodes.has(error.code)
}

export function isDenied(error: unknown): boolean {
  return error instanceof ClickHouseError && error.code === 497
}

export function isSchemaFault(error: unknown): boolean {
  return error instanceof ClickHouseError && schemaCodes.has(error.code)
}

export function isLoginRejected(error: unknown): boolean {
  return error instanceof ClickHouseError && loginCodes.has(error.code)
}

export function isRefused(error: unknown): boolean {
  return isSchemaFault(error) || isLoginRejected(error) || isRowFault(error)
}

export function describeFailure(error: unknown, server: string): string {
  if (!(error instanceof ClickHouseError)) return `${server}: ${messageOf(error)}`
  const { code, message } = error
  const action = loginCodes.has(code) ? 'the server rejected the login; correct `auth`' : advice[code]
  return `${server}: ${action === undefined ? '' : `${action} `}(code ${code}: ${message})`
}
