import type { Family } from '../model/batches.ts'
import { dialectOf } from '../query/index.ts'
import type { TimeSpan } from '../query/plan/index.ts'
import { list, object, string } from './json-schema.ts'
import type { ApiContext } from './options.ts'
import { coverageFacts, type CoverageFacts } from './query-parameters.ts'
import { missingBy, type storedTo } from './stored-to.ts'
import { requireStore, rowsOf } from './store-query.ts'

export const eventCoverage = {
  since: {
    type: 'string',
    description:
      'Only for a range from before the oldest stored event of this kind: the time of that event, or the end of the ' +
      'range if none is stored. Earlier data does not exist.',
  },
  stored_to: {
    type: 'string',
    description:
      'Only if the newest part of the range is not stored yet: events received after this time are missing. ' +
      'Repeat the request in a second.',
  },
  lost: list(object({ from: string, to: string }), {
    description:
      'Only if the store lost events of the range: a file was damaged, and the journal no longer has its events. ' +
      'Events of these times may be missing; `weir ledger` counts them.',
  }),
  stopped: list(object({ from: string, to: string }), {
    description:
      'Only if Weir did not run in a part of the range: it received no events then. Events that another system ' +
      'keeps, such as those of a cloud, arrive later.',
  }),
} as const

/** Age of the time of the oldest event; a page sends some requests at once. */
const cacheMs = 10_000

type First = Readonly<{ at: number; us: Promise<bigint | undefined> }>

const known = new WeakMap<object, Map<Family, First>>()

/** What an answer from the stored events of a family may lack. Its field names are those of {@link eventCoverage}. */
export async function coverageOfEvents(
  context: ApiContext,
  family: Family,
  span: TimeSpan,
  unstored: ReturnType<typeof storedTo>,
): Promise<CoverageFacts> {
  const { control } = context
  const sums = await control.store?.sums?.()
  const lost = (sums?.lost?.[family] ?? []).map(({ occurred }) => occurred)
  return coverageFacts({
    ...missingBy(control, span, lost),
    ...unstored,
    ...(await sinceOfEvents(context, family, span, sums?.events?.[family])),
  })
}

/** `by`: Unix ms by which the oldest event was received, if known. Its own time may be earlier. */
async function sinceOfEvents(
  context: ApiContext,
  family: Family,
  span: TimeSpan,
  by: number | undefined,
): Promise<Readonly<{ since?: bigint }>> {
  const received = by === undefined ? undefined : BigInt(Math.ceil(by)) * 1000n
  if (received !== undefined && received <= span.from) return {}
  const first = (await firstOf(context, family, received)) ?? received ?? span.to
  const since = first < span.to ? first : span.to
  return since > span.from ? { since } : {}
}

function firstOf(context: ApiContext, family: Family, by: bigint | undefined): Promise<bigint | undefined> {
  const { control, host } = context
  const now = host.clock.monotonic()
  const families = known.get(control) ?? new Map<Family, First>()
  known.set(control, families)
  const last = families.get(family)
  if (last !== undefined && now - last.at < cacheMs) return last.us
  const us = readFirst(context, family, by)
  families.set(family, { at: now, us })
  us.then((found) => found ?? families.delete(family)).catch(() => families.delete(family))
  return us
}

async function readFirst(context: ApiContext, family: Family, by: bigint | undefined): Promise<bigint | undefined> {
  const store = requireStore(context)
  const dialect = dialectOf(store)
  const within = by === undefined ? '' : ` AND time <= ${dialect.time(by)}`
  const [row] =
    (await rowsOf(
      store,
      `SELECT ${dialect.micros(dialect.min('time'))} AS first FROM events ` +
        `WHERE family = ${dialect.text(family)}${within}`,
      new AbortController().signal,
    )) ?? []
  const first = row?.['first']
  return first === null || first === undefined ? undefined : BigInt(first as string | number)
}
