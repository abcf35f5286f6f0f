/** Pages of audit events, newest first. All pages have the time range of the first. */
import { dialectOf, type Dialect } from '../../query/index.ts'
import { isoSpan } from '../coverage.ts'
import type { Surroundings } from '../operation.ts'
import { fingerprintOf, readPageCursor, writePageCursor } from '../page-cursor.ts'
import { readRows } from '../rows.ts'
import { lastDay } from '../time-span.ts'
import { auditConditions } from './conditions.ts'
import { traceColumns, type AuditPage, type AuditQuery, type AuditRow } from './schema.ts'

type Selected = Readonly<{
  dialect: Dialect
  fingerprint: string
  from: bigint
  to: bigint
  where: readonly string[]
  after: Readonly<{ time: bigint; pos: string }> | undefined
}>

/** `us`: the time, for the cursor. */
type SortedRow = AuditRow & Readonly<{ us: number | string }>

export async function readTraces(query: AuditQuery, surroundings: Surroundings): Promise<AuditPage> {
  const { limit = 100 } = query
  const page = selected(query, surroundings)
  const counted = page.after === undefined ? await countsOf(page, surroundings) : undefined
  const newest = counted === undefined ? [] : newestPart(counted, limit, page.dialect)
  const rows = await sortedRows({ ...page, where: [...page.where, ...newest] }, limit, surroundings)
  const shown = rows.slice(0, limit)
  return {
    traces: shown.map(({ us: _, ...row }) => row),
    next: rows.length > limit ? cursorBehind(page, shown.at(-1)!) : null,
    ...(counted === undefined ? {} : { total: counted.reduce((sum, { n }) => sum + n, 0) }),
    span: isoSpan(page),
  }
}

function selected({ limit: _, cursor: written, ...query }: AuditQuery, surroundings: Surroundings): Selected {
  const dialect = dialectOf(surroundings.store)
  const conditions = auditConditions(query, surroundings.viewer, dialect)
  // The scope of the viewer is part of the fingerprint.
  const fingerprint = fingerprintOf('audit', conditions)
  const cursor = written === undefined ? undefined : readPageCursor(written, fingerprint, 2, 2)
  const { from, to } =
    cursor === undefined ? lastDay(query, surroundings.now) : { from: cursor.times[0] ?? 0n, to: cursor.times[1] ?? 0n }
  const [time = '', pos = ''] = cursor?.keys ?? []
  const after = cursor === undefined ? undefined : { time: /^-?\d{1,18}$/.test(time) ? BigInt(time) : 0n, pos }
  const until = after === undefined ? `time < ${dialect.time(to)}` : `time <= ${dialect.time(after.time)}`
  const where = [`time >= ${dialect.time(from)}`, until, ...conditions]
  return { dialect, fingerprint, from, to, where, after }
}

function cursorBehind({ fingerprint, from, to }: Selected, { us, pos }: SortedRow): string {
  return writePageCursor({ fingerprint, times: [from, to], keys: [String(us), pos] })
}

const maxParts = 400n

type Counted = Readonly<{
  from: bigint
  n: number
}>

async function countsOf(
  { dialect, from, to, where }: Selected,
  surroundings: Surroundings,
): Promise<readonly Counted[]> {
  const length = (to - from) / maxParts + 1n
  const rows = await readRows<Readonly<{ part: number | string; n: number | string }>>(
    surroundings,
    `SELECT ${dialect.divide(`(${dialect.micros('time')} - ${dialect.integer(from, 'BIGINT')})`, length)} AS part, ` +
      `count(*) AS n FROM audit WHERE ${where.join(' AND ')} GROUP BY part ORDER BY part DESC`,
  )
  return rows.map(({ part, n }) => ({ from: from + BigInt(Number(part)) * length, n: Number(n) }))
}

function newestPart(counted: readonly Counted[], limit: number, { time }: Dialect): string[] {
  let before = 0
  const part = counted.find(({ n }) => (before += n) > limit)
  return part === undefined ? [] : [`time >= ${time(part.from)}`]
}

/** One more than the page if there is one. Reads few columns first. */
async function sortedRows(
  { dialect, where, after }: Selected,
  limit: number,
  surroundings: Surroundings,
): Promise<readonly SortedRow[]> {
  const conditions = where.join(' AND ')
  const behind = after === undefined ? '' : ` AND time < ${dialect.time(after.time)}`
  const [first] = await readRows<Readonly<{ edge: number | string | null }>>(
    surroundings,
    `SELECT ${dialect.micros('min(time)')} AS edge FROM (SELECT time FROM audit WHERE ${conditions}${behind} ` +
      `ORDER BY time DESC LIMIT ${limit + 1})`,
  )
  const edge = first?.edge ?? null
  // The position orders equal timestamps.
  const since = edge === null ? after?.time : BigInt(edge)
  if (since === undefined) return []
  const rest =
    after === undefined ? '' : ` AND (time < ${dialect.time(after.time)} OR _pos < ${dialect.text(after.pos)})`
  return readRows<SortedRow>(
    surroundings,
    `SELECT ${traceColumns}, ${dialect.micros('time')} AS us FROM audit WHERE ${conditions} AND time >= ` +
      `${dialect.time(since)}${rest} ORDER BY time DESC, _pos DESC LIMIT ${limit + 1}`,
  )
}
