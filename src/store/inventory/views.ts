import { cloudTypes } from '../../model/cloud.ts'
import {
  inventoryLists,
  inventoryNumbers,
  inventoryTexts,
  oldSnapshotDays,
  taggedTypes,
} from '../../model/inventory-columns.ts'
import { quoted } from '../duck.ts'
import { textsIn, timestampSql } from '../kubernetes/events.ts'
import type { Statement } from '../read/statement.ts'
import type { ViewInput } from '../read/views.ts'
import { baselinesSql, endedSql, statesSql, stepsSql } from './states.ts'

/** Without the list, the use is unknown. */
const detached = "json_array_length(data, '$.attachedTo') = 0 AND json_type(data, '$.attachedTo') = 'ARRAY'"

/** Lists of these contain tags. */
const hasTags = `(${Object.entries(taggedTypes)
  .map(([provider, types]) => `(provider = ${quoted(provider)} AND type IN (${types.map(quoted).join(', ')}))`)
  .join(' OR ')})`

/** Required tags are missing. */
const lacksTags = "coalesce(json_array_length(data, '$.missingTags'), 0) > 0"

const finding = `CASE WHEN type = 'volume' AND detached THEN 'detached'
    WHEN type = 'ip_address' AND detached THEN 'unused'
    WHEN type = 'load_balancer' AND detached THEN 'no_targets'
    WHEN type = 'instance' AND state = 'stopped' THEN 'stopped'
    WHEN type = 'snapshot' AND created < coalesce(valid_to, now()) - INTERVAL ${oldSnapshotDays} DAY
    THEN 'old_snapshot'
    WHEN lacks_tags OR (uses_tags AND ${hasTags} AND NOT tagged) THEN 'untagged' END`

const paths = [
  ...Object.values(inventoryTexts),
  ...Object.values(inventoryNumbers),
  'createdAt',
  'costPerHour.amount',
  'costPerHour.currency',
]

/** Bodies are parsed once for all texts. */
const text = (path: string): string => `t[${paths.indexOf(path) + 1}]`

const columns: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(inventoryTexts).map(([name, path]) => [name, text(path)])),
  ...Object.fromEntries(
    Object.entries(inventoryNumbers).map(([name, path]) => [name, `TRY_CAST(${text(path)} AS DOUBLE)`]),
  ),
  created: timestampSql(text('createdAt')),
  cost_per_hour: `TRY_CAST(${text('costPerHour.amount')} AS DOUBLE)`,
  currency: text('costPerHour.currency'),
  ...Object.fromEntries(
    Object.entries(inventoryLists).map(([name, path]) => [
      name,
      `coalesce(json_extract_string(data, '$.${path}[*]'), [])`,
    ]),
  ),
  ...Object.fromEntries(
    ['tags', 'attributes'].map((name) => [
      name,
      `CASE WHEN json_type(data, '$.${name}') = 'OBJECT' THEN json_extract(data, '$.${name}') END`,
    ]),
  ),
}

/** States with the columns of the view. */
export function parsedStates(states: string): string {
  const parsed = Object.entries(columns).map(([name, sql]) => `${sql} AS ${name}`)
  const texts = textsIn(
    'data',
    paths.map((path) => `$.${path}`),
  )
  return `SELECT * EXCLUDE (t), ${parsed.join(', ')}, ${detached} AS detached, ${lacksTags} AS lacks_tags
      FROM (SELECT *, ${texts} AS t FROM (${states}))`
}

function intervals(input: ViewInput): string {
  const { inventory: database } = input
  const closed = (states: string, ended: string): string => `SELECT s.*, s.began AS valid_from,
      coalesce(s.next, e.ended) AS valid_to, coalesce(s.tags::VARCHAR <> '{}', false) AS tagged,
      u.account IS NOT NULL AS uses_tags FROM ${states} s LEFT JOIN ${ended} e ON s.next IS NULL AND s.key = e.key
      LEFT JOIN (SELECT DISTINCT provider, account FROM ${states} WHERE ${hasTags} AND tags::VARCHAR <> '{}') u
      ON s.provider = u.provider AND s.account = u.account WHERE s.event <> ${quoted(cloudTypes.deleted)}`
  if (database !== undefined) return closed(`${database}.states`, `${database}.ended`)
  const lasts = 'SELECT key, collection, time FROM states WHERE next IS NULL'
  return `WITH states AS MATERIALIZED (${parsedStates(statesSql(stepsSql(input)))})
      ${closed('states', `(${endedSql(lasts, baselinesSql(input))})`)}`
}

export function inventoryView(input: ViewInput): string {
  return `SELECT ${Object.keys(columns).join(', ')}, ${finding} AS finding, first_seen, last_change, valid_from,
      valid_to, ref, data FROM (${intervals(input)})`
}

export function inventoryViews({ tables, reads }: Pick<Statement, 'tables' | 'reads'>, input: ViewInput): string {
  return (reads ?? tables).has('inventory') ? `; CREATE TEMP VIEW inventory AS ${inventoryView(input)}` : ''
}
