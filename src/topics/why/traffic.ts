import type { Dialect } from '../../query/index.ts'
import { conditionOf, type Measure, type RowQuery, type TimeSpan } from '../../query/plan/index.ts'

const endFields = ['namespace', 'owner_kind', 'owner_name', 'kind', 'name', 'node'] as const

/** An end of flows. Pods without an owner, services and nodes have no owner. */
export type End = Readonly<{
  cluster: string | null
  namespace: string
  kind: string
  name: string
}>

export type Pair = Readonly<{ source: End; destination: End; before: number; after: number }>

export const endKey = ({ namespace, kind, name }: End): string => `${namespace}/${kind}/${name}`

/** Sums of each pair of workloads before and since `at` (µs), the largest difference first. */
export function pairsSql(
  rowQuery: RowQuery,
  at: bigint,
  { by, limit, ends }: Readonly<{ by: Measure; limit: number; ends?: readonly End[] }>,
  dialect: Dialect,
): string {
  const { identifier: name, text } = dialect
  const measure = by === 'flows' ? '1' : `${by === 'bytes' ? 'bytes_est' : 'packets_est'}`
  const time = rowQuery.time.sql(dialect)
  const part = (test: string) => dialect.sum(`CASE WHEN ${test} THEN ${measure} ELSE 0 END`)
  const end = (side: 'src' | 'dst') => {
    const column = (field: (typeof endFields)[number]) => name(`${side}_${field}`)
    const owned = `coalesce(${column('owner_name')}, '') <> ''`
    return [
      `coalesce(${column('namespace')}, '') AS ${side}_n`,
      `CASE WHEN ${owned} THEN coalesce(${column('owner_kind')}, '') ELSE coalesce(${column('kind')}, '') END ` +
        `AS ${side}_k`,
      `CASE WHEN ${owned} THEN ${column('owner_name')} ELSE coalesce(${column('name')}, '') END AS ${side}_o`,
    ]
  }
  const columns = ["coalesce(cluster, '') AS c", ...end('src'), ...end('dst')]
  const near =
    ends === undefined
      ? ''
      : ` WHERE ${['src', 'dst']
          .map(
            (side) =>
              `(concat(${side}_n, '/', ${side}_k, '/', ${side}_o) IN (${ends.map(endKey).map(text).join(', ')}))`,
          )
          .join(' OR ')}`
  return (
    `SELECT c, src_n, src_k, src_o, dst_n, dst_k, dst_o, "before"::DOUBLE AS b, "after"::DOUBLE AS a FROM ` +
    `(SELECT * FROM (SELECT ${columns.join(', ')}, ${part(`${time} < ${dialect.time(at)}`)} AS "before", ` +
    `${part(`${time} >= ${dialect.time(at)}`)} AS "after" FROM flows WHERE ${conditionOf(rowQuery, dialect)} ` +
    `GROUP BY c, src_n, src_k, src_o, dst_n, dst_k, dst_o)${near}) ` +
    `ORDER BY abs("after" - "before") DESC, "before" DESC, src_n, src_k, src_o, dst_n, dst_k, dst_o LIMIT ${limit}`
  )
}

export function pairOf(row: Readonly<Record<string, unknown>>): Pair {
  const text = (name: string) => {
    const value = row[name]
    return typeof value === 'string' ? value : ''
  }
  const end = (side: 'src' | 'dst'): End => ({
    cluster: text('c') === '' ? null : text('c'),
    namespace: text(`${side}_n`),
    kind: text(`${side}_k`),
    name: text(`${side}_o`),
  })
  return { source: end('src'), destination: end('dst'), before: Number(row['b']), after: Number(row['a']) }
}

/** Share of the difference at each end, of the pairs that carry four fifths of it. `of`: the size of a pair. */
export function affectedBy(
  pairs: readonly Pair[],
  of: (pair: Pair) => number,
): ReadonlyMap<string, Readonly<{ end: End; share: number }>> {
  const total = pairs.reduce((sum, pair) => sum + of(pair), 0)
  const ends = new Map<string, { readonly end: End; share: number }>()
  let carried = 0
  for (const pair of pairs.toSorted((a, b) => of(b) - of(a))) {
    if (total === 0 || carried >= carriedShare * total) break
    carried += of(pair)
    const isLoop = endKey(pair.source) === endKey(pair.destination)
    for (const end of isLoop ? [pair.source] : [pair.source, pair.destination]) {
      if (end.name === '') continue
      const part = ends.get(endKey(end)) ?? { end, share: 0 }
      part.share += of(pair) / total
      ends.set(endKey(end), part)
    }
  }
  return ends
}

const carriedShare = 0.8

/**
 * Relative change of the received, sent or whole traffic of each end, the largest of the three as a part of that of
 * all ends. `lengths`: durations before and after.
 */
export function impactsOf(
  keys: readonly string[],
  pairs: readonly Pair[],
  lengths: Readonly<{ before: number; after: number }>,
): ReadonlyMap<string, number> {
  const sides = (key: string) => {
    const sent = pairs.filter(({ source }) => endKey(source) === key)
    const received = pairs.filter(({ destination }) => endKey(destination) === key)
    return [sent, received, [...sent, ...received]].map((of) => relativeChange(of, lengths))
  }
  const changes = new Map(keys.map((key) => [key, Math.max(...sides(key))]))
  const most = Math.max(...changes.values())
  return new Map([...changes].map(([key, change]) => [key, most > 0 ? change / most : 1]))
}

function relativeChange(pairs: readonly Pair[], lengths: Readonly<{ before: number; after: number }>) {
  const [before, after] = (['before', 'after'] as const).map(
    (side) => pairs.reduce((sum, pair) => sum + pair[side], 0) / Math.max(1, lengths[side]),
  ) as [number, number]
  const most = Math.max(before, after)
  return most === 0 ? 0 : Math.abs(after - before) / most
}

export const within = (rowQuery: RowQuery, span: TimeSpan): RowQuery => ({ ...rowQuery, span })
