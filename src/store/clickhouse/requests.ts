/** Requests of Kubernetes that may have made a change. */
import { kubernetesTypes } from '../../model/kubernetes.ts'
import { eventsOf, type EventSpan } from './rows.ts'
import { jsonText, text, timeOf } from './sql.ts'
import type { StoreNames } from './tables.ts'

export const rowKey = ['source', 'subject', '_source', '_epoch', '_sequence', '_row'] as const
/** Columns of a request that names the actor. */
export const actorColumns = ['username', 'actor_ref', 'audit_id'] as const

/** Of the requests of changes in a span: clocks differ, and changes are seen later. As in the embedded store. */
function requestSpan({ from, to }: EventSpan): EventSpan {
  return { from: `${from} - 86400000000`, to: `${to} + 3600000000` }
}

/** Successful requests of Kubernetes. `span`: of the changes. */
export function requestsOf(names: StoreNames, verbs: readonly string[], span?: EventSpan): string {
  const columns: Readonly<Record<string, string>> = {
    username: jsonText('a.data', 'user', 'username'),
    // As `actorKey` in src/model/audit.ts, for kube-audit sources.
    actor_ref:
      `concat('user:', replaceAll(replaceAll(${jsonText('a.data', 'cluster')}, '%', '%25'), '/', '%2F'), '/', ` +
      `coalesce(nullIf(${jsonText('a.data', 'user', 'uid')}, ''), ` +
      `nullIf(${jsonText('a.data', 'user', 'username')}, '')))`,
    audit_id: jsonText('a.data', 'auditID'),
    version: jsonText('a.data', 'object', 'resourceVersion'),
    uid: jsonText('a.data', 'object', 'uid'),
    verb: jsonText('a.data', 'verb'),
    status: jsonText('a.data', 'code'),
    received: timeOf(jsonText('a.data', 'received')),
    completed: `coalesce(${timeOf(jsonText('a.data', 'completed'))}, ${timeOf(jsonText('a.data', 'received'))})`,
    subresource: `ifNull(${jsonText('a.data', 'object', 'subresource')}, '')`,
    uri: `ifNull(${jsonText('a.data', 'uri')}, '')`,
    manager:
      `coalesce(nullIf(decodeURLComponent(extract(ifNull(${jsonText('a.data', 'uri')}, ''), ` +
      `'[?&]fieldManager=([^&]*)')), ''), ` +
      `nullIf(splitByChar('/', ifNull(${jsonText('a.data', 'userAgent')}, ''))[1], ` +
      "''), 'unknown')",
  }
  const list = Object.entries(columns).map(([column, sql]) => `${sql} AS ${column}`)
  const events = eventsOf(names, 'audit', span === undefined ? undefined : requestSpan(span))
  return (
    `SELECT * FROM (SELECT a.source AS source, a.subject AS subject, a.action AS action, a.type AS type, ` +
    `a.resource_type AS resource_type, ${list.join(', ')} FROM (${events}) AS a WHERE a.type = ` +
    `${text(kubernetesTypes.audit)}) WHERE verb IN (${verbs.map(text).join(', ')}) AND ` +
    "ifNull(toInt32OrNull(status), 200) < 300 AND NOT match(uri, '[?&]dryRun=All')"
  )
}
