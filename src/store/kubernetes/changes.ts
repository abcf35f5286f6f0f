import { kubernetesTypes } from '../../model/kubernetes.ts'
import { position, type ViewInput } from '../read/views.ts'
import { eventsOf, momentIn, partsOfRef, textsIn, uidOfKey } from './events.ts'

/** What of a change costs a look at the audit log. */
export const auditColumns: ReadonlySet<string> = new Set(['actor', 'actor_kind', 'audit_id'])

const operations = `CASE r.type WHEN '${kubernetesTypes.created}' THEN 'created' WHEN '${kubernetesTypes.updated}' THEN 'updated' WHEN '${kubernetesTypes.deleted}' THEN 'deleted' END`

/** View `changes`; `audited`: somebody asks who it was. */
export function changesView(input: ViewInput, audited: boolean): string {
  const texts = textsIn('r.data', ['$.actor.manager', '$.actor.time', '$.actor.subresource'])
  const rows = `SELECT *, ${texts} AS told FROM (${eventsOf('change', input)}) r`
  const user = 'coalesce(v.username, d.username, m.username)'
  const columns = [
    'r.time',
    ...Object.entries(partsOfRef).map(([name, sql]) => `${sql} AS ${name}`),
    `${uidOfKey} AS uid`, `${operations} AS operation`,
    audited ? `coalesce(${user}, r.told[1]) AS actor` : 'NULL::VARCHAR AS actor',
    audited ? `CASE WHEN ${user} IS NOT NULL THEN 'user' WHEN r.told[1] IS NOT NULL THEN 'manager' END AS actor_kind` : 'NULL::VARCHAR AS actor_kind',
    'r.told[1] AS manager',
    audited ? 'coalesce(v.audit_id, d.audit_id, m.audit_id) AS audit_id' : 'NULL::VARCHAR AS audit_id',
    "coalesce(CAST(json_extract(r.data, '$.coalesced') AS BOOLEAN), false) AS coalesced",
    "coalesce(CAST(json_extract(r.data, '$.initial') AS BOOLEAN), false) AS initial",
    "coalesce(CAST(json_extract(r.data, '$.noise') AS VARCHAR[]), []) AS noise",
    "coalesce(json_extract_string(r.data, '$.patch[*].path'), []) AS paths",
    "json_extract(r.data, '$.patch') AS diff",
    ...['old', 'new'].map((name) => `nullif(json_extract(r.data, '$.${name}'), 'null'::JSON) AS "${name}"`),
    "json_extract_string(r.data, '$.resourceVersion') AS resource_version",
    'r.ref', 'r.time_received', position(input),
  ]
  return `SELECT ${columns.join(', ')} FROM (${rows}) r${audited ? joined(auditsOf(input)) : ''}`
}

/** Writes that succeeded. `manager` is the name under which the server notes who wrote which field. */
function auditsOf(input: ViewInput): string {
  const texts = textsIn('data', ['$.user.username', '$.auditID', '$.object.resourceVersion', '$.object.uid', '$.verb', '$.code', '$.received', '$.completed', '$.object.subresource', '$.uri', '$.userAgent'])
  const rows = `SELECT source, subject, _epoch, _sequence, _row, ${texts} AS t FROM (${eventsOf('audit', input)}) WHERE type = '${kubernetesTypes.audit}'`
  const manager = "coalesce(nullif(url_decode(regexp_extract(t[10], '[?&]fieldManager=([^&]*)', 1)), ''), nullif(split_part(t[11], '/', 1), ''), 'unknown')"
  return `SELECT source, subject, t[1] AS username, t[2] AS audit_id, t[3] AS version, t[4] AS uid, t[5] AS verb, ${momentIn('t[7]')} AS received, coalesce(${momentIn('t[8]')}, ${momentIn('t[7]')}) AS completed, `
    + `coalesce(t[9], '') AS subresource, ${manager} AS manager FROM (${rows}) WHERE t[5] IN ('create', 'update', 'patch', 'delete') AND coalesce(TRY_CAST(t[6] AS INTEGER), 200) < 300`
}

/**
 * By the version that the request made, where the audit policy tells it. An object is deleted once: by its uid. Else by the
 * object, the manager and the second that the object itself notes of its last write: the API server's clock gave both. Two users
 * to whom that applies are no answer.
 *
 * Every condition compares a column with a column, so that all of it is looked up in tables and no row is compared with every other.
 */
function joined(audits: string): string {
  const [object, whose] = ['source, subject', 'any_value(username) AS username, any_value(audit_id) AS audit_id']
  const second = "unnest(generate_series(date_trunc('second', received), least(completed, received + INTERVAL 1 MINUTE), INTERVAL 1 SECOND)) AS second"
  const versions = `SELECT ${object}, version, ${whose} FROM (${audits}) WHERE version IS NOT NULL AND verb <> 'delete' GROUP BY ALL`
  const deletions = `SELECT ${object}, uid, arg_max(username, completed) AS username, arg_max(audit_id, completed) AS audit_id FROM (${audits}) WHERE verb = 'delete' AND uid IS NOT NULL GROUP BY ALL`
  const moments = `SELECT ${object}, subresource, manager, second, ${whose} FROM (SELECT *, ${second} FROM (${audits}) WHERE version IS NULL AND verb <> 'delete') GROUP BY ALL HAVING count(DISTINCT username) = 1`
  const on = (of: string): string => `ON r.source = ${of}.source AND r.subject = ${of}.subject`
  return ` LEFT JOIN (${versions}) v ${on('v')} AND json_extract_string(r.data, '$.resourceVersion') = v.version`
    + ` LEFT JOIN (${deletions}) d ${on('d')} AND CASE WHEN r.type = '${kubernetesTypes.deleted}' THEN ${uidOfKey} END = d.uid`
    + ` LEFT JOIN (${moments}) m ${on('m')} AND CASE WHEN r.type <> '${kubernetesTypes.deleted}' THEN r.told[1] END = m.manager AND coalesce(r.told[3], '') = m.subresource AND ${momentIn('r.told[2]')} = m.second`
}
