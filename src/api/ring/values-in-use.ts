import { fieldsOf } from '../../model/json.ts'
import { memberColumn, type QueryField } from '../../query/index.ts'
import type { RowQuery } from '../../query/plan/index.ts'
import type { NewestFlows, WantedValues } from '../../topics/completion/reading.ts'
import type { PlainValue, UsedValue, UsedValues } from '../../topics/completion/values.ts'
import { cellReader } from '../live/cells.ts'
import { coveredSpan, scanRing, type Found, type RingSource } from './scan.ts'
import { FieldValues } from './values.ts'

interface Counter {
  add(found: Found): void
  values(): UsedValue[]
}

function plainCounter(field: QueryField, resolver: RingSource['resolver']): Counter {
  const values = new FieldValues(field, resolver)
  const counts: number[] = []
  return {
    add(match) {
      const read = values.of(match)
      for (const row of match.rows) {
        const id = read(row)
        counts[id] = (counts[id] ?? 0) + 1
      }
    },
    values: () =>
      counts.flatMap((count, id) => (id === 0 ? [] : [{ field, value: values.cells[id] as PlainValue, count }])),
  }
}

function listCounter(field: QueryField): Counter {
  const counts = new Map<PlainValue, number>()
  return {
    add({ batch, header, rows }) {
      const read = cellReader(batch, header, field.name, undefined)
      for (const row of rows)
        for (const item of new Set((read(row) ?? []) as readonly PlainValue[]))
          counts.set(item, (counts.get(item) ?? 0) + 1)
    },
    values: () => [...counts].map(([value, count]) => ({ field, value, count })),
  }
}

/** For completion. */
export function newestFlows(source: () => RingSource): NewestFlows {
  return {
    values: (rowQuery, wanted, how) => ringValues(source(), rowQuery, wanted, how),
    fieldUse: (rowQuery, rows, signal) => ringFieldUse(source(), rowQuery, rows, signal),
    memberUse: (rowQuery, rows, signal) => ringMemberUse(source(), rowQuery, rows, signal),
  }
}

async function ringValues(
  source: RingSource,
  rowQuery: RowQuery,
  { fields, matches, limit }: WantedValues,
  { withinMs, signal }: Readonly<{ withinMs: number; signal: AbortSignal }>,
): Promise<UsedValues> {
  const counters = fields.map((field) =>
    field.kind.startsWith('list') ? listCounter(field) : plainCounter(field, source.resolver),
  )
  const { since } = source.ring
  const scan = scanRing(source, rowQuery, signal, { order: 'newest', withinMs })
  let next = await scan.next()
  for (; next.done !== true; next = await scan.next()) for (const counter of counters) counter.add(next.value)
  signal.throwIfAborted()
  const values = counters.flatMap((counter, index) => {
    const test = matches(fields[index]!)
    return counter.values().filter(({ value }) => test(value))
  })
  return {
    values: largest(values, limit * 2),
    source: 'ring',
    span: coveredSpan(rowQuery.span, next.value.since),
    exact: next.value.since === since,
  }
}

function largest(values: UsedValue[], limit: number): UsedValue[] {
  let chosen: UsedValue[] = []
  const order = (a: UsedValue, b: UsedValue) => b.count - a.count || (String(a.value) < String(b.value) ? -1 : 1)
  for (const value of values) {
    chosen.push(value)
    if (chosen.length >= 4 * limit + 1000) chosen = chosen.sort(order).slice(0, limit)
  }
  return chosen.sort(order).slice(0, limit)
}

async function ringFieldUse(
  source: RingSource,
  rowQuery: RowQuery,
  rows: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number> | undefined> {
  const counts = new Map<string, number>()
  let inspected = 0
  for await (const match of scanRing(source, rowQuery, signal, { order: 'newest', withinMs: 40 })) {
    const matches = match.rows.slice(0, rows - inspected)
    for (const { name } of rowQuery.names.fields) {
      const read = cellReader(match.batch, match.header, name, source.resolver)
      const present = matches.reduce((sum, row) => sum + (read(row) === null ? 0 : 1), 0)
      if (present > 0) counts.set(name, (counts.get(name) ?? 0) + present)
    }
    inspected += matches.length
    if (inspected >= rows) break
  }
  return inspected === 0 ? undefined : counts
}

/** Rows with each member of `extra`, among the newest rows that have any. */
async function ringMemberUse(
  source: RingSource,
  rowQuery: RowQuery,
  rows: number,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  let inspected = 0
  for await (const match of scanRing(source, rowQuery, signal, { order: 'newest', withinMs: 40 })) {
    const column = match.batch.columns[memberColumn]
    if (column?.kind !== 'json') continue
    const byCode = new Map<number, number>()
    for (const row of match.rows) {
      const code = column.codes[row] ?? 0
      if (code === 0 || inspected >= rows) continue
      byCode.set(code, (byCode.get(code) ?? 0) + 1)
      inspected++
    }
    for (const [code, count] of byCode)
      for (const name of namesIn(match.batch.dictionary[code] ?? '{}'))
        counts.set(name, (counts.get(name) ?? 0) + count)
    if (inspected >= rows) break
  }
  return counts
}

function namesIn(json: string): string[] {
  return Object.keys(fieldsOf(JSON.parse(json)))
}
