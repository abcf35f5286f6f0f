import { AsyncLocalStorage } from 'node:async_hooks'
import type { OnProgress, StatementProgress } from '../engine/control.ts'
import type { Clock } from '../host/index.ts'

/** Progress of a request. Ms and amounts are estimates. */
export type WorkProgress = Readonly<{
  /** `verifying`: checksums of files are compared before their first use. */
  state: 'waiting' | 'verifying' | 'reading'
  unit?: StatementProgress['unit']
  done?: number
  total?: number
  remainingMs?: number
}>

interface Statement {
  isWaiting: boolean
  readonly isExpected: boolean
  last?: StatementProgress
}

export interface StatementWork {
  /** Called after the wait in the queue. */
  start(): void
  readonly onProgress: OnProgress
  end(): void
}

/** Rounding error of shares, in rows. */
const rounding = 1e-6

/** Less time is too short to estimate the remaining time. */
const leastMs = 500

/** The statements of one request. Amounts of earlier and expected ones count, so that the share does not fall. */
export class Work {
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #running = new Set<Statement>()
  readonly #joined = new Set<Work>()
  #ended = 0
  #largest = 0
  #expected = 0
  /** The share that was shown last. */
  #share = 0
  #first: Readonly<{ at: number; done: number }> | undefined

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock
  }

  begin(): StatementWork {
    const statement: Statement = { isWaiting: true, isExpected: this.#expected > 0 }
    this.#running.add(statement)
    if (this.#expected > 0) this.#expected--
    return {
      start: () => {
        statement.isWaiting = false
      },
      onProgress: (progress) => this.#report(statement, progress),
      end: () => {
        // A statement with a limit may have read few of its rows.
        if (this.#running.delete(statement) && statement.last?.unit === 'rows') this.#ended += statement.last.done
      },
    }
  }

  /** So many statements that read as much as the largest one follow, about `rows` if that is more. */
  expect(statements: number, rows = 0): void {
    this.#expected = statements
    this.#largest = Math.max(this.#largest, rows)
  }

  /** This request waits for the work of another request. */
  join(work: Work): void {
    if (work !== this) this.#joined.add(work)
  }

  /** Progress of the request. Undefined while no statement runs. */
  progress(): WorkProgress | undefined {
    const works = [this, ...this.#joined]
    const statements = works.flatMap((work) => [...work.#running])
    if (statements.length === 0) return undefined
    if (statements.every(({ isWaiting }) => isWaiting)) return { state: 'waiting' }
    const total = works.reduce((sum, work) => sum + work.#total(), 0)
    if (total > 0 && this.#hasRows(works)) {
      const rests = works.flatMap((work) => work.#remainingMs() ?? [])
      const doneRows = this.#rising(
        works.reduce((sum, work) => sum + work.#done(), 0),
        total,
      )
      return {
        state: 'reading',
        unit: 'rows',
        done: doneRows,
        total,
        ...(rests.length === 0 ? {} : { remainingMs: Math.max(...rests) }),
      }
    }
    const verified = statements.find(({ last }) => last?.unit === 'files')?.last
    return verified === undefined ? { state: 'reading' } : { state: 'verifying', ...verified }
  }

  #hasRows(works: readonly Work[]) {
    return works.some((work) => work.#ended > 0 || [...work.#running].some(({ last }) => last?.unit === 'rows'))
  }

  /** A statement can read more than was expected. */
  #rising(done: number, total: number) {
    const leastShown = Math.ceil(this.#share * total - rounding)
    const shownRows = Math.min(total, Math.max(done, leastShown))
    this.#share = shownRows / total
    return shownRows
  }

  #report(statement: Statement, progress: StatementProgress) {
    const before = statement.last
    if (before?.unit === 'rows') {
      // A repeated statement, for example for lack of memory, begins again.
      if (progress.unit === 'files') return
      statement.last = { ...progress, done: Math.max(before.done, progress.done) }
    } else statement.last = progress
    if (progress.unit === 'files') return
    this.#largest = Math.max(this.#largest, progress.total)
    this.#first ??= { at: this.#clock.monotonic(), done: this.#done() }
  }

  /** `unknown`: of an expected statement without a report. */
  #rows(of: 'done' | 'total', unknown: number) {
    return [...this.#running].reduce(
      (sum, { last, isExpected }) => sum + (last?.unit === 'rows' ? last[of] : isExpected ? unknown : 0),
      this.#ended,
    )
  }

  #done() {
    return Math.min(this.#rows('done', 0), this.#total())
  }

  #total() {
    return this.#rows('total', this.#largest) + this.#expected * this.#largest
  }

  #remainingMs(): number | undefined {
    if (this.#first === undefined) return undefined
    const [ms, done] = [this.#clock.monotonic() - this.#first.at, this.#done() - this.#first.done]
    return ms < leastMs || done <= 0 ? undefined : Math.round((ms * (this.#total() - this.#done())) / done)
  }
}

const current = new AsyncLocalStorage<Work>()

export function asWork<Answer>(work: Work, act: () => Answer): Answer {
  return current.run(work, act)
}

/** Progress of the current request. Undefined outside of requests. */
export function currentWork(): Work | undefined {
  return current.getStore()
}
