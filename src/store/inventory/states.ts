import { cloudTypes } from '../../model/cloud.ts'
import { quoted } from '../duck.ts'
import { eventsOf } from '../kubernetes/events.ts'
import type { ViewInput } from '../read/views.ts'

const body = (path: string): string => `json_extract_string(data, '$.${path}')`

const collection = (region: string): string =>
  `concat_ws('/', ${body('provider')}, ${body('account')}, ${body(region)}, ${body('collector')})`

function cloudEvents(input: ViewInput): string {
  return `SELECT key, ref, type, time, data, _epoch, _sequence, _row FROM (${eventsOf('resource', input)})
      WHERE starts_with(type, 'weir.cloud.') AND key IS NOT NULL`
}

/** Starts of the lists of collectors. A list ends the states of its collector that it does not contain. */
export function baselinesSql(input: ViewInput): string {
  return `SELECT time AS begun, ${collection('region')} AS collection FROM (${cloudEvents(input)})
      WHERE type = ${quoted(cloudTypes.baseline)}`
}

/** Bodies of an unchanged resource differ in the time of detection, and after a change in its list. */
const content = `regexp_replace(CASE WHEN type = ${quoted(cloudTypes.changed)}
    THEN json_merge_patch(data::JSON, '{"changes":null}')::VARCHAR ELSE data END, ',"detectedAt":[0-9]+', '')`

/** The first list after the last step of a resource that it does not contain. */
export function endedSql(lasts: string, baselines: string): string {
  return `SELECT l.key, b.begun AS ended FROM (${lasts}) l ASOF JOIN (${baselines}) b
      ON l.collection = b.collection AND l.time < b.begun`
}

export const stepOrder = ['time', 'e', 's', 'n'] as const

/** Columns of {@link stepsSql} that a stored state has as well: it is the first step of later events. */
export const stepColumns = [
  'key',
  'ref',
  'event',
  'time',
  'began',
  'first_seen',
  'last_change',
  'e',
  's',
  'n',
  'content',
  'data',
] as const

/** Events of resources. Equal `content` is an unchanged resource. */
export function stepsSql(input: ViewInput): string {
  return `SELECT key, ref, type AS event, time, time AS began, time AS first_seen,
      CASE WHEN type <> ${quoted(cloudTypes.observed)} THEN time END AS last_change, _epoch AS e, _sequence AS s,
      _row AS n, hash(${content}) AS content, data
      FROM (${cloudEvents(input)}) WHERE type <> ${quoted(cloudTypes.baseline)}`
}

/**
 * States of resources from `began` to `next`, of each key in the order of its steps. Observations of an unchanged
 * resource extend its state, which keeps its first body. The last step of a key stays, also a deletion; its
 * `collection` may end it.
 */
export function statesSql(steps: string): string {
  const w = `PARTITION BY key ORDER BY ${stepOrder.join(', ')}`
  const before = 'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'
  const ordered = `SELECT * REPLACE (min(first_seen) OVER (PARTITION BY key) AS first_seen,
      last_value(last_change IGNORE NULLS) OVER (${w} ${before}) AS last_change), lead(time) OVER w AS next,
      coalesce(event = ${quoted(cloudTypes.observed)} AND content = lag(content) OVER w
      AND lag(event) OVER w <> ${quoted(cloudTypes.deleted)}, false) AS same FROM (${steps}) WINDOW w AS (${w})`
  const first = (column: string): string =>
    `last_value(CASE WHEN NOT same THEN ${column} END IGNORE NULLS) OVER (${w} ${before}) AS ${column}`
  const runs = `SELECT * REPLACE (${first('began')}, ${first('data')}), coalesce(lead(same) OVER (${w}), false)
      AS continues FROM (${ordered})`
  return `SELECT * EXCLUDE (same, continues), CASE WHEN next IS NULL THEN ${collection('collectorRegion')} END
      AS collection FROM (${runs}) WHERE NOT continues
      AND (next IS NULL OR (event <> ${quoted(cloudTypes.deleted)} AND next > began))`
}
