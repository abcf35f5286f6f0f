/** Memory of a sink: rebuilt from the journal after a start, and closed while no rows are pending. */
import { backoffMs } from '../../host/backoff.ts'
import type { Host } from '../../host/index.ts'
import type { Frame, JournalReader } from '../../journal/types.ts'
import type { Position } from '../../model/positions.ts'
import type { Enrichment, Windows, WindowStart } from '../contracts.ts'
import { namedRange } from './named-range.ts'
import type { Range } from './range.ts'
import type { DeliverySettings } from './settings.ts'
import type { SinkRecord } from './tally.ts'

export function heldBy({ position, holds }: SinkRecord): number {
  return Math.min(position.sequence, holds?.sequence ?? position.sequence)
}

/** For the record with this position. */
export function holdsOf(windows: Windows | undefined, position: Position): { readonly holds?: WindowStart } {
  if (windows === undefined) return {}
  const holds = windows.holds()
  return { holds: holds.sequence < position.sequence ? holds : { ...position, time: holds.time } }
}

type RestoreOptions = Readonly<{
  read: (after: Position) => JournalReader | undefined
  bytes: number
  plan: (frames: readonly Frame[], record: SinkRecord, enrichment: Enrichment | undefined) => Range
  enrichment: Enrichment | undefined
  retried: <T>(act: () => Promise<T>) => Promise<T>
  host: Host
  signal: AbortSignal
}>

export async function restoreWindows(
  windows: Windows,
  { position, holds = { ...position, time: 0 } }: Readonly<SinkRecord>,
  { read, bytes, plan, enrichment, retried, host, signal }: RestoreOptions,
): Promise<void> {
  await retried(() => windows.begin(holds))
  if (holds.sequence >= position.sequence) return
  const reader = read(holds)
  try {
    for (let at: Position = holds; reader !== undefined && at.sequence < position.sequence && !signal.aborted;) {
      const some = await retried(() => reader.ready(bytes))
      const frames = some.filter(({ header }) => header.sequence <= position.sequence)
      if (frames.length === 0) return
      const blank = { position: at, sources: {} }
      const range = await namedRange((names) => plan(frames, blank, names), enrichment, frames, host, signal)
      if (range === undefined) return
      windows.restore(at, range.pieces)
      at = range.position
    }
  } finally {
    await reader?.close()
  }
}

export async function closeWindows(
  windows: Windows,
  {
    host: { clock, timers },
    retry,
    failed,
    signal,
  }: { host: Host; retry: DeliverySettings['retry']; failed: (error: unknown) => void; signal: AbortSignal },
): Promise<boolean> {
  for (let attempt = 0; ; attempt++) {
    const due = windows.due()
    if ((attempt === 0 && (due === undefined || due > clock.now())) || signal.aborted) return false
    try {
      await windows.close(clock.now())
      return true
    } catch (error) {
      failed(error)
      await timers.sleep(backoffMs(retry, attempt, 0), signal)
    }
  }
}
