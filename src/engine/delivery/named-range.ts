import type { Clock, Timers } from '../../host/index.ts'
import type { Frame } from '../../journal/types.ts'
import type { Enrichment } from '../contracts.ts'
import { nameWaitMs, type Range } from './range.ts'

/** Waits a limited time for names. Undefined when the signal aborts. */
export async function namedRange(
  plan: (enrichment: Enrichment | undefined) => Range,
  enrichment: Enrichment | undefined,
  frames: readonly Frame[],
  { clock, timers }: { clock: Clock; timers: Timers },
  signal: AbortSignal,
): Promise<Range | undefined> {
  if (enrichment === undefined) return plan(undefined)
  const late = new AbortController()
  const timer = timers.after(nameWaitMs, () => late.abort())
  await enrichment.ready(frames.at(-1)?.header.sequence ?? 0, AbortSignal.any([signal, late.signal]))
  timer.cancel()
  const range = plan(enrichment)
  const wait = Math.min(nameWaitMs, range.ripeAt - clock.now())
  if (wait <= 0) return range
  await timers.sleep(wait, signal)
  return signal.aborted ? undefined : plan(enrichment)
}
