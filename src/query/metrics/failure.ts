/** `syntax`: the text is no query. `unsupported`: a construct outside the subset. `execution`: the data forbid it. */
export type QueryFailureKind = 'syntax' | 'unsupported' | 'execution'

export class QueryFailure extends Error {
  readonly kind: QueryFailureKind
  constructor(kind: QueryFailureKind, message: string) {
    super(message)
    this.name = 'QueryFailure'
    this.kind = kind
  }
}

export function syntaxError(message: string): QueryFailure {
  return new QueryFailure('syntax', message)
}

export function unsupported(construct: string): QueryFailure {
  return new QueryFailure('unsupported', `${construct} is not supported`)
}

export function executionError(message: string): QueryFailure {
  return new QueryFailure('execution', message)
}

/** One read of lines is larger than the memory for it. */
export class TooManyLines extends QueryFailure {
  constructor(most: number) {
    super('execution', `the query reads more than ${most} lines; choose a shorter time or more labels`)
  }
}
