export type Operation =
  | 'open'
  | 'list'
  | 'stat'
  | 'rename'
  | 'remove'
  | 'makeDirectory'
  | 'syncDirectory'
  | 'free'
  | 'read'
  | 'write'
  | 'sync'
  | 'truncate'

export interface FaultOptions {
  /** Only paths with this text or pattern. */
  readonly match?: string | RegExp
  /** Matching calls that succeed before. */
  readonly skip?: number
  /** Number of failing calls; default 1. */
  readonly times?: number
}

interface Fault {
  readonly operation: Operation
  readonly error: Error | string
  readonly match: string | RegExp
  skip: number
  times: number
}

export function diskError(code: string, operation: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${operation} '${path}'`), { code, syscall: operation, path })
}

function fits(path: string, match: string | RegExp): boolean {
  return typeof match === 'string' ? path.includes(match) : match.test(path)
}

/** Requested failures and delays, in order. */
export class Faults {
  #faults: Fault[] = []
  #held: {
    readonly operation: Operation
    readonly match: string | RegExp
    readonly until: Promise<void>
    readonly release: () => void
  }[] = []

  /** Calls that failed since the last `clear`. */
  struck = 0

  /** The next matching calls fail with this code (`EIO`) or error. */
  failNext(operation: Operation, error: Error | string, options: FaultOptions = {}): void {
    this.#faults.push({
      operation,
      error,
      match: options.match ?? '',
      skip: options.skip ?? 0,
      times: options.times ?? 1,
    })
  }

  /** Matching calls wait until the returned function is called. */
  hold(operation: Operation, match: string | RegExp = ''): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    const held = { operation, match, until: promise, release: resolve }
    this.#held.push(held)
    return () => {
      this.#held = this.#held.filter((next) => next !== held)
      resolve()
    }
  }

  clear(): void {
    this.struck = 0
    this.#faults = []
    for (const held of this.#held) held.release()
    this.#held = []
  }

  waiting(operation: Operation, path: string): Promise<void> | undefined {
    return this.#held.find((held) => held.operation === operation && fits(path, held.match))?.until
  }

  take(operation: Operation, path: string): Error | undefined {
    const fault = this.#faults.find((next) => next.operation === operation && fits(path, next.match))
    if (fault === undefined) return undefined
    if (fault.skip > 0) {
      fault.skip--
      return undefined
    }
    this.struck++
    fault.times--
    if (fault.times <= 0) this.#faults = this.#faults.filter((next) => next !== fault)
    return typeof fault.error === 'string' ? diskError(fault.error, operation, path) : fault.error
  }
}
