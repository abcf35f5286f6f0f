import { textOf } from '../../model/json.ts'
import { asOf } from '../conditions.ts'
import type { Running } from './exposure.ts'
import {
  boundOf,
  insightOrder,
  insightRows,
  insightTotal,
  keyColumns,
  keyNames,
  needsPods,
  withRest,
  type InsightSelection,
} from './sql.ts'

/** With the keys of the order as `k0`, `k1` … */
export type StoredRow = Readonly<Record<string, unknown>> & Running
type Run = (sql: string) => Promise<readonly StoredRow[]>

type PagePart = Readonly<{
  conditions: readonly string[]
  /** Restricts the page to the rows behind the page before. */
  behind: readonly string[]
  limit: number
}>

type PageRows = Readonly<{
  /** In order; one more than the limit if there are more. */
  rows: readonly StoredRow[]
  /** Total in the first page. */
  total: number | undefined
}>

const manyRows = 1001

export async function pageRows(run: Run, query: InsightSelection, part: PagePart): Promise<PageRows> {
  const { conditions, behind, limit } = part
  const isFirst = behind.length === 0
  const where = whereOf([...conditions, ...behind])
  const keys = keyColumns(insightOrder(query))
  const order = keyNames(insightOrder(query)).join(', ')
  const rows = `SELECT *, ${keys} FROM (${insightRows(query)})${where}`
  if (query.list === 'images') {
    // Each query counts the problems of all images.
    const pageRows = await run(`SELECT *, count(*) OVER () AS n FROM (${rows}) ORDER BY ${order} LIMIT ${limit + 1}`)
    return { rows: pageRows, total: isFirst ? Number(pageRows[0]?.['n'] ?? 0) : undefined }
  }
  if (needsPods(query)) {
    // Pods cost more than the scan: they are read once for the page and the total.
    const page = withRest(`SELECT * FROM found ORDER BY ${order} LIMIT ${limit + 1}`, query)
    const pageRows = await run(`WITH ${query.dialect.stored('found', rows)}
        SELECT *, (SELECT count(*) FROM found) AS n FROM (${page}) ORDER BY ${order}`)
    return {
      rows: await withValidity(run, query, pageRows),
      total: isFirst ? Number(pageRows[0]?.['n'] ?? 0) : undefined,
    }
  }
  const isSelective = conditions.length > 0 || (query.words ?? []).length > 0
  if (isSelective) {
    // One scan is enough for a selective search, and a broad one soon has its first rows.
    const few = await run(`SELECT * FROM (${withRest(`${rows} LIMIT ${manyRows + 1}`, query)}) ORDER BY ${order}`)
    if (few.length <= manyRows)
      return {
        rows: await withValidity(run, query, few.slice(0, limit + 1)),
        total: isFirst ? few.length : undefined,
      }
  }
  const pageOf = (more: readonly string[] = []) =>
    run(
      `SELECT * FROM (${withRest(
        `SELECT *, ${keys} FROM (${insightRows(query)})${whereOf([...conditions, ...behind, ...more])}
      ORDER BY ${order} LIMIT ${limit + 1}`,
        query,
      )}) ORDER BY ${order}`,
    )
  const firstRows = async (): Promise<readonly StoredRow[]> => {
    const bound = isFirst && !isSelective ? boundOf(query, 4 * limit + manyRows) : undefined
    const [last] = (bound && (await run(bound.sql))) ?? []
    const boundedPage = bound && last && (await pageOf([bound.conditionOf(last)]))
    return boundedPage !== undefined && boundedPage.length > limit ? boundedPage : pageOf()
  }
  const total =
    isSelective || query.list === 'facts'
      ? `SELECT count(*) AS n FROM (${insightRows(query)})${where}`
      : insightTotal(query)
  const [found, totals] = await Promise.all([firstRows(), isFirst ? run(total) : undefined])
  return {
    rows: await withValidity(run, query, found),
    total: isFirst ? Number(totals?.[0]?.['n']) : undefined,
  }
}

/** Rows of images with several reports may be valid for longer than their report. */
async function withValidity(
  run: Run,
  query: InsightSelection,
  rows: readonly StoredRow[],
): Promise<readonly StoredRow[]> {
  const { at, dialect, list } = query
  const repeated = rows.filter((row) => Number(row['versions']) > 1)
  if (repeated.length === 0) return rows
  const keys = keyColumns(insightOrder(query))
  const known = (name: string): string =>
    [...new Set(repeated.map((row) => textOf(row[name]) ?? ''))].map((value) => dialect.text(value)).join(', ')
  const named = list === 'packages' ? 'name' : 'id'
  const spans = await run(`SELECT valid_from, valid_to, ${keys} FROM ${list}
      WHERE image IN (${known('image')}) AND ${named} IN (${known(named)}) AND ${asOf(at, dialect)}`)
  const keyOf = (row: StoredRow): string => JSON.stringify(keyNames(insightOrder(query)).map((key) => row[key]))
  const validity = new Map(spans.map((row) => [keyOf(row), row]))
  return rows.map((row) => {
    const { valid_from: from, valid_to: to } = validity.get(keyOf(row)) ?? row
    return { ...row, valid_from: from, valid_to: to }
  })
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
}
