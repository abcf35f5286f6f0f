type BackoffLimits = Readonly<{
  firstMs: number
  maxMs: number
  /** Share of the delay that is random; default: half. */
  jitter?: number
}>

/** Exponential backoff in ms. `retry`: from 0. `random`: from 0 to 1; jitter spreads the retries of many clients. */
export function backoffMs({ firstMs, maxMs, jitter = 0.5 }: BackoffLimits, retry: number, random: number): number {
  const delay = Math.min(maxMs, firstMs * 2 ** retry)
  return delay * (1 - jitter) + random * delay * jitter
}
