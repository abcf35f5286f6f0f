import type { QueryEnvironment } from '../../query/promql/index.ts'
import type { MetricReader } from './reader.ts'
import { maxSamples } from './derived.ts'

/** Ms of evaluation between two yields. */
const sliceMs = 8
const ticksPerCheck = 16

/** Limits of the evaluation of an expression: it ends when no client waits, or with `expired` after the timeout. */
export function queryBudget(
  { host: { clock, timers }, signal }: Pick<MetricReader, 'host' | 'signal'>,
  timeoutMs: number,
  expired: () => Error,
): Pick<QueryEnvironment, 'maxSamples' | 'tick' | 'pause'> {
  const deadline = clock.monotonic() + timeoutMs
  let calls = 0
  let slice = clock.monotonic()
  return {
    maxSamples,
    tick() {
      if (++calls % ticksPerCheck !== 0) return
      signal.throwIfAborted()
      if (clock.monotonic() > deadline) throw expired()
    },
    async pause() {
      if (clock.monotonic() - slice < sliceMs) return
      await timers.yield()
      slice = clock.monotonic()
    },
  }
}
