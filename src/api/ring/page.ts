import { memberKey, type QueryField } from '../../query/index.ts'
import { memberReader, microseconds } from '../../query/live-columns.ts'
import type { Cursor, PageRequest, TimeSpan } from '../../query/plan/index.ts'
import { cellReader } from '../live/cells.ts'
import type { Cell } from '../../topics/cells.ts'
import type { RingFrame } from '../live/ring.ts'
import type { SumRow } from '../../topics/flows/sums/request.ts'
import { coveredSpan, scanRing, timeReader, type Found, type RingSource } from './scan.ts'
import { compareCells, compareIntegers } from '../../topics/cells.ts'

/** Times in µs, doubles unchanged, all else as a cell. */
export type Key = Cell

type Candidate = Readonly<{
  frame: RingFrame
  row: number
  keys: readonly Key[]
  position: string
}>

/** Has the digits that cells omit. */
export function keyReader(
  { batch, header }: Found,
  { name, kind, member, memberPart }: QueryField,
  resolver: RingSource['resolver'],
): (row: number) => Key {
  if (memberPart !== undefined)
    return memberReader({ batch, header, resolver }, member ?? '', (value) => memberKey(value, memberPart))
  if (kind === 'time') {
    const time = timeReader(batch, header, name)
    return (row) => {
      const at = time(row)
      return Number.isNaN(at) ? null : at
    }
  }
  const read = cellReader(batch, header, name, resolver)
  return kind === 'f64' ? (row) => (Number.isNaN(read(row)) ? null : read(row)) : read
}

export function compareKeys(sort: PageRequest['sort']): (a: readonly Key[], b: readonly Key[]) => number {
  const orders = sort.map(({ field }) =>
    field.kind === 'u64' || field.kind === 'estimate' ? compareIntegers : compareCells,
  )
  return (a, b) => {
    for (let at = 0; at < sort.length; at++) {
      const [left = null, right = null] = [a[at], b[at]]
      const order = orders[at]!(left, right)
      // Absent values sort last in either direction.
      if (order !== 0) return sort[at]?.descending === true && left !== null && right !== null ? -order : order
    }
    return 0
  }
}

function keysOf({ keys }: Cursor, { sort }: PageRequest): Key[] {
  return keys.map((key, at) => {
    const kind = sort[at]?.field.kind
    if (key === null || (kind !== 'time' && kind !== 'f64')) return key
    return kind === 'f64' ? Number(String(key).replace('inf', 'Infinity')) : Number(key)
  })
}

/** One more row than the page if there is one. */
export async function ringPage(
  source: RingSource,
  request: PageRequest,
  signal: AbortSignal,
): Promise<{ rows: readonly SumRow[]; span: TimeSpan }> {
  const { sort, limit, after, upTo, columns, span } = request
  const sign = request.backwards === true ? -1 : 1
  const forwards = compareKeys(sort)
  const byKeys = (a: readonly Key[], b: readonly Key[]) => sign * forwards(a, b)
  const byPosition = (a: string, b: string) => sign * compareCells(a, b)
  const compare = (a: Candidate, b: Candidate) => byKeys(a.keys, b.keys) || byPosition(a.position, b.position)
  const count = limit + 1
  const behind = after === undefined ? undefined : { keys: keysOf(after, request), position: after.position }
  let best: Candidate[] = []
  let worst: Candidate | undefined
  const prune = () => {
    best = best.sort(compare).slice(0, count)
    worst = best.length < count ? undefined : best.at(-1)
  }
  const [first] = sort
  const newestFirst = first?.field.name === 'time_received' && first.descending && request.backwards !== true
  // No row of a frame was received after its newest.
  const skips = (frame: RingFrame) =>
    newestFirst && worst !== undefined && microseconds(frame.frame.header.received) < Number(worst.keys[0])
  const scan = scanRing(source, request, signal, { order: 'newest', skips })
  let next = await scan.next()
  for (; next.done !== true; next = await scan.next()) {
    const { frame, batch, header, rows } = next.value
    const read = sort.map(({ field }) => keyReader(next.value as Found, field, source.resolver))
    const positionOf = cellReader(batch, header, '_pos', undefined)
    const received = timeReader(batch, header, 'time_received')
    for (const row of rows) {
      if (received(row) > Number(upTo)) continue
      const keys = read.map((cellOf) => cellOf(row))
      const [toCursor, toWorst] = [
        behind === undefined ? 1 : byKeys(keys, behind.keys),
        worst === undefined ? -1 : byKeys(keys, worst.keys),
      ]
      if (toCursor < 0 || toWorst > 0) continue
      const position = positionOf(row) as string
      if (behind !== undefined && toCursor === 0 && byPosition(position, behind.position) <= 0) continue
      best.push({ frame, row, keys, position })
      if (best.length >= 2 * count + 1000) prune()
    }
    if (best.length >= count && (worst === undefined || newestFirst)) prune()
  }
  signal.throwIfAborted()
  prune()
  const read = [...columns, ...sort.flatMap(({ field }) => (field.memberPart === undefined ? [field] : []))]
  const names = [...new Set(read.map(({ name }) => name)), '_pos']
  return {
    rows: best.length === 0 ? [] : recordsOf(best, names, request, source),
    span: coveredSpan(span, next.value.since),
  }
}

function recordsOf(
  best: readonly Candidate[],
  names: readonly string[],
  { sort }: PageRequest,
  { resolver }: RingSource,
): SumRow[] {
  const records: Record<string, unknown>[] = best.map(() => ({}))
  const byFrame = new Map<RingFrame, number[]>()
  best.forEach(({ frame }, index) => {
    const cached = byFrame.get(frame)
    if (cached === undefined) byFrame.set(frame, [index])
    else cached.push(index)
  })
  for (const [frame, indexes] of byFrame) {
    const {
      batch,
      frame: { header },
    } = frame
    const readers = names.map((name) => cellReader(batch, header, name, resolver))
    for (const index of indexes) {
      const { row, keys } = best[index]!
      const record = records[index]!
      names.forEach((name, at) => (record[name] = finite(readers[at]?.(row) ?? null)))
      sort.forEach(({ field }, at) => {
        const key = keys[at] ?? null
        if (field.memberPart !== undefined) record[field.name] = key
        record[`_key${at}`] = field.kind === 'f64' && typeof key === 'number' ? doubleText(key) : key
      })
    }
  }
  return records
}

function finite(cell: Cell) {
  return typeof cell === 'number' && !Number.isFinite(cell) ? null : cell
}

/** As SQL: a cursor is valid for store and ring. */
function doubleText(value: number) {
  return Number.isFinite(value) ? String(value) : value > 0 ? 'inf' : '-inf'
}
