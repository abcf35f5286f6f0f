/** Pages of packages, problems, facts and images. */
import { withoutUndefined, textOf } from '../../model/json.ts'
import { compileSql, dialectOf, testsOf, type Dialect } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import { among } from '../conditions.ts'
import { filterOf } from '../filter-text.ts'
import type { Surroundings } from '../operation.ts'
import { fingerprintOf, readPageCursor, writePageCursor } from '../page-cursor.ts'
import { readRows } from '../rows.ts'
import { moment } from '../time-span.ts'
import { exposureOf, trafficTo, type Traffic } from './exposure.ts'
import { pageRows, type StoredRow } from './rows.ts'
import { insightRowSchemas, type InsightList, type InsightQuery, type InsightRows } from './schema.ts'
import { insightOrder, keyNames, wordConditions, type InsightSelection } from './sql.ts'

type Selected = Readonly<{ list: InsightList }> & Readonly<Record<'conditions' | 'fields' | 'words', readonly string[]>>

/** Throws {@link Refusal} for an invalid filter. */
export function selected(
  { filter = '', image, text }: Pick<InsightQuery, 'filter' | 'image' | 'text'>,
  list: InsightList,
  dialect: Dialect,
): Selected {
  const { bound } = filterOf(filter, list)
  return {
    list,
    conditions: [...among(dialect, 'image', image), ...(bound.is === 'always' ? [] : [compileSql(bound, { dialect })])],
    fields: testsOf(bound).map(({ field }) => field),
    words: (text ?? '').split(/\s+/).filter((word) => word !== ''),
  }
}

type Sought = Readonly<{
  selection: InsightSelection
  conditions: readonly string[]
}>

/** Selection and conditions, with traffic if it is given or if the filter needs it. `at`: µs. */
export async function soughtBy(
  { sort, traffic: window }: Pick<InsightQuery, 'sort' | 'traffic'>,
  { list, conditions, fields, words, at, ...given }: Selected & Readonly<{ at: bigint; traffic?: Traffic }>,
  surroundings: Surroundings,
): Promise<Sought> {
  const { store, viewer } = surroundings
  const needsTraffic = given.traffic === undefined && fields.includes('exposure')
  const traffic = needsTraffic ? await trafficTo({ at, window }, surroundings) : given.traffic
  const selection = {
    dialect: dialectOf(store),
    list,
    at,
    viewer,
    fields,
    words,
    ...withoutUndefined({ sort, traffic }),
  }
  return { selection, conditions: [...conditions, ...wordConditions(selection)] }
}

/** Adds the exposure of their images to rows. */
async function exposed(
  rows: readonly StoredRow[],
  { traffic, at, window }: Readonly<{ traffic?: Traffic; at: bigint; window?: string }>,
  surroundings: Surroundings,
): Promise<readonly StoredRow[]> {
  const workloads = new Set(rows.flatMap((row) => row.workloads))
  const knownTraffic = traffic ?? (await trafficTo({ at, window, workloads }, surroundings))
  return rows.map((row) => ({ ...row, ...exposureOf(row, knownTraffic) }))
}

type Page<Row> = Readonly<{ rows: readonly Row[]; next: string | null; at: string; total?: number }>

type Listed = Readonly<{
  /** SQL of texts, which the rows have as {@link keyColumns}. */
  order: readonly string[]
  /** Values that determine which rows the pages have. */
  of: readonly unknown[]
}>

type Continuation = Readonly<{
  /** Time of the first page, µs. */
  at: bigint
  /** Restricts the page to the rows behind the page before. */
  behind: readonly string[]
  /** Cursor of the next page. `rows` has one more row than the limit if there is a next page. */
  next: (rows: readonly Readonly<Record<string, unknown>>[]) => string | null
}>

/**
 * Position of a page; all pages have the time of the first page. Throws {@link Refusal} for a cursor of another query.
 */
export function continuationOf(
  { cursor, at: written = 'now', limit }: Pick<InsightQuery, 'cursor' | 'at'> & Readonly<{ limit: number }>,
  { order, of }: Listed,
  { store, now }: Surroundings,
): Continuation {
  const fingerprint = fingerprintOf(...of)
  const after = cursor === undefined ? undefined : readPageCursor(cursor, fingerprint, 1, order.length)
  const at = after?.times[0] ?? moment(written, 'at', now)
  const keysBefore = after?.keys.map((key) => dialectOf(store).text(key)).join(', ')
  return {
    at,
    behind: keysBefore === undefined ? [] : [`(${order.join(', ')}) > (${keysBefore})`],
    next: (rows) => {
      if (rows.length <= limit) return null
      const last = rows[limit - 1]
      const keys = keyNames(order).map((key) => textOf(last?.[key]) ?? '')
      return writePageCursor({ fingerprint, times: [at], keys })
    },
  }
}

export async function readPage<List extends InsightList>(
  list: List,
  query: InsightQuery,
  surroundings: Surroundings,
): Promise<Page<InsightRows[List]>> {
  const { limit = 100, sort } = query
  const dialect = dialectOf(surroundings.store)
  const selectedList = selected(query, list, dialect)
  const order = insightOrder({ list, ...withoutUndefined({ sort }) })
  const fingerprintParts = [
    list,
    selectedList.conditions,
    selectedList.words,
    sort,
    query.traffic,
    surroundings.viewer.namespaces,
  ]
  const { at, behind, next } = continuationOf({ ...query, limit }, { order, of: fingerprintParts }, surroundings)
  const { selection, conditions } = await soughtBy(query, { ...selectedList, at }, surroundings)
  const page = await pageRows((sql) => readRows(surroundings, sql), selection, { conditions, behind, limit })
  const shownRows = page.rows.slice(0, limit)
  const { properties } = insightRowSchemas[list]
  const rows =
    'exposure' in properties
      ? await exposed(
          shownRows,
          { at, ...withoutUndefined({ traffic: selection.traffic, window: query.traffic }) },
          surroundings,
        )
      : shownRows
  return {
    rows: rows.map((row) => onlyNames(row, properties) as InsightRows[List]),
    next: next(page.rows),
    at: isoOf(at),
    ...withoutUndefined({ total: page.total }),
  }
}

export function onlyNames(row: object, names: object): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name in names))
}
