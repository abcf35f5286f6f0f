import type { Dialect } from '../query/index.ts'

/** A row of {@link groupedSql}. */
export type GroupedRow = Readonly<{
  part: string
  name: string | null
  rank: number | string | null
  bucket: number | string | null
  n: number | string
}>

type GroupedQuery = Readonly<{
  matching: string
  shown?: string
  step: number
  limit: number
  /** SELECTs over `matching`, with columns part, name, rank, bucket, n. */
  more?: readonly string[]
}>

/** `part`: `group` with rank; `others` with their number; buckets (`at`) of each group, -1 for the others. */
export function groupedSql({ matching, shown, step, limit, more = [] }: GroupedQuery, dialect: Dialect): string {
  const { inlined, same, stored } = dialect
  const parts = [
    "SELECT 'group' AS part, grouped AS name, rank::INTEGER AS rank, NULL::BIGINT AS bucket, n::BIGINT AS n FROM " +
      `ranked WHERE rank < ${limit}`,
    `SELECT 'others', NULL, count(*)::INTEGER, NULL, coalesce(sum(n), 0)::BIGINT FROM ranked WHERE rank >= ${limit}`,
    `SELECT 'at', NULL, (CASE WHEN r.rank < ${limit} THEN r.rank ELSE -1 END)::INTEGER AS place, s.bucket, ` +
      `sum(s.n)::BIGINT FROM sums s JOIN ranked r ON ${same('s.grouped', 'r.grouped')} GROUP BY place, s.bucket`,
    ...more,
  ]
  const sums = `SELECT bucket, grouped, count(*) AS n FROM matching${shown === undefined ? '' : ` WHERE ${shown}`}`
  const tables = [
    more.length > 0 ? stored('matching', matching) : inlined('matching', matching),
    stored('sums', `${sums} GROUP BY bucket, grouped`),
    stored(
      'ranked',
      'SELECT grouped, sum(n) AS n, row_number() OVER (ORDER BY sum(n) DESC, grouped) - 1 AS rank FROM sums ' +
        'GROUP BY grouped',
    ),
  ]
  return (
    `WITH ${tables.join(', ')} SELECT part, name, rank, bucket * ${step} AS bucket, n FROM ` +
    `(${parts.join(' UNION ALL ')}) ORDER BY part, rank, bucket`
  )
}

type Grouped = Readonly<{
  total: number
  groups: readonly Readonly<{ value: string | null; n: number }>[]
  others: Readonly<{ groups: number; n: number }>
  buckets: readonly Readonly<{ time: string; n: readonly number[] }>[]
}>

export function groupedOf(rows: readonly GroupedRow[]): Grouped {
  const groups = partOf(rows, 'group').map((row) => ({ value: row.name, n: countOf(row) }))
  const buckets = new Map<number, number[]>()
  for (const row of partOf(rows, 'at')) {
    const time = Number(row.bucket)
    const counts = buckets.get(time) ?? new Array<number>(groups.length + 1).fill(0)
    counts[Number(row.rank) === -1 ? groups.length : Number(row.rank)] = countOf(row)
    buckets.set(time, counts)
  }
  const [rest] = partOf(rows, 'others')
  return {
    total: groups.reduce((sum, { n }) => sum + n, countOf(rest)),
    groups,
    others: { groups: Number(rest?.rank ?? 0), n: countOf(rest) },
    buckets: [...buckets]
      .sort(([a], [b]) => a - b)
      .map(([time, n]) => ({ time: new Date(time * 1000).toISOString(), n })),
  }
}

export function partOf(rows: readonly GroupedRow[], part: string): readonly GroupedRow[] {
  return rows.filter((row) => row.part === part)
}

export function countOf(row: GroupedRow | undefined): number {
  return Number(row?.n ?? 0)
}
