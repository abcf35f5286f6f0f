/** `too-large`: HTTP 413; `malformed`: HTTP 400. */
type CloudEventsProblem = 'malformed' | 'too-large'

/** A body is accepted completely or not at all. */
export class CloudEventsError extends Error {
  readonly problem: CloudEventsProblem
  readonly index: number | undefined

  constructor(problem: CloudEventsProblem, index: number | undefined, message: string) {
    super(index === undefined ? message : `event ${index}: ${message}`)
    this.name = 'CloudEventsError'
    this.problem = problem
    this.index = index
  }
}

export class Fault extends Error {
  readonly problem: CloudEventsProblem

  constructor(message: string, problem: CloudEventsProblem = 'malformed') {
    super(message)
    this.name = 'Fault'
    this.problem = problem
  }
}

export function naming<T>(index: number | undefined, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (error instanceof Fault || (error instanceof CloudEventsError && error.index === undefined))
      throw new CloudEventsError(error.problem, index, error.message)
    throw error
  }
}
