import type { Pipeline, StoreReader } from '../engine/control.ts'
import type { TimeSpan } from '../query/plan/index.ts'
import type { ApiContext } from './options.ts'

/** Older ends of spans are stored: the store is asked for its lag only about what has just been received. */
const recentMs = 60_000
/** The lag is known to the second. */
const graceMs = 1000
/** So long an answer of the pipeline serves other questions, too: a page asks a dozen at once. */
const keptMs = 500

const known = new WeakMap<object, { readonly at: number; readonly pipeline: Promise<Pipeline> }>()

/** µs since 1970 since when received flows are stored, where the span begins earlier; the end of the span if there are none. */
export async function storedSince(store: StoreReader, { from, to }: TimeSpan): Promise<{ since?: bigint }> {
  const sums = await store.sums?.()
  if (sums === undefined) return {}
  const { first } = sums.flows
  const since =
    Number.isFinite(first) && BigInt(Math.floor(first)) * 1000n < to ? BigInt(Math.floor(first)) * 1000n : to
  return since > from ? { since } : {}
}

/** µs since 1970 up to which everything that was received is stored, where a span goes beyond that; else nothing. */
export async function storedTo({ control, host }: ApiContext, { to }: TimeSpan): Promise<{ storedTo?: bigint }> {
  const now = host.clock.now()
  if (Number(to) / 1000 < now - recentMs) return {}
  let last = known.get(control)
  if (last === undefined || now - last.at > keptMs || now < last.at)
    known.set(control, (last = { at: now, pipeline: control.pipeline() }))
  const { sinks } = await last.pipeline
  const lagMs = sinks.find(({ type }) => type === 'parquet' || type === 'store')?.lagMs ?? 0
  if (lagMs <= 0) return {}
  const stored = BigInt(Math.floor(now - lagMs - graceMs)) * 1000n
  return stored < to ? { storedTo: stored } : {}
}
