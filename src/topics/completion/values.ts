import { dialectOf, type Dialect, type QueryField } from '../../query/index.ts'
import { fingerprint, valuesSql, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'
import type { StoreReader } from '../../engine/control.ts'
import { sumSource } from '../flows/sums/sum-source.ts'
import { spanSince } from '../coverage.ts'
import { requiredStore } from '../required-store.ts'
import { readRows } from '../rows.ts'
import type { Flows, Reading } from './reading.ts'
import { maxValues, valueCacheOf } from './remembered.ts'
import { numbersCalled } from './words.ts'

export type PlainValue = string | number | boolean

export type UsedValue = Readonly<{
  field: QueryField
  value: PlainValue
  count: number
}>

export type UsedValues = Readonly<{
  values: readonly UsedValue[]
  source: string
  span: TimeSpan
  /** False if rows of the span were skipped. */
  exact: boolean
}>

/** The span is widened until there are enough values. µs. */
const [firstSpan, leastSpan, widened, maxSpan] = [900_000_000n, 15_000_000n, 16n, 24n * 3_600_000_000n]
/** Flows in the first span, at the mean rate of all. */
const fewFlows = 500_000
const maxWaitMs = 50

export async function valuesInUse(
  reading: Reading,
  rowQuery: RowQuery,
  fields: readonly QueryField[],
  prefix: string,
  limit: number,
): Promise<UsedValues> {
  const { clock } = reading.host
  const isOfFlows = rowQuery.names.view === 'flows'
  const { store, since }: Flows = isOfFlows ? await reading.flows() : { store: requiredStore(reading.store) }
  const memory = valueCacheOf(store)
  const key = keyOf(rowQuery, fields)
  const remembered = memory.find(key, prefix, clock.monotonic())
  if (remembered !== undefined)
    return {
      ...remembered,
      values: remembered.values.filter(({ field, value }) => valueTest(field, prefix)(value)).slice(0, 2 * limit),
    }
  const values = await runQuery({ ...reading, store }, rowQuery, fields, prefix)
  const used = since === undefined ? values : sinceOf(values, rowQuery.span, since())
  memory.put(
    key,
    prefix,
    { ...used, whole: used.values.length < maxValues, textual: fields.every(isTextual) },
    clock.monotonic(),
  )
  return { ...used, values: used.values.slice(0, 2 * limit) }
}

/** Start of the flows in memory. */
function sinceOf(used: UsedValues, requested: TimeSpan, since: number): UsedValues {
  const span = spanSince(used.span, since)
  return { ...used, source: 'ring', span, exact: span.from === spanSince(requested, since).from }
}

async function runQuery(
  reading: Reading & Readonly<{ store: StoreReader }>,
  rowQuery: RowQuery,
  fields: readonly QueryField[],
  prefix: string,
): Promise<UsedValues> {
  const {
    store,
    host: { clock },
  } = reading
  // Rollups retain service ports only.
  const ports = fields.some(({ name }) => name.endsWith('_port'))
  const rounded = { ...rowQuery, span: wholeBuckets(rowQuery.span) }
  const flows = rowQuery.names.view === 'flows'
  const { rollup, exact } = flows
    ? await sumSource({ ...reading, instance: reading }, rounded, { fields, step: undefined }, ports ? 'raw' : 'rough')
    : { rollup: undefined, exact: true }
  const { from, to } = rowQuery.span
  const [field] = fields as readonly [QueryField, ...QueryField[]]
  const began = clock.monotonic()
  const dialect = dialectOf(store)
  for (let reach = rollup === undefined ? await firstReach(store, reading.now) : to - from; ; reach *= widened) {
    const span = rollup?.span ?? { from: to - from > reach ? to - reach : from, to }
    const sql = valuesSql(
      {
        rowQuery: { ...rowQuery, span },
        fields,
        condition: conditionFor(field, prefix, dialect),
        limit: maxValues,
        ...(rollup === undefined ? {} : { rollup }),
      },
      dialect,
    )
    const rows = await readRows<Readonly<{ _value: PlainValue; _flows: number | string }>>(reading, sql)
    const values = rows.map(({ _value: value, _flows: flows }) => ({ field, value, count: Number(flows) }))
    const enough =
      rollup !== undefined ||
      span.from === from ||
      reach >= maxSpan ||
      values.length >= 10 ||
      (values.length > 0 && clock.monotonic() - began > maxWaitMs)
    if (enough)
      return {
        values,
        source: rollup?.view ?? 'raw',
        span,
        exact: exact && (rollup !== undefined || span.from === from),
      }
  }
}

async function firstReach(store: StoreReader, now: number): Promise<bigint> {
  const { rows = 0, first = now } = (await store.sums?.())?.flows ?? {}
  const ms = rows <= fewFlows ? Infinity : ((now - first) * fewFlows) / rows
  const reach = Number.isFinite(ms) ? BigInt(Math.ceil(ms)) * 1000n : firstSpan
  return reach > firstSpan ? firstSpan : reach < leastSpan ? leastSpan : reach
}

/** Spans that end in the same minute share a result. */
function keyOf(rowQuery: RowQuery, fields: readonly QueryField[]) {
  const { from, to } = rowQuery.span
  return fingerprint(rowQuery, [...fields.map(({ name }) => name), String(from / minute), String(to / minute)])
}

function isTextual({ kind }: QueryField) {
  return ['dict', 'text', 'list<dict>'].includes(kind)
}

const [minute, hour] = [60_000_000n, 3_600_000_000n]

/** Whole buckets take a tenth of the time. */
function wholeBuckets({ from, to }: TimeSpan): TimeSpan {
  const bucket = to - from > 200n * hour ? hour : to - from > 12n * hour ? 5n * minute : minute
  const up = to + bucket - 1n
  return { from: from - (((from % bucket) + bucket) % bucket), to: up - (((up % bucket) + bucket) % bucket) }
}

type ValueTest = (value: PlainValue) => boolean

function valueTest(field: QueryField, prefix: string): ValueTest {
  const folded = prefix.toLowerCase()
  if (folded === '') return () => true
  const called = new Set(numbersCalled(field, prefix))
  const asNumber = /^as(\d+)$/.exec(folded)?.[1]
  return (value) => {
    if (typeof value === 'string') return value.toLowerCase().includes(folded)
    if (typeof value === 'number' && called.has(value)) return true
    return String(value).startsWith(field.name.endsWith('_as') && asNumber !== undefined ? asNumber : folded)
  }
}

/** The same test on column `_value`. */
export function conditionFor(field: QueryField, prefix: string, dialect: Dialect): string | undefined {
  const { addressText, asText, contains, lower, startsWith } = dialect
  const folded = prefix.toLowerCase()
  if (folded === '') return undefined
  if (['dict', 'text', 'ip', 'mac', 'list<dict>'].includes(field.kind))
    return contains(lower(field.kind === 'ip' ? addressText('"_value"') : '"_value"'), folded)
  const called = numbersCalled(field, prefix)
  const digits = (field.name.endsWith('_as') ? /^as(\d+)$/.exec(folded)?.[1] : undefined) ?? folded
  const begins = startsWith(asText('"_value"'), digits)
  return called.length === 0 ? begins : `(${begins} OR "_value" IN (${called.join(', ')}))`
}
