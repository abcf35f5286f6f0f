import { kubernetesTypes } from '../../model/kubernetes.ts'
import type { TimeBounds } from '../read/receipt.ts'
import type { ViewInput } from '../read/views.ts'
import { eventsOf, timestampSql, textsIn } from './events.ts'

export const rowKey = ['source', 'subject', '_source', '_epoch', '_sequence', '_row'] as const

/** From the request to an immediate deletion. */
const maxRequestDelay = 'INTERVAL 1 MINUTE'
/** Maximum lag of the clock of the observer behind the API server. */
const maxClockLag = 'INTERVAL 5 SECOND'
const maxSearchRange = 'INTERVAL 1 DAY'

/**
 * Deletions (and updates that set `deletionTimestamp`) with their `request`; NULL without a match, or with matches of
 * several users. `requests`: deleting requests without uid; `subject` is the object or collection. A request matches
 * from the creation of the object until its deletion was seen, or only in the second that the object records. Requests
 * of the last minute have priority, then those for the object. Each deletion joins the last request, so the cost does
 * not grow with deletions of a name.
 */
export function deletionsBy(requests: string, input: ViewInput, { from, to }: TimeBounds): string {
  const isDeletion = `type = '${kubernetesTypes.deleted}'`
  const bounds = [
    ...(from > -Infinity ? [` AND time >= make_timestamptz(${Math.floor(from) * 1000})`] : []),
    ...(to < Infinity ? [` AND time <= make_timestamptz(${Math.ceil(to) * 1000})`] : []),
  ].join('')
  const texts = textsIn('data', [
    '$.deletionRequested',
    '$.old.metadata.deletionTimestamp',
    '$.old.metadata.deletionGracePeriodSeconds',
    '$.old.metadata.creationTimestamp',
  ])
  const rows = `SELECT ${rowKey.join(', ')}, time, ${isDeletion} AS deletion, ${texts} AS t
      FROM (${eventsOf('change', input, { from, to })}) WHERE (${isDeletion} OR (type = '${kubernetesTypes.updated}'
      AND contains(CAST(data AS VARCHAR), '"deletionRequested"')))${bounds}`
  const requested = `coalesce(${timestampSql('t[1]')}, CASE WHEN deletion
      THEN ${timestampSql('t[2]')} - coalesce(TRY_CAST(t[3] AS INTEGER), 0) * INTERVAL 1 SECOND END)`
  const deletions = `SELECT * REPLACE (date_trunc('second', requested) AS requested) FROM
      (SELECT * EXCLUDE (t), ${requested} AS requested, ${timestampSql('t[4]')} AS created, regexp_replace(subject,
      '/[^/]*$', '') AS collection FROM (${rows})) WHERE deletion OR requested IS NOT NULL`
  const spans =
    `SELECT *, CASE WHEN requested IS NULL THEN time + ${maxClockLag}
      ELSE requested + INTERVAL 999999 MICROSECOND END AS
      until, ` +
    `coalesce(requested, greatest(created, time - ${maxRequestDelay})) AS since, coalesce(requested, greatest(created,
      time - ${maxSearchRange})) AS since_ever FROM (${deletions})`
  const inOrder = 'OVER (PARTITION BY source, subject ORDER BY received, audit_id ROWS UNBOUNDED PRECEDING)'
  const changing = `SELECT *, lag(username) OVER (PARTITION BY source, subject
      ORDER BY received, audit_id) IS DISTINCT
      FROM username AS turns, lag(completed) OVER (PARTITION BY source, subject
      ORDER BY received, audit_id) AS before FROM (${requests})`
  const known = `SELECT source, subject, received, completed, selective, {'username': username,
      'actor_ref': actor_ref, 'audit_id': audit_id} AS request, max(CASE WHEN turns THEN before END) ${inOrder} AS other
      FROM (${changing})`
  const latest = (name: string, position: string) =>
    ` ASOF LEFT JOIN known ${name} ON d.source = ${name}.source AND d.${position} = ${name}.subject
      AND d.until >= ${name}.received`
  const fits = (name: string, since: string) =>
    `WHEN ${name}.completed >= d.${since} THEN CASE WHEN ${name}.other IS NULL OR ${name}.other < d.${since}
      THEN ${name}.request END`
  const request = `CASE ${fits('o', 'since')} ${fits('c', 'since')} ${fits('o', 'since_ever')}
      ${fits('c', 'since_ever').replace('THEN', 'AND NOT c.selective THEN')} END`
  return `WITH known AS MATERIALIZED (${known}) SELECT ${rowKey.map((name) => `d.${name}`).join(', ')},
    ${request} AS request
      FROM (${spans}) d${latest('o', 'subject')}${latest('c', 'collection')}`
}
