import type { Problem, TextProblem } from '../../../src/api/published.ts'

/** An answer that is none: what the server said (RFC 9457), or that it said nothing. */
export class Refused extends Error {
  /** 0: no answer at all. */
  readonly status: number
  readonly code: string
  readonly hints: readonly string[]
  /** Of a filter: what is wrong with its text, and where. */
  readonly errors: readonly TextProblem[]
  readonly queryId: string | undefined
  /** Seconds after which to ask again; 0 when the server named none. */
  readonly retryAfter: number

  constructor(status: number, problem: Partial<Problem> & { readonly query_id?: string }, retryAfter = 0) {
    super(problem.detail ?? (status === 0 ? 'The server does not answer.' : `The server answered ${status}.`))
    this.name = 'Refused'
    this.status = status
    this.code = problem.code ?? ''
    this.hints = problem.hints ?? (status === 0 ? ['Is it still running, and can this machine reach it?'] : [])
    this.errors = problem.errors ?? []
    this.queryId = problem.query_id
    this.retryAfter = retryAfter
  }
}

export function asRefused(error: unknown): Refused {
  return error instanceof Refused
    ? error
    : new Refused(0, { detail: error instanceof Error ? error.message : String(error), hints: [] })
}

export async function refusedOf(answer: Response): Promise<Refused> {
  const problem = (await answer.json().catch(() => ({}))) as Partial<Problem>
  return new Refused(answer.status, problem, Number(answer.headers.get('retry-after') ?? 0))
}
