/** Kinds that have had no watch for a minute: a gauge, and one warning for each. */
import type { SourceContext } from '../../../engine/contracts.ts'
import { nameOf } from '../client/discovery.ts'
import type { ReaderState } from '../client/types.ts'
import type { Running } from './status.ts'

const lookMs = 15_000
const longMs = 60_000

type Watch = Pick<Running, 'type' | 'namespace'> & Readonly<{ reader: Pick<Running['reader'], 'status'> }>

/** A list of a large kind is progress. */
const busy: ReadonlySet<ReaderState> = new Set(['watching', 'listing', 'stopped'])

export async function reportUnwatched(
  watches: () => ReadonlyMap<string, Watch>,
  { host, log, metrics, id }: Pick<SourceContext, 'host' | 'log' | 'metrics' | 'id'>,
  signal: AbortSignal,
): Promise<void> {
  const since = new Map<string, number>()
  const warned = new Set<string>()
  while (!signal.aborted) {
    const now = host.clock.monotonic()
    let unwatched = 0
    for (const [key, { type, namespace, reader }] of watches()) {
      const { state, reason } = reader.status()
      if (state === 'watching') warned.delete(key)
      if (busy.has(state)) since.delete(key)
      else if (!since.has(key)) since.set(key, now)
      if (now - (since.get(key) ?? now) < longMs) continue
      unwatched++
      if (warned.has(key)) continue
      warned.add(key)
      log.warn('A kind has not been watched for a minute; comparisons with the server find its changes.', {
        source: id,
        kind: nameOf(type),
        ...(namespace === undefined ? {} : { namespace }),
        state,
        reason: reason ?? '',
      })
    }
    for (const key of since.keys()) if (!watches().has(key)) since.delete(key)
    metrics.set('weir_kubernetes_unwatched_kinds', unwatched, { source: id })
    await host.timers.sleep(lookMs, signal)
  }
}
