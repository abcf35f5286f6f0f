/** `too-large`: a size limit was passed (HTTP 413); `malformed`: anything else (HTTP 400). */
export type CloudEventsProblem = 'malformed' | 'too-large'

/** What is wrong with a body, in words for the one who sent it. A body is taken whole or not at all. */
export class CloudEventsError extends Error {
  readonly problem: CloudEventsProblem
  /** 0-based place of the bad event in a batch; undefined when the body is bad outside of any event. */
  readonly index: number | undefined

  constructor(problem: CloudEventsProblem, index: number | undefined, message: string) {
    super(index === undefined ? message : `event ${index}: ${message}`)
    this.name = 'CloudEventsError'
    this.problem = problem
    this.index = index
  }
}

/** What is wrong, before it is known which event it is in. */
export class Fault extends Error {
  readonly problem: CloudEventsProblem

  constructor(message: string, problem: CloudEventsProblem = 'malformed') {
    super(message)
    this.name = 'Fault'
    this.problem = problem
  }
}

/** Runs a step of decoding and names the event in whatever it complains about. */
export function naming<T>(index: number | undefined, step: () => T): T {
  try {
    return step()
  } catch (error) {
    if (error instanceof Fault || (error instanceof CloudEventsError && error.index === undefined))
      throw new CloudEventsError(error.problem, index, error.message)
    throw error
  }
}
