import { Array as ArrayOf, Optional, String as Text } from 'typebox'
import { families, type Family } from '../model/batches.ts'
import { dialectOf } from '../query/index.ts'
import type { TimeSpan } from '../query/plan/index.ts'
import { coverageFacts, missingBy, type CoverageFacts, type Instance, type storedTo } from './coverage.ts'
import { readRows } from './rows.ts'
import { timeRange } from './schema.ts'

export const eventCoverage = {
  since: Optional(
    Text({
      description:
        'Only for a range from before the oldest stored event of this kind: the time of that event, or the end of ' +
        'the range if none is stored. Earlier data does not exist.',
    }),
  ),
  stored_to: Optional(
    Text({
      description:
        'Only if the newest part of the range is not stored yet: events received after this time are missing. ' +
        'Repeat the request in a second.',
    }),
  ),
  lost: Optional(
    ArrayOf(timeRange(), {
      description:
        'Only if the store lost events of the range: a file was damaged, and the journal no longer has its events. ' +
        'Events of these times may be missing; `weir ledger` counts them.',
    }),
  ),
  stopped: Optional(
    ArrayOf(timeRange(), {
      description:
        'Only if Weir did not run in a part of the range: it received no events then. Events that another system ' +
        'keeps, such as those of a cloud, arrive later.',
    }),
  ),
}

/** Age of the time of the oldest event; a page sends some requests at once. */
const cacheMs = 10_000

type First = Readonly<{ at: number; us: Promise<bigint | undefined> }>

/** Undefined: events of any family. */
type OfFamily = Family | undefined

const cached = new WeakMap<object, Map<OfFamily, First>>()

/** What a result from the stored events of a family or of all may lack, as {@link eventCoverage}. */
export async function coverageOfEvents(
  instance: Instance,
  family: OfFamily,
  span: TimeSpan,
  unstored: ReturnType<typeof storedTo>,
): Promise<CoverageFacts> {
  const { control } = instance
  const sums = await control.store?.sums?.()
  const ofFamilies = family === undefined ? families : [family]
  const lost = ofFamilies.flatMap((name) => (sums?.lost?.[name] ?? []).map(({ occurred }) => occurred))
  const oldest = ofFamilies.flatMap((name) => sums?.events?.[name] ?? [])
  const by = oldest.length === 0 ? undefined : Math.min(...oldest)
  return coverageFacts({
    ...missingBy(control, span, lost),
    ...unstored,
    ...(await sinceOfEvents(instance, family, span, by)),
  })
}

/** `by`: Unix ms by which the oldest event was received, if byFamily. Its own time may be earlier. */
async function sinceOfEvents(
  instance: Instance,
  family: OfFamily,
  span: TimeSpan,
  by: number | undefined,
): Promise<Readonly<{ since?: bigint }>> {
  const received = by === undefined ? undefined : BigInt(Math.ceil(by)) * 1000n
  if (received !== undefined && received <= span.from) return {}
  const first = (await firstOf(instance, family, received)) ?? received ?? span.to
  const since = first < span.to ? first : span.to
  return since > span.from ? { since } : {}
}

function firstOf(instance: Instance, family: OfFamily, by: bigint | undefined): Promise<bigint | undefined> {
  const { control, host } = instance
  const now = host.clock.monotonic()
  const byFamily = cached.get(control) ?? new Map<OfFamily, First>()
  cached.set(control, byFamily)
  const last = byFamily.get(family)
  if (last !== undefined && now - last.at < cacheMs) return last.us
  const us = readFirst(instance, family, by)
  byFamily.set(family, { at: now, us })
  us.then((first) => first ?? byFamily.delete(family)).catch(() => byFamily.delete(family))
  return us
}

/** Requests share the result, so that it does not end with one of them. */
async function readFirst(
  { control: { store } }: Instance,
  family: OfFamily,
  by: bigint | undefined,
): Promise<bigint | undefined> {
  if (store === undefined) return undefined
  const dialect = dialectOf(store)
  const conditions = [
    ...(family === undefined ? [] : [`family = ${dialect.text(family)}`]),
    ...(by === undefined ? [] : [`time <= ${dialect.time(by)}`]),
  ]
  const [row] = await readRows<Readonly<{ first: string | number | null }>>(
    { store, signal: new AbortController().signal },
    `SELECT ${dialect.micros(dialect.min('time'))} AS first FROM events` +
      (conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`),
  )
  const first = row?.first ?? null
  return first === null ? undefined : BigInt(first)
}
