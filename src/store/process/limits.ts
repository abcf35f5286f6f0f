export type QueryLimits = Readonly<{
  memoryBytes: number
  timeoutMs: number
}>

export const defaultQueryLimits: QueryLimits = { memoryBytes: 1 << 30, timeoutMs: 60_000 }

export function memoryMessage(bytes: number): string {
  return `The query was stopped because it needs more than ${Math.round(bytes / (1 << 20))} MiB of memory.`
}

export function timeoutMessage(ms: number, bound: 'work' | 'wait'): string {
  return bound === 'work'
    ? `The query was stopped after ${ms / 1000} s.`
    : `The query was stopped after ${ms / 1000} s without rows.`
}
