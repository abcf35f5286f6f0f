/** Requests of deletions without a uid; see src/store/kubernetes/deletions.ts for their meaning. */
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { actorColumns, requestsOf, rowKey } from './requests.ts'
import { eventsOf, type EventSpan } from './rows.ts'
import { jsonText, text, timeOf } from './sql.ts'
import type { StoreNames } from './tables.ts'

function deleting(names: StoreNames, span: EventSpan | undefined): string {
  const requests = requestsOf(names, ['create', 'delete', 'deletecollection'], span)
  return (
    `SELECT source, subject, username, actor_ref, audit_id, assumeNotNull(received) AS received, ` +
    `completed, match(uri, '[?&](label|field)Selector=[^&]') AS selective FROM (${requests}) ` +
    `WHERE isNull(uid) AND isNotNull(received) AND ` +
    "if(verb = 'create', subresource = 'eviction', subresource = '') AND (isNull(action) OR action IN " +
    "(type, 'delete', 'deletecollection') OR ifNull(resource_type, '') = 'pods/eviction')"
  )
}

/** Columns: those of a row's key and of its request. */
export function deletionRequests(names: StoreNames, span?: EventSpan): string {
  const isDeletion = `c.type = ${text(kubernetesTypes.deleted)}`
  const requested =
    `coalesce(${timeOf(jsonText('c.data', 'deletionRequested'))}, if(${isDeletion}, ` +
    `${timeOf(jsonText('c.data', 'old', 'metadata', 'deletionTimestamp'))} - toIntervalSecond(ifNull(toInt32OrNull(` +
    `${jsonText('c.data', 'old', 'metadata', 'deletionGracePeriodSeconds')}), 0)), NULL))`
  const rows =
    `SELECT ${rowKey.map((column) => `c.${column} AS ${column}`).join(', ')}, c.time AS time, ` +
    `${isDeletion} AS deletion, ` +
    `toDateTime64(toStartOfSecond(${requested}), 6, 'UTC') AS requested, ` +
    `${timeOf(jsonText('c.data', 'old', 'metadata', 'creationTimestamp'))} AS created, ` +
    `replaceRegexpOne(c.subject, '/[^/]*$', '') AS collection FROM (${eventsOf(names, 'change', span)}) AS c ` +
    `WHERE isNotNull(c.time) AND (${isDeletion} OR (c.type = ${text(kubernetesTypes.updated)} AND ` +
    `position(ifNull(c.data, ''), '"deletionRequested"') > 0))`
  const since = (age: string): string =>
    `coalesce(requested, if(isNull(created), time - ${age}, greatest(created, time - ${age})))`
  const spans =
    `SELECT *, assumeNotNull(if(isNull(requested), time + toIntervalSecond(5), requested + ` +
    `toIntervalMicrosecond(999999))) AS until, ${since('toIntervalMinute(1)')} AS since, ` +
    `${since('toIntervalDay(1)')} AS since_ever FROM (${rows}) WHERE deletion OR isNotNull(requested)`
  const window = 'PARTITION BY source, subject ORDER BY received, audit_id'
  const before = (column: string): string =>
    `lagInFrame(toNullable(${column})) OVER (${window} ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)`
  const changing =
    `SELECT *, ${before('username')} AS former, ${before('completed')} AS former_completed ` +
    `FROM (${deleting(names, span)})`
  // The end of the last request of another user.
  const known =
    `SELECT source, subject, received, completed, selective, ${actorColumns.join(', ')}, max(if(NOT ` +
    `(former <=> username), former_completed, NULL)) OVER (${window} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ` +
    `ROW) AS other FROM (${changing})`
  const latest = (of: string, position: string): string =>
    ` ASOF LEFT JOIN (${known}) AS ${of} ON s.source = ${of}.source AND s.${position} = ${of}.subject AND ` +
    `s.until >= ${of}.received`
  const fits = (of: string, begin: string, column: string, more = ''): string =>
    `ifNull(${of}.completed >= s.${begin}, false)${more}, if(isNull(${of}.other) OR ${of}.other < s.${begin}, ` +
    `${of}.${column}, NULL)`
  const request = actorColumns.map(
    (column) =>
      `multiIf(${fits('o', 'since', column)}, ${fits('c', 'since', column)}, ${fits('o', 'since_ever', column)}, ` +
      `${fits('c', 'since_ever', column, ' AND NOT ifNull(c.selective, 0)')}, NULL) AS ${column}`,
  )
  return (
    `SELECT ${rowKey.map((column) => `s.${column} AS ${column}`).join(', ')}, ${request.join(', ')} ` +
    `FROM (${spans}) AS s${latest('o', 'subject')}${latest('c', 'collection')}`
  )
}
