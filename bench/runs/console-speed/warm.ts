import { percentile } from '../../../test/kit/percentile.ts'
import type { AcceptanceContext } from '../../harness.ts'

const runs = { full: 20, ci: 2 }
const [leastRuns, enoughMs] = [5, 60_000]

export type Warm = Readonly<{ p95: number; runs: number }>

/**
 * 20 runs, each with its time in ms. Slow ones end after a minute, and then the number of runs is lower. At the scale
 * of CI, where times are not judged, 2.
 */
export async function warmRuns({ scale }: Pick<AcceptanceContext, 'scale'>, run: () => Promise<number>): Promise<Warm> {
  const began = performance.now()
  const times: number[] = []
  while (times.length < runs[scale] && (times.length < leastRuns || performance.now() - began < enoughMs))
    times.push(await run())
  return { p95: percentile(times, 95), runs: times.length }
}

let moved = 0

/** Ms by which a run moves the start of its range, so that no run reuses a result, also not one of another page. */
export function anotherMs(): number {
  return ++moved * 1000
}
