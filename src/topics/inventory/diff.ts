/** The differences of the inventory between two times. */
import { cloudTypes, type CloudResource } from '../../model/cloud.ts'
import { changesOf } from '../../model/cloud-changes.ts'
import { isRecord, parsedJson } from '../../model/json.ts'
import type { Dialect } from '../../query/index.ts'
import { asOf } from '../conditions.ts'
import type { Difference, InventoryDiff, InventoryRow } from './schema.ts'

/** Rows of both times that are compared in memory. */
export const maxCompared = 20_000

const shown = ['ref', 'provider', 'account', 'region', 'type', 'id', 'name', 'state', 'finding'] as const

type Times = Readonly<{ from: bigint; to: bigint }>

/** Rows that are valid at one of the times only; one that is valid at both did not change. */
export function differingSql({ from, to }: Times, conditions: readonly string[], dialect: Dialect): string {
  const [isBefore, isAfter] = [from, to].map((at) => `(${asOf(at, dialect)})`)
  const matches = conditions.length === 0 ? '1 = 1' : conditions.map((condition) => `(${condition})`).join(' AND ')
  const flag = (condition: string | undefined): string => `CASE WHEN ${condition} THEN 1 ELSE 0 END`
  return `SELECT ${shown.join(', ')}, data, ${flag(isBefore)} AS is_before, ${flag(matches)} AS matches
    FROM inventory WHERE (${isBefore} AND NOT coalesce(${isAfter}, false))
    OR (${isAfter} AND NOT coalesce(${isBefore}, false))
    ORDER BY provider, account, region, type, name, id LIMIT ${maxCompared + 1}`
}

const hourUs = 3_600_000_000n

/** The time of a creation is that of the provider, which may be before the list that found it. */
export function createdSql({ from, to }: Times, { time, text }: Dialect): string {
  return `SELECT DISTINCT ref FROM events WHERE family = 'resource' AND type = ${text(cloudTypes.created)}
    AND time > ${time(from - hourUs)} AND time <= ${time(to)}`
}

type Shown = Pick<InventoryRow, (typeof shown)[number]>

export type DifferingRow = Shown & Readonly<{ data: unknown; is_before: number; matches: number }>

/** A resource counts if it matches at one of the times. */
export function differencesOf(
  rows: readonly DifferingRow[],
  created: ReadonlySet<string>,
): Pick<InventoryDiff, 'counts' | 'resources'> {
  const resources = [...Map.groupBy(rows, ({ ref }) => ref).values()].flatMap((versions): readonly Difference[] => {
    if (!versions.some(({ matches }) => Number(matches) === 1)) return []
    const before = versions.find(({ is_before: isBefore }) => Number(isBefore) === 1)
    const after = versions.find(({ is_before: isBefore }) => Number(isBefore) === 0)
    const newest = (after ?? before)!
    const changes = before === undefined || after === undefined ? [] : changesOf(bodyOf(before), bodyOf(after))
    if (before !== undefined && after !== undefined && changes.length === 0) return []
    const first = created.has(newest.ref) ? 'created' : 'found'
    const kind = before === undefined ? first : after === undefined ? 'deleted' : 'changed'
    const columns = Object.fromEntries(shown.map((name) => [name, newest[name]])) as Shown
    return [{ kind, ...columns, changes }]
  })
  const counts = { created: 0, found: 0, deleted: 0, changed: 0 }
  for (const { kind } of resources) counts[kind]++
  return { counts, resources }
}

/** Bodies in the store are those of `polling/inventory`. */
function bodyOf({ data }: DifferingRow): CloudResource {
  const body = typeof data === 'string' ? parsedJson(data) : data
  return (isRecord(body) ? body : {}) as unknown as CloudResource
}
