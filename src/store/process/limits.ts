/** Limits of query processes, and what their errors say. */
export interface QueryLimits {
  /** Private memory of one query process. */
  readonly memoryBytes: number
  readonly timeoutMs: number
}

export const defaultQueryLimits: QueryLimits = { memoryBytes: 1 << 30, timeoutMs: 60_000 }

export function memoryMessage(bytes: number): string {
  return `The query needs more than ${Math.round(bytes / (1 << 20))} MiB of memory and was ended.`
}

export function timeoutMessage(ms: number, bound: 'work' | 'wait'): string {
  return bound === 'work'
    ? `The query took more than ${ms / 1000} s and was ended.`
    : `The query gave no rows for ${ms / 1000} s and was ended.`
}
