/** Distinct problems: a row for each flaw, whichever images have it and whichever tools report it. */
import { severities } from '../../model/image-insights.ts'
import { withoutUndefined, textOf } from '../../model/json.ts'
import { dialectOf } from '../../query/index.ts'
import { isoOf } from '../../query/plan/index.ts'
import type { Surroundings } from '../operation.ts'
import { fingerprintOf, readPageCursor, writePageCursor } from '../page-cursor.ts'
import { readRows } from '../rows.ts'
import { moment } from '../time-span.ts'
import { exposureOf, trafficTo, type Traffic } from './exposure.ts'
import { onlyNames, selected, soughtBy } from './page.ts'
import { FlawRow, type FlawsQuery } from './schema.ts'
import { flawOrder, flawRows } from './sql.ts'

type Grouped = Omit<FlawRow, 'severity' | 'exposure' | 'exposed_ports'> &
  Readonly<{ ids: readonly string[]; severity_rank: number; reach: number; n: number }>

type FlawPage = Readonly<{ flaws: readonly FlawRow[]; next: string | null; at: string; total?: number }>

/** All pages are of the time of the first one. */
export async function readFlaws(query: FlawsQuery, surroundings: Surroundings): Promise<FlawPage> {
  const { limit = 100, sort = 'reach', traffic: window = '1h' } = query
  const dialect = dialectOf(surroundings.store)
  const { sort: _, ...rest } = query
  const chosen = selected(rest, 'problems', dialect)
  const order = flawOrder(sort)
  const { namespaces } = surroundings.viewer
  const fingerprint = fingerprintOf('flaws', chosen.conditions, chosen.words, sort, window, namespaces)
  const after = query.cursor === undefined ? undefined : readPageCursor(query.cursor, fingerprint, 1, order.length)
  const at = after?.times[0] ?? moment(query.at ?? 'now', 'at', surroundings.now)
  const traffic = await trafficTo({ at, window }, surroundings)
  const fields = [...chosen.fields, 'pods', 'kev']
  const { selection, conditions } = await soughtBy(rest, { ...chosen, fields, at }, surroundings)
  const behind = after === undefined ? '' : `WHERE (${order.join(', ')}) > (${after.keys.map(dialect.text).join(', ')})`
  const groups = flawRows({ ...selection, traffic }, conditions)
  const keys = order.map((expression, key) => `${expression} AS k${key}`).join(', ')
  const counted = `SELECT *, ${keys}, count(*) OVER () AS n FROM (${groups}) ${behind}`
  const page = await readRows<Grouped & Readonly<Record<string, unknown>>>(
    surroundings,
    `${counted} ORDER BY ${order.map((_, key) => `k${key}`).join(', ')} LIMIT ${limit + 1}`,
  )
  const shown = page.slice(0, limit)
  const next = page.length > limit
  return {
    flaws: shown.map((row) => flawOf(row, traffic)),
    next: next
      ? writePageCursor({
          fingerprint,
          times: [at],
          keys: order.map((_, key) => textOf(shown.at(-1)?.[`k${key}`]) ?? ''),
        })
      : null,
    at: isoOf(at),
    ...withoutUndefined({ total: after === undefined ? Number(page[0]?.n ?? 0) : undefined }),
  }
}

/** By rank; others: no flows are known. */
const exposures: readonly FlawRow['exposure'][] = [
  'external',
  'other_namespaces',
  'own_namespace',
  'idle',
  'not_running',
]

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
