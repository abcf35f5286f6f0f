/** Verifies files before the first queries need them. */
import type { Clock, Timers } from '../host/index.ts'
import type { StoredFile } from './record.ts'

/** Bytes of the newest files that are verified ahead. The scrub reads all files. */
const maxBytes = 8 * 2 ** 30
/** Pause after each check, in times of its duration: the same thread stores rows. */
const pausePerWork = 1

type VerifyAheadOptions = Readonly<{
  clock: Pick<Clock, 'monotonic'>
  timers: Pick<Timers, 'sleep'>
  files: readonly StoredFile[]
  /** Verifies the file and its sums. */
  verify: (file: StoredFile) => Promise<unknown>
  signal: AbortSignal
}>

/** Endpoints, which all queries of flows read, then the newest files. Rejects on errors other than damage. */
export async function verifyAhead({ clock, timers, files, verify, signal }: VerifyAheadOptions): Promise<void> {
  const rank = ({ stream }: StoredFile) => (stream === 'endpoints' ? 0 : 1)
  let bytes = 0
  const newestFirst = files.toSorted((a, b) => rank(a) - rank(b) || b.hour - a.hour || b.lastSequence - a.lastSequence)
  for (const file of newestFirst) {
    if (signal.aborted || (bytes += file.bytes) > maxBytes) return
    const began = clock.monotonic()
    await verify(file)
    await timers.sleep((clock.monotonic() - began) * pausePerWork, signal)
  }
}
