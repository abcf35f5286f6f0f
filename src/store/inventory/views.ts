import { cloudTypes } from '../../model/cloud.ts'
import { inventoryLists, inventoryNumbers, inventoryTexts, oldSnapshotDays } from '../../model/inventory-columns.ts'
import { quoted } from '../duck.ts'
import { eventsOf, textsIn, timestampSql } from '../kubernetes/events.ts'
import type { Statement } from '../read/statement.ts'
import type { ViewInput } from '../read/views.ts'

const body = (path: string): string => `json_extract_string(data, '$.${path}')`
const isObject = (path: string): string => `json_type(data, '$.${path}') = 'OBJECT'`
/** Without the list, the use is unknown. */
const detached = "json_array_length(data, '$.attachedTo') = 0 AND json_type(data, '$.attachedTo') = 'ARRAY'"

/**
 * States of a resource, each until the next. A new baseline of a collector ends the states that it does not contain.
 * Bodies are parsed after the conditions on validity apply.
 */
function states(input: ViewInput): string {
  const rows = `SELECT key, ref, type AS event, time, data, _epoch AS e, _sequence AS s, _row AS n
      FROM (${eventsOf('resource', input)}) WHERE starts_with(type, 'weir.cloud.')`
  const collection = (path: string): string =>
    `concat_ws('/', ${body('provider')}, ${body('account')}, ${path}, ${body('collector')})`
  const next = `SELECT key, ref, event, time AS valid_from, data, lead(time) OVER w AS next,
      min(time) OVER (PARTITION BY key, ref) AS first_seen, last_value(CASE WHEN event <> ${quoted(cloudTypes.observed)}
      THEN time END IGNORE NULLS) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last_change
      FROM (${rows}) WHERE event <> ${quoted(cloudTypes.baseline)}
      WINDOW w AS (PARTITION BY key, ref ORDER BY time, e, s, n)`
  const baselines = `SELECT time AS begun, ${collection(body('region'))} AS collection FROM (${rows})
      WHERE event = ${quoted(cloudTypes.baseline)}`
  return `SELECT s.key, s.ref, s.valid_from, coalesce(s.next, b.begun) AS valid_to, s.first_seen, s.last_change, s.data
      FROM (SELECT *, CASE WHEN next IS NULL THEN ${collection(body('collectorRegion'))} END AS collection
      FROM (${next})) s ASOF LEFT JOIN (${baselines}) b ON s.collection = b.collection AND s.valid_from < b.begun
      WHERE s.event <> ${quoted(cloudTypes.deleted)} AND (s.next IS NULL OR s.next > s.valid_from)`
}

const finding = `CASE WHEN type = 'volume' AND detached THEN 'detached'
    WHEN type = 'ip_address' AND detached THEN 'unused'
    WHEN type = 'instance' AND state = 'stopped' THEN 'stopped'
    WHEN type = 'snapshot' AND created < coalesce(valid_to, now()) - INTERVAL ${oldSnapshotDays} DAY
    THEN 'old_snapshot' END`

const paths = [
  ...Object.values(inventoryTexts),
  ...Object.values(inventoryNumbers),
  'createdAt',
  'costPerHour.amount',
  'costPerHour.currency',
]
/** Bodies are parsed once for all texts. */
const text = (path: string): string => `t[${paths.indexOf(path) + 1}]`

export function inventoryView(input: ViewInput): string {
  const columns = [
    ...Object.entries(inventoryTexts).map(([name, path]) => `${text(path)} AS ${name}`),
    ...Object.entries(inventoryNumbers).map(([name, path]) => `TRY_CAST(${text(path)} AS DOUBLE) AS ${name}`),
    `${timestampSql(text('createdAt'))} AS created`,
    `TRY_CAST(${text('costPerHour.amount')} AS DOUBLE) AS cost_per_hour`,
    `${text('costPerHour.currency')} AS currency`,
    ...Object.entries(inventoryLists).map(
      ([name, path]) => `coalesce(json_extract_string(data, '$.${path}[*]'), []) AS ${name}`,
    ),
    ...['tags', 'attributes'].map(
      (name) => `CASE WHEN ${isObject(name)} THEN json_extract(data, '$.${name}') END AS ${name}`,
    ),
  ]
  const validity = 'first_seen, last_change, valid_from, valid_to, ref, data'
  const parsed = `SELECT ${validity}, ${textsIn(
    'data',
    paths.map((path) => `$.${path}`),
  )} AS t FROM (${states(input)})`
  return `SELECT * EXCLUDE (detached, ${validity}), ${finding} AS finding, ${validity} FROM
      (SELECT ${columns.join(', ')}, ${detached} AS detached, ${validity} FROM (${parsed}))`
}

export function inventoryViews({ tables, reads }: Pick<Statement, 'tables' | 'reads'>, input: ViewInput): string {
  return (reads ?? tables).has('inventory') ? `; CREATE TEMP VIEW inventory AS ${inventoryView(input)}` : ''
}
