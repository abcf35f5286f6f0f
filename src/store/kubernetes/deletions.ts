import { kubernetesTypes } from '../../model/kubernetes.ts'
import type { Receipt } from '../read/receipt.ts'
import type { ViewInput } from '../read/views.ts'
import { eventsOf, momentIn, textsIn } from './events.ts'

/** Identifies a row of the journal. */
export const rowKey = ['source', 'subject', '_source', '_epoch', '_sequence', '_row'] as const

/** A deletion that is seen as it happens is requested at most so long before. */
const soon = 'INTERVAL 1 MINUTE'
/** The clock that says when a deletion was seen may be behind that of the API server by so much. */
const behind = 'INTERVAL 5 SECOND'
const longest = 'INTERVAL 1 DAY'

/**
 * Deletions (and updates that set `deletionTimestamp`) with the request that asked for them, found by place and time: `who`, with
 * `username`, `actor_ref` and `audit_id`, or NULL where no request fits, or those of several users do.
 *
 * `requests`: rows of requests that delete, without uid: `source`, `subject` (of an object or of a collection), `received`, `completed`,
 * `username`, `actor_ref`, `audit_id`, `selective`. A request fits from when the object was made (its name had another holder before) until
 * the deletion was seen; where the object says when its deletion was requested, in that second alone. Requests of the last minute come first;
 * of one time, requests for the object come before those for its collection.
 *
 * Each deletion meets one row of requests for the object and one for the collection: the last before the deletion, which knows when another user's
 * request ended before it. So the cost does not grow with the number of deletions of the same name.
 */
export function deletionsBy(requests: string, input: ViewInput, { from, to }: Receipt): string {
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
  const rows = `SELECT ${rowKey.join(', ')}, time, ${isDeletion} AS deletion, ${texts} AS t FROM (${eventsOf('change', input, { from, to })}) WHERE (${isDeletion} OR (type = '${kubernetesTypes.updated}' AND contains(CAST(data AS VARCHAR), '"deletionRequested"')))${bounds}`
  const requested = `coalesce(${momentIn('t[1]')}, CASE WHEN deletion THEN ${momentIn('t[2]')} - coalesce(TRY_CAST(t[3] AS INTEGER), 0) * INTERVAL 1 SECOND END)`
  const deletions = `SELECT * REPLACE (date_trunc('second', requested) AS requested) FROM (SELECT * EXCLUDE (t), ${requested} AS requested, ${momentIn('t[4]')} AS created, regexp_replace(subject, '/[^/]*$', '') AS collection FROM (${rows})) WHERE deletion OR requested IS NOT NULL`
  const spans =
    `SELECT *, CASE WHEN requested IS NULL THEN time + ${behind} ELSE requested + INTERVAL 999999 MICROSECOND END AS until, ` +
    `coalesce(requested, greatest(created, time - ${soon})) AS since, coalesce(requested, greatest(created, time - ${longest})) AS since_ever FROM (${deletions})`
  // Of requests for the same place in their order: when one of another user ended last before those of this one began.
  const inOrder = 'OVER (PARTITION BY source, subject ORDER BY received, audit_id ROWS UNBOUNDED PRECEDING)'
  const changing = `SELECT *, lag(username) OVER (PARTITION BY source, subject ORDER BY received, audit_id) IS DISTINCT FROM username AS turns, lag(completed) OVER (PARTITION BY source, subject ORDER BY received, audit_id) AS before FROM (${requests})`
  const known = `SELECT source, subject, received, completed, selective, {'username': username, 'actor_ref': actor_ref, 'audit_id': audit_id} AS who, max(CASE WHEN turns THEN before END) ${inOrder} AS other FROM (${changing})`
  const latest = (name: string, place: string): string =>
    ` ASOF LEFT JOIN known ${name} ON d.source = ${name}.source AND d.${place} = ${name}.subject AND d.until >= ${name}.received`
  const fits = (name: string, since: string): string =>
    `WHEN ${name}.completed >= d.${since} THEN CASE WHEN ${name}.other IS NULL OR ${name}.other < d.${since} THEN ${name}.who END`
  const who = `CASE ${fits('o', 'since')} ${fits('c', 'since')} ${fits('o', 'since_ever')} ${fits('c', 'since_ever').replace('THEN', 'AND NOT c.selective THEN')} END`
  // Few, and read twice.
  return `WITH known AS MATERIALIZED (${known}) SELECT ${rowKey.map((name) => `d.${name}`).join(', ')}, ${who} AS who FROM (${spans}) d${latest('o', 'subject')}${latest('c', 'collection')}`
}
