import type { Extent, IsolatedResult, StoreReader } from '../../engine/control.ts'
import { lostText } from '../../store/lost-text.ts'
import type { Timers } from '../../host/index.ts'

type Lost = Readonly<Record<string, readonly Extent[]>>

/** The journal usually returns the rows within a second. */
const refillMs = 5000
const pollMs = 250
async function lostIn(store: StoreReader): Promise<Lost> {
  return (await store.sums?.())?.lost ?? {}
}

function isMore(after: Lost, before: Lost) {
  return Object.entries(after).some(([what, extents]) => extents.length > (before[what]?.length ?? 0))
}

/**
 * For statements that may read any file. If a file is lost while `run` begins, it runs again after the journal returned
 * the rows; what remains lost is in `lost`.
 */
export async function runStatingLoss(
  store: StoreReader,
  { timers, signal }: Readonly<{ timers: Timers; signal: AbortSignal }>,
  run: () => Promise<IsolatedResult | undefined>,
): Promise<Readonly<{ bytes: IsolatedResult | undefined; lost: string | undefined }>> {
  const before = await lostIn(store)
  const bytes = await run()
  let lost = await lostIn(store)
  if (bytes === undefined || !isMore(lost, before)) return { bytes, lost: lostText(lost) }
  await bytes[Symbol.asyncIterator]().return?.()
  for (let waited = 0; waited < refillMs && isMore(lost, before) && !signal.aborted; waited += pollMs) {
    await timers.sleep(pollMs, signal)
    lost = await lostIn(store)
  }
  const again = await run()
  return { bytes: again, lost: lostText(await lostIn(store)) }
}
