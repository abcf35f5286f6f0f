import type { StoreReader } from '../../engine/control.ts'
import { dialectOf, type NameTable } from '../../query/index.ts'
import { fieldUseSql, fingerprint, type RowQuery } from '../../query/plan/index.ts'
import { readRows } from '../rows.ts'
import { everyView } from '../views.ts'
import type { UsedMember } from './members.ts'
import type { Reading } from './reading.ts'
import type { CompletedField } from './schema.ts'

const sampledRows = 1000

/** Number of sampled flows with a value, by field. */
export async function fieldUse(reading: Reading, rowQuery: RowQuery): Promise<ReadonlyMap<string, number>> {
  const { store } = await reading.flows()
  return cachedUse(reading, store, rowQuery, { of: 'fields' }, async (signal) => {
    const sql = fieldUseSql(rowQuery, sampledRows, dialectOf(store))
    const [row = {}] = await readRows<Readonly<Record<string, number | string>>>({ store, signal }, sql)
    return new Map(Object.entries(row).map(([name, count]) => [name, Number(count)]))
  })
}

/** Empty if the store takes longer than `waitMs`; then for the next letter. */
export function cachedUse(
  { host }: Reading,
  store: StoreReader,
  rowQuery: RowQuery,
  { of, waitMs = maxWaitMs }: Readonly<{ of: string; waitMs?: number }>,
  read: (signal: AbortSignal) => Promise<FieldUse>,
): Promise<FieldUse> {
  const { clock, timers } = host
  const now = clock.now()
  const key = fingerprint(rowQuery, [of, String(rowQuery.span.from / roundUs), String(rowQuery.span.to / roundUs)])
  let cachedUse = caches.get(store)
  if (cachedUse === undefined) caches.set(store, (cachedUse = new Map()))
  for (const [old, { until }] of cachedUse) if (until < now || cachedUse.size > maxCached) cachedUse.delete(old)
  let cache = cachedUse.get(key)
  if (cache === undefined) {
    // The read ignores cancellation: its result is cached.
    const use = read(new AbortController().signal)
    cachedUse.set(key, (cache = { until: now + cacheMs, use }))
    use.catch(() => cachedUse?.delete(key))
  }
  return Promise.race([cache.use, timers.sleep(waitMs).then(() => new Map<string, number>())])
}

type FieldUse = ReadonlyMap<string, number>

const caches = new WeakMap<StoreReader, Map<string, Readonly<{ until: number; use: Promise<FieldUse> }>>>()
const [maxCached, cacheMs] = [64, 30_000]
/** Spans (µs) that end in the same minute share a result. */
const roundUs = 60_000_000n
/** Then names are returned without the use of fields. */
const maxWaitMs = 100

/** Filter names that are not columns. */
const noColumn: Readonly<Record<string, string>> = {
  text: 'Name, namespace, kind, manager and diff as one text: text ~ "(?i)replicas"',
}

type Candidate = Readonly<{
  field: CompletedField
  fit: number
  use: number
}>

/** Used fields first, then by fit. `use` undefined: all count as used. */
export function suggestNames(
  table: NameTable,
  prefix: string,
  use: ReadonlyMap<string, number> | undefined,
  limit: number,
  members: readonly UsedMember[] = [],
): CompletedField[] {
  const typed = prefix.toLowerCase()
  const single = table.fields.map(({ name, kind, unit }) => {
    const meaning = everyView[table.view]?.find((column) => column.name === name)?.meaning ?? noColumn[name] ?? ''
    const usedRows = use === undefined ? 1 : (use.get(/^(bytes|packets)_est$/.exec(name)?.[1] ?? name) ?? 0)
    return candidate(
      { name, names: table.others(name), kind, ...(unit === undefined ? {} : { unit }), meaning, used: usedRows > 0 },
      typed,
      usedRows,
    )
  })
  const parts = new Set(
    table.fields
      .flatMap(({ name }) => (name.startsWith('src_') ? [name.slice(4)] : []))
      .filter((part) => table.endPart(part) !== undefined),
  )
  const eitherFields = [...parts].map((part) => {
    const usedRows = (use?.get(`src_${part}`) ?? 0) + (use?.get(`dst_${part}`) ?? 0)
    const field = table.ofEnd('src', part)
    // Names with `any.` are offered only on request: they would double the list.
    if (field === undefined || !'any.'.startsWith(typed.slice(0, 4)) || typed === '') return undefined
    return candidate(
      {
        name: `any.${part}`,
        names: [],
        kind: field.kind,
        meaning: `Of the source or the destination: ${part.replaceAll('_', ' ')}`,
        used: usedRows > 0,
      },
      typed,
      usedRows,
    )
  })
  const ofMembers = members.map(({ name, key, meaning, used }) => {
    const field = { name, kind: 'text', meaning, used: true }
    const match = candidate({ ...field, names: [key] }, typed, used)
    return match && { ...match, field: { ...field, names: [] } }
  })
  return [...single, ...eitherFields, ...ofMembers]
    .filter((offer) => offer !== undefined)
    .sort((a, b) => Number(b.use > 0) - Number(a.use > 0) || a.fit - b.fit || b.use - a.use)
    .slice(0, limit)
    .map(({ field }) => field)
}

function candidate(field: CompletedField, typed: string, use: number): Candidate | undefined {
  const fold = (name: string) => name.toLowerCase().replaceAll('.', '_')
  const foldedText = fold(typed)
  if (fold(field.name).startsWith(foldedText)) return { field, fit: 0, use }
  const otherNames = field.names.map(fold)
  if (otherNames.some((name) => name.startsWith(foldedText))) return { field, fit: 1, use }
  return [fold(field.name), ...otherNames].some((name) => name.includes(foldedText))
    ? { field, fit: 2, use }
    : undefined
}
