/** Views `changes` and `changes_between`, with the meaning of src/store/kubernetes/changes.ts and deletions.ts. */
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { deletionRequests } from './deletions.ts'
import { actorColumns, requestsOf, rowKey } from './requests.ts'
import { eventsOf, type EventSpan } from './rows.ts'
import { asJson, jsonFlag, jsonOf, jsonText, partsOfRef, text, timeOf, uidOf } from './sql.ts'
import type { StoreNames } from './tables.ts'

const deleted = text(kubernetesTypes.deleted)
const operation =
  `transform(r.type, [${text(kubernetesTypes.created)}, ${text(kubernetesTypes.updated)}, ${deleted}], ` +
  "['created', 'updated', 'deleted'], NULL)"

export function changesView(names: StoreNames, span?: EventSpan): string {
  const user = 'coalesce(v.username, d.username, m.username)'
  // The last field manager need not have deleted the object.
  const manager = 'if(isNull(r.requested), r.manager, NULL)'
  const columns: Readonly<Record<string, string>> = {
    time: 'r.time',
    ...partsOfRef('r.ref'),
    uid: uidOf('r.key'),
    operation,
    actor: `coalesce(${user}, ${manager})`,
    actor_kind: `multiIf(isNotNull(${user}), 'user', isNotNull(${manager}), 'manager', NULL)`,
    manager: 'r.manager',
    audit_id: 'coalesce(v.audit_id, d.audit_id, m.audit_id)',
    coalesced: jsonFlag('r.data', 'coalesced'),
    initial: jsonFlag('r.data', 'initial'),
    noise: "JSONExtract(ifNull(r.data, ''), 'noise', 'Array(String)')",
    paths: "arrayMap(step -> JSONExtractString(step, 'path'), JSONExtractArrayRaw(ifNull(r.data, ''), 'patch'))",
    diff: asJson(jsonOf('r.data', 'patch')),
    old: asJson(`nullIf(${jsonOf('r.data', 'old')}, 'null')`),
    new: asJson(`nullIf(${jsonOf('r.data', 'new')}, 'null')`),
    resource_version: jsonText('r.data', 'resourceVersion'),
    ref: 'r.ref',
    subject: 'r.subject',
    time_received: 'r.time_received',
    _pos: 'r._pos',
    actor_ref: 'coalesce(v.actor_ref, d.actor_ref, m.actor_ref)',
    id: 'r.id',
  }
  const list = Object.entries(columns).map(([column, sql]) => `${sql} AS \`${column}\``)
  return `SELECT ${list.join(', ')} FROM (${changes(names, span)}) AS r${requests(names, span)}`
}

/** With the parameters of a span: without it a query reads all audit events. */
export function changesBetween(names: StoreNames): string {
  return changesView(names, { from: '{from:Int64}', to: '{to:Int64}' })
}

function changes(names: StoreNames, span: EventSpan | undefined): string {
  const isDeletion = `c.type = ${deleted}`
  const manager = jsonText('c.data', 'actor', 'manager')
  const requested = jsonText('c.data', 'deletionRequested')
  // What a request has to be equal to; NULL equals none.
  const mark = `if(${isDeletion}, ${uidOf('c.key')}, ${jsonText('c.data', 'resourceVersion')})`
  const writer = `if(${isDeletion} OR isNotNull(${requested}), NULL, ${manager})`
  return (
    `SELECT c.*, ${manager} AS manager, ${requested} AS requested, ${mark} AS mark, ${writer} AS writer, ` +
    `ifNull(${jsonText('c.data', 'actor', 'subresource')}, '') AS subresource, toUnixTimestamp64Micro(` +
    `${timeOf(jsonText('c.data', 'actor', 'time'))}) AS written FROM (${eventsOf(names, 'change', span)}) AS c`
  )
}

/** By the version that the request created; deletions; then by field manager and second. */
function requests(names: StoreNames, span: EventSpan | undefined): string {
  const audits = requestsOf(names, ['create', 'update', 'patch', 'delete'], span)
  const best = (choice: 'argMin' | 'argMax'): string =>
    actorColumns.map((column) => `${choice}(a.${column}, a.completed) AS ${column}`).join(', ')
  // A request without effect returns the existing version.
  const marks =
    `SELECT a.source AS source, a.subject AS subject, a.mark AS mark, ${best('argMin')}, min(a.received) AS received ` +
    `FROM (SELECT *, arrayJoin([version, if(verb = 'delete', uid, NULL)]) AS mark FROM (${audits})) AS a ` +
    'WHERE isNotNull(a.mark) GROUP BY source, subject, mark'
  const second =
    'arrayJoin(range(toUnixTimestamp(assumeNotNull(received)), greatest(toUnixTimestamp(assumeNotNull(received)), ' +
    'toUnixTimestamp(least(assumeNotNull(completed), assumeNotNull(received) + toIntervalMinute(1))) + 1)))'
  const moments =
    `SELECT a.source AS source, a.subject AS subject, a.subresource AS subresource, a.manager AS manager, ` +
    `toInt64(a.second) * 1000000 AS second, ${best('argMax')}, fromUnixTimestamp64Micro(toInt64(a.second) * 1000000, ` +
    `'UTC') AS received FROM (SELECT *, ${second} AS second FROM (${audits}) WHERE isNull(version) AND ` +
    `verb <> 'delete' AND isNotNull(received)) AS a GROUP BY a.source, a.subject, a.subresource, a.manager, a.second ` +
    'HAVING uniqExact(a.username) = 1'
  // Relative to when the change was seen: clocks differ.
  const on = (of: string): string =>
    `ON r.source = ${of}.source AND r.subject = ${of}.subject AND ${of}.received >= r.time - toIntervalDay(1) AND ` +
    `${of}.received <= r.time + toIntervalHour(1)`
  return (
    ` LEFT JOIN (${marks}) AS v ${on('v')} AND r.mark = v.mark` +
    ` LEFT JOIN (${moments}) AS m ${on('m')} AND r.writer = m.manager AND r.subresource = m.subresource AND ` +
    'r.written = m.second' +
    ` LEFT JOIN (${deletionRequests(names, span)}) AS d ON ` +
    rowKey.map((column) => `r.${column} = d.${column}`).join(' AND ')
  )
}
