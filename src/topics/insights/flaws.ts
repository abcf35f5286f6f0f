/** Distinct problems: a row for each flaw, whichever images have it and whichever tools report it. */
import { severities } from '../../model/image-insights.ts'
import { dialectOf } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import type { Surroundings } from '../operation.ts'
import { readRows } from '../rows.ts'
import { exposureOf, trafficTo, type Traffic } from './exposure.ts'
import { continuationOf, onlyNames, selected, soughtBy } from './page.ts'
import { exposures, FlawRow, type FlawsQuery } from './schema.ts'
import { flawOrder, flawRows, keyColumns, keyNames } from './sql.ts'

type Grouped = Omit<FlawRow, 'severity' | 'exposure' | 'exposed_ports'> &
  Readonly<Record<string, unknown>> &
  Readonly<{ ids: readonly string[]; severity_rank: number; reach: number; n: number }>

type FlawPage = Readonly<{ flaws: readonly FlawRow[]; next: string | null; at: string; total?: number }>

export async function readFlaws(query: FlawsQuery, surroundings: Surroundings): Promise<FlawPage> {
  const { limit = 100, sort = 'reach', traffic: window } = query
  const chosen = selected(query, 'problems', dialectOf(surroundings.store))
  const order = flawOrder(sort)
  const of = ['flaws', chosen.conditions, chosen.words, sort, window, surroundings.viewer.namespaces]
  const { at, behind, next } = continuationOf({ ...query, limit }, { order, of }, surroundings)
  const traffic = await trafficTo({ at, window }, surroundings)
  const fields = [...chosen.fields, 'pods', 'kev']
  const { selection, conditions } = await soughtBy({}, { ...chosen, fields, at, traffic }, surroundings)
  const rows = await readRows<Grouped>(
    surroundings,
    `SELECT *, ${keyColumns(order)}, count(*) OVER () AS n FROM (${flawRows(selection, conditions)})
      ${behind.map((condition) => `WHERE ${condition}`).join('')} ORDER BY ${keyNames(order).join(', ')}
      LIMIT ${limit + 1}`,
  )
  return {
    flaws: rows.slice(0, limit).map((row) => flawOf(row, traffic)),
    next: next(rows),
    at: isoOf(at),
    ...(behind.length === 0 ? { total: Number(rows[0]?.n ?? 0) } : {}),
  }
}

function flawOf(row: Grouped, traffic: Traffic): FlawRow {
  const { ids, severity_rank: rank, reach } = row
  const pods = Number(row.pods)
  return {
    ...(onlyNames(row, FlawRow.properties) as FlawRow),
    aliases: [...new Set([...ids, ...row.aliases])].filter((alias) => alias !== row.id),
    severity: severities[rank - 1] ?? 'UNKNOWN',
    images: Number(row.images),
    findings: Number(row.findings),
    fixable: Number(row.fixable),
    pods,
    exposure: exposures[Number(reach)] ?? null,
    exposed_ports: exposureOf({ ...row, pods }, traffic).exposed_ports,
  }
}
