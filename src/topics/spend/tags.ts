/** Tags of costs: groups and filters by their values, and the tag keys with their coverage. */
import { addDecimals } from '../../codecs/focus/index.ts'
import { duckdb } from '../../query/index.ts'
import { listOf } from '../comma-list.ts'
import { Refusal } from '../refusal.ts'
import { namespaceTag } from './allocation.ts'
import type { SpendTags } from './schema.ts'

const { text: quoted } = duckdb

export const tagValue = (name: string): string =>
  `json_extract_string(tags, ${quoted(`$."${name.replaceAll(/["\\]/g, '\\$&')}"`)})`

const firstOf = (names: readonly string[]): string => `coalesce(${names.map(tagValue).join(', ')})`

/** Kubernetes and teams, of own reports, kubecost and OpenCost, and of AWS for EKS. */
export const tagGroups = {
  namespace: namespaceTag,
  workload: firstOf([
    'workload',
    'kubernetes_workload',
    'controller',
    'aws:eks:workload-name',
    'app.kubernetes.io/name',
  ]),
  team: firstOf(['team', 'Team', 'owner', 'Owner']),
} as const
export type TagGroup = keyof typeof tagGroups

export const isTagGroup = (by: string): by is TagGroup => Object.hasOwn(tagGroups, by)

/** `team=web,team=db,env=prod`: values of a tag are alternatives, different tags apply together; `team=`: without. */
export function tagConditions(written: string | undefined): readonly string[] {
  const pairs = listOf(written).map((pair) => {
    const at = pair.indexOf('=')
    if (at > 0) return { name: pair.slice(0, at), value: pair.slice(at + 1) }
    throw new Refusal('WEIR_API_INVALID', `\`tag\` has ${pair}; it must be NAME=VALUE, or NAME= for costs without it.`)
  })
  return [...Map.groupBy(pairs, ({ name }) => name)].map(([name, of]) => {
    const values = of.map(({ value }) => quoted(value)).join(', ')
    return `coalesce(${tagValue(name)}, '') IN (${values})`
  })
}

/**
 * Keys of tags of each currency, by the costs that have them; `row` is their place.
 * @param table Rows or SQL with `currency`, `tags` and the cost.
 */
export function tagsSql(table: string, conditions: string, { cost, limit }: { cost: string; limit: number }): string {
  return `WITH filtered AS (SELECT currency, tags, sum(${cost}) AS cost FROM ${table} WHERE ${conditions}
      GROUP BY currency, tags),
      totals AS (SELECT currency, sum(cost) AS total FROM filtered GROUP BY currency),
      pairs AS (SELECT currency, cost, tags, unnest(json_keys(tags)) AS name FROM filtered WHERE tags IS NOT NULL),
      valued AS (SELECT currency, name, cost, json_extract_string(tags, '$."' ||
      replace(replace(name, '\\', '\\\\'), '"', '\\"') || '"') AS value FROM pairs),
      keys AS (SELECT currency, name, sum(cost) AS cost, count(DISTINCT value) AS values FROM valued
      WHERE value IS NOT NULL AND value <> '' GROUP BY currency, name),
      ranked AS (SELECT *, row_number() OVER (PARTITION BY currency ORDER BY cost DESC, name) AS place,
      count(*) OVER (PARTITION BY currency) AS names FROM keys)
      SELECT t.currency, t.total::VARCHAR AS total, r.name, r.cost::VARCHAR AS cost, r.values, r.names
      FROM totals t LEFT JOIN ranked r ON r.currency = t.currency AND r.place <= ${limit}
      ORDER BY t.currency, r.place`
}

export type TagRow = Readonly<{
  currency: string
  total: string
  /** null: no cost of the currency has a tag. */
  name: string | null
  cost: string | null
  values: number | null
  names: number | null
}>

export function tagsOf(rows: readonly TagRow[]): SpendTags['currencies'] {
  return [...Map.groupBy(rows, ({ currency }) => currency)].map(([currency, of]) => {
    const tags = of.flatMap(({ name, cost, values }) =>
      name === null ? [] : [{ name, cost: addDecimals([cost ?? '0']), values: Number(values) }],
    )
    return {
      currency,
      cost: addDecimals([of[0]!.total]),
      tags,
      others: Math.max(0, Number(of[0]!.names ?? 0) - tags.length),
    }
  })
}
