/** View `inventory`, as in src/store/inventory. */
import { cloudTypes } from '../../model/cloud.ts'
import {
  inventoryLists,
  inventoryNumbers,
  inventoryTexts,
  oldSnapshotDays,
  taggedTypes,
} from '../../model/inventory-columns.ts'
import { eventsOf } from './rows.ts'
import { asJson, jsonOf, jsonText, text, timeOf } from './sql.ts'
import type { StoreNames } from './tables.ts'

function states(names: StoreNames): string {
  const rows = `SELECT e.* FROM (${eventsOf(names, 'resource')}) AS e WHERE startsWith(e.\`type\`, 'weir.cloud.')`
  const collection = (data: string, region: string): string => {
    const parts = [jsonText(data, 'provider'), jsonText(data, 'account'), jsonText(data, region)]
    return [...parts, jsonText(data, 'collector')].map((part) => `ifNull(${part}, '')`).join(`, '/', `)
  }
  const by = 'PARTITION BY key ORDER BY time, _epoch, _sequence, _row'
  const following = `OVER (${by} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`
  const changed = `if(r.\`type\` = ${text(cloudTypes.observed)}, NULL, toNullable(r.time))`
  const next = `SELECT r.key AS key, r.ref AS ref, r.\`type\` AS event, r.time AS valid_from, r.data AS data,
      leadInFrame(toNullable(r.time)) ${following} AS next, min(r.time) OVER (PARTITION BY key) AS first_seen,
      max(${changed}) OVER (${by} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last_change
      FROM (${rows}) AS r WHERE r.\`type\` <> ${text(cloudTypes.baseline)}`
  const baselines = `SELECT toDateTime64(ifNull(b.time, 0), 6, 'UTC') AS begun,
      concat(${collection('b.data', 'region')}) AS collection FROM (${rows}) AS b
      WHERE b.\`type\` = ${text(cloudTypes.baseline)}`
  const last = `SELECT n.*, toDateTime64(ifNull(n.valid_from, 0), 6, 'UTC') AS since,
      if(isNull(n.next), concat(${collection('n.data', 'collectorRegion')}), '') AS collection FROM (${next}) AS n`
  return `SELECT s.key AS key, s.ref AS ref, s.valid_from AS valid_from, coalesce(s.next, b.begun) AS valid_to,
      s.first_seen AS first_seen, s.last_change AS last_change, s.data AS data FROM (${last}) AS s
      ASOF LEFT JOIN (${baselines}) AS b ON s.collection = b.collection AND s.since < b.begun
      WHERE s.event <> ${text(cloudTypes.deleted)} AND (isNull(s.next) OR s.next > s.valid_from)`
}

const finding = `multiIf(i.\`type\` = 'volume' AND i.attached_to_known AND empty(i.attached_to), 'detached',
    i.\`type\` = 'ip_address' AND i.attached_to_known AND empty(i.attached_to), 'unused',
    i.\`type\` = 'load_balancer' AND i.attached_to_known AND empty(i.attached_to), 'no_targets',
    i.\`type\` = 'instance' AND i.state = 'stopped', 'stopped', i.\`type\` = 'snapshot'
    AND i.created < ifNull(i.valid_to, now64(6, 'UTC')) - toIntervalDay(${oldSnapshotDays}), 'old_snapshot',
    i.lacks_tags OR (i.uses_tags AND i.has_tags AND NOT i.tagged), 'untagged', NULL)`

/** Lists of these contain tags. */
const hasTags = Object.entries(taggedTypes)
  .map(([provider, types]) => `(i.provider = ${text(provider)} AND i.\`type\` IN (${types.map(text).join(', ')}))`)
  .join(' OR ')

export function inventoryView(names: StoreNames): string {
  const textOf = (path: string): string => jsonText('s.data', path)
  const objectOf = (member: string): string =>
    asJson(`if(JSONType(ifNull(s.data, ''), ${text(member)}) = 'Object', ${jsonOf('s.data', member)}, NULL)`)
  const parsed: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(inventoryTexts).map(([column, path]) => [column, textOf(path)])),
    ...Object.fromEntries(
      Object.entries(inventoryNumbers).map(([column, path]) => [
        column,
        `toFloat64OrNull(ifNull(${textOf(path)}, ''))`,
      ]),
    ),
    created: timeOf(textOf('createdAt')),
    cost_per_hour: `toFloat64OrNull(ifNull(${jsonText('s.data', 'costPerHour', 'amount')}, ''))`,
    currency: jsonText('s.data', 'costPerHour', 'currency'),
    ...Object.fromEntries(
      Object.entries(inventoryLists).map(([column, path]) => [
        column,
        `JSONExtract(ifNull(s.data, ''), ${text(path)}, 'Array(String)')`,
      ]),
    ),
    tags: objectOf('tags'),
    attributes: objectOf('attributes'),
  }
  const validity = ['first_seen', 'last_change', 'valid_from', 'valid_to', 'ref']
  const rows = `SELECT ${Object.entries(parsed)
    .map(([column, sql]) => `${sql} AS \`${column}\``)
    .join(', ')}, ${validity.map((column) => `s.${column} AS ${column}`).join(', ')}, s.data AS body,
      JSONHas(ifNull(s.data, ''), 'attachedTo') AS attached_to_known,
      JSONLength(ifNull(s.data, ''), 'missingTags') > 0 AS lacks_tags,
      JSONLength(ifNull(s.data, ''), 'tags') > 0 AS tagged FROM (${states(names)}) AS s`
  const marked = `SELECT i.*, ifNull(${hasTags}, 0) AS has_tags,
      max(has_tags AND i.tagged) OVER (PARTITION BY i.provider, i.account) AS uses_tags FROM (${rows}) AS i`
  const columns = Object.keys(parsed).map((column) => `i.\`${column}\` AS \`${column}\``)
  return `SELECT ${columns.join(', ')}, ${finding} AS finding, ${validity
    .map((column) => `i.${column} AS ${column}`)
    .join(', ')}, ${asJson('i.body')} AS data FROM (${marked}) AS i`
}
