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
import { insightOrder, wordConditions, type InsightSelection } from './sql.ts'

type Selected = Readonly<{ list: InsightList }> & Readonly<Record<'conditions' | 'fields' | 'words', readonly string[]>>

/** Throws {@link Refusal} for an invalid filter. */
export function selected({ filter = '', image, text }: InsightQuery, list: InsightList, dialect: Dialect): Selected {
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

/** With the traffic if the filter needs it. `at`: µs. */
export async function soughtBy(
  { sort, traffic: window = '1h' }: InsightQuery,
  { list, conditions, fields, words, at }: Selected & Readonly<{ at: bigint }>,
  surroundings: Surroundings,
): Promise<Sought> {
  const { store, viewer } = surroundings
  const traffic = fields.includes('exposure') ? await trafficTo({ at, window }, surroundings) : undefined
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
  { traffic, at, window = '1h' }: Readonly<{ traffic?: Traffic; at: bigint; window?: string }>,
  surroundings: Surroundings,
): Promise<readonly StoredRow[]> {
  const workloads = new Set(rows.flatMap((row) => row.workloads))
  const received = traffic ?? (await trafficTo({ at, window, workloads }, surroundings))
  return rows.map((row) => ({ ...row, ...exposureOf(row, received) }))
}

type Page<Row> = Readonly<{ rows: readonly Row[]; next: string | null; at: string; total?: number }>

/** All pages are of the time of the first one. */
export async function readPage<List extends InsightList>(
  list: List,
  query: InsightQuery,
  surroundings: Surroundings,
): Promise<Page<InsightRows[List]>> {
  const { limit = 100, sort } = query
  const dialect = dialectOf(surroundings.store)
  const chosen = selected(query, list, dialect)
  const order = insightOrder({ list, ...withoutUndefined({ sort }) })
  const { namespaces } = surroundings.viewer
  const fingerprint = fingerprintOf(list, chosen.conditions, chosen.words, sort, query.traffic, namespaces)
  const after = query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 1, order.length)
  const at = after?.times[0] ?? moment(query.at ?? 'now', 'at', surroundings.now)
  const behind =
    after === undefined ? [] : [`(${order.join(', ')}) > (${after.keys.map((key) => dialect.text(key)).join(', ')})`]
  const { selection, conditions } = await soughtBy(query, { ...chosen, at }, surroundings)
  const page = await pageRows((sql) => readRows(surroundings, sql), selection, { conditions, behind, limit })
  const stored = page.rows.slice(0, limit)
  const { properties } = insightRowSchemas[list]
  const rows =
    'exposure' in properties
      ? await exposed(
          stored,
          { at, ...withoutUndefined({ traffic: selection.traffic, window: query.traffic }) },
          surroundings,
        )
      : stored
  const keys = order.map((_, index) => textOf(stored.at(-1)?.[`k${index}`]) ?? '')
  return {
    rows: rows.map((row) => onlyNames(row, properties) as InsightRows[List]),
    next: page.rows.length > limit ? writePageCursor({ fingerprint, times: [at], keys }) : null,
    at: isoOf(at),
    ...withoutUndefined({ total: page.total }),
  }
}

export function onlyNames(row: object, names: object): object {
  return Object.fromEntries(Object.entries(row).filter(([name]) => name in names))
}
