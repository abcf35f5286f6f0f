import type { Lane, LaneItem, LaneName } from '../schema.ts'
import { namespacesText } from '../../scope.ts'
import type { Scene } from '../scene.ts'

export type Row = Readonly<Record<string, unknown>>

export const within = ({ span, dialect: { time } }: Pick<Scene, 'span' | 'dialect'>, column = 'time'): string =>
  `${column} >= ${time(span.from)} AND ${column} < ${time(span.to)}`

export const amongTexts = ({ dialect }: Pick<Scene, 'dialect'>, column: string, values: readonly string[]): string =>
  values.length === 0 ? '1 = 0' : `${column} IN (${values.map(dialect.text).join(', ')})`

export function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

const without =
  (state: Lane['state']) =>
  (name: LaneName, note: string): Lane => ({
    name,
    state,
    note,
    total: 0,
    items: [],
  })
export const notApplicable = without('not-applicable')
export const notPermitted = (name: LaneName, what: string, { viewer }: Pick<Scene, 'viewer'>): Lane =>
  without('not-permitted')(
    name,
    `${what} no namespace, and ${viewer.name} may see ${namespacesText(viewer.namespaces ?? [])} only.`,
  )

/**
 * Of rows with the newest first and their number in `n`. `probe`: a statement with a row if the family is stored at
 * all, so that "nothing happened" differs from "not collected".
 */
export async function laneOf(
  { runQuery, limit }: Pick<Scene, 'runQuery' | 'limit'>,
  name: LaneName,
  {
    rows,
    itemOf,
    probe,
    missing,
    note = null,
  }: Readonly<{
    rows: readonly Row[]
    itemOf: (row: Row) => LaneItem
    probe: string
    missing: string
    note?: string | null
  }>,
): Promise<Lane> {
  const total = Number(rows[0]?.['n'] ?? rows.length)
  if (rows.length > 0) {
    const items = rows.slice(0, limit).map(itemOf).toReversed()
    return { name, state: 'shown', note, total, items }
  }
  return (await runQuery(probe)).length > 0
    ? { name, state: 'empty', note, total: 0, items: [] }
    : { name, state: 'not-collected', note: missing, total: 0, items: [] }
}

/** The newest of the items and of marks. `prefer`: which one is shown of those with the same position. */
export function withMarks(
  lane: Lane,
  marks: readonly LaneItem[],
  { limit, prefer }: Readonly<{ limit: number; prefer: 'marks' | 'items' }>,
): Lane {
  const marked = new Map(prefer === 'items' ? [] : marks.map((mark) => [mark.pos, mark]))
  const items = lane.items.map((item) => marked.get(item.pos) ?? item)
  const positions = new Set(lane.items.map(({ pos }) => pos))
  const others = marks.filter(({ pos }) => !positions.has(pos))
  if (others.length === 0) return { ...lane, items: items }
  const all = [...items, ...others].toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time))
  return { ...lane, state: 'shown', note: null, total: lane.total + others.length, items: all.slice(-limit) }
}
