/** `too-large`: above a size limit (HTTP 413); `malformed`: any other error (HTTP 400). */
export type CloudEventsProblem = 'malformed' | 'too-large'

/** An invalid body, with a message for its sender. A body is accepted completely or not at all. */
export class CloudEventsError extends Error {
  readonly problem: CloudEventsProblem
  /** 0-based index of the invalid event in a batch; undefined outside of events. */
  readonly index: number | undefined

  constructor(problem: CloudEventsProblem, index: number | undefined, message: string) {
    super(index === undefined ? message : `event ${index}: ${message}`)
    this.name = 'CloudEventsError'
    this.problem = problem
    this.index = index
  }
}

/** An error whose event is not known yet. */
export class Fault extends Error {
  readonly problem: CloudEventsProblem

  constructor(message: string, problem: CloudEventsProblem = 'malformed') {
    super(message)
    this.name = 'Fault'
    this.problem = problem
  }
}

/** Runs a decoding step and adds the event's index to its error. */
export function naming<T>(index: number | undefined, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (error instanceof Fault || (error instanceof CloudEventsError && error.index === undefined))
      throw new CloudEventsError(error.problem, index, error.message)
    throw error
  }
}
