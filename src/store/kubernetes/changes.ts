import { kubernetesTypes } from '../../model/kubernetes.ts'
import { quoted } from '../duck.ts'
import { msPerHour } from '../names.ts'
import type { TimeBounds } from '../read/receipt.ts'
import { position, type ViewInput } from '../read/views.ts'
import { deletionsBy, rowKey } from './deletions.ts'
import { eventsOf, timestampSql, partsOfRef, textsIn, uidOfKey } from './events.ts'

export const auditColumns: ReadonlySet<string> = new Set(['actor', 'actor_kind', 'actor_ref', 'audit_id'])

const operations = `CASE r.type WHEN '${kubernetesTypes.created}' THEN 'created' WHEN '${kubernetesTypes.updated}'
    THEN 'updated' WHEN '${kubernetesTypes.deleted}' THEN 'deleted' END`

const [earlier, later] = [
  { ms: 24 * msPerHour, sql: 'INTERVAL 1 DAY' },
  { ms: msPerHour, sql: 'INTERVAL 1 HOUR' },
]

/** `audited`: bounds of changes that need an actor. `when`: bounds of the changes. */
export function changesView(input: ViewInput, audited: TimeBounds | undefined, when?: TimeBounds): string {
  const texts = textsIn('r.data', ['$.actor.manager', '$.actor.time', '$.actor.subresource', '$.deletionRequested'])
  const rows = `SELECT *, ${texts} AS texts FROM (${eventsOf('change', input, when)}) r`
  const user = 'coalesce(v.username, d.request.username, m.username)'
  // The last field manager need not have deleted the object.
  const manager = 'CASE WHEN r.texts[4] IS NULL THEN r.texts[1] END'
  const columns = [
    'r.time',
    ...Object.entries(partsOfRef).map(([name, sql]) => `${sql} AS ${name}`),
    `${uidOfKey} AS uid`,
    `${operations} AS operation`,
    audited !== undefined ? `coalesce(${user}, ${manager}) AS actor` : 'NULL::VARCHAR AS actor',
    audited !== undefined
      ? `CASE WHEN ${user} IS NOT NULL THEN 'user' WHEN ${manager} IS NOT NULL THEN 'manager' END AS actor_kind`
      : 'NULL::VARCHAR AS actor_kind',
    'r.texts[1] AS manager',
    audited !== undefined
      ? 'coalesce(v.audit_id, d.request.audit_id, m.audit_id) AS audit_id'
      : 'NULL::VARCHAR AS audit_id',
    "coalesce(CAST(json_extract(r.data, '$.coalesced') AS BOOLEAN), false) AS coalesced",
    "coalesce(CAST(json_extract(r.data, '$.initial') AS BOOLEAN), false) AS initial",
    "coalesce(CAST(json_extract(r.data, '$.noise') AS VARCHAR[]), []) AS noise",
    "coalesce(json_extract_string(r.data, '$.patch[*].path'), []) AS paths",
    "json_extract(r.data, '$.patch') AS diff",
    ...['old', 'new'].map((name) => `nullif(json_extract(r.data, '$.${name}'), 'null'::JSON) AS "${name}"`),
    "json_extract_string(r.data, '$.resourceVersion') AS resource_version",
    'r.ref',
    'r.subject',
    'r.time_received',
    position(input),
    audited !== undefined
      ? 'coalesce(v.actor_ref, d.request.actor_ref, m.actor_ref) AS actor_ref'
      : 'NULL::VARCHAR AS actor_ref',
    'r.id',
  ]
  return `SELECT ${columns.join(', ')} FROM (${rows}) r${audited === undefined ? '' : joined(input, audited)}`
}

function requestsOf(input: ViewInput, { from, to }: TimeBounds, verbs: readonly string[], among = 'true'): string {
  const bounds = [
    ...(from > -Infinity ? [` AND time >= make_timestamptz(${Math.floor(from - earlier.ms) * 1000})`] : []),
    ...(to < Infinity ? [` AND time <= make_timestamptz(${Math.ceil(to + later.ms) * 1000})`] : []),
  ].join('')
  const texts = textsIn('data', [
    '$.user.username',
    '$.auditID',
    '$.object.resourceVersion',
    '$.object.uid',
    '$.verb',
    '$.code',
    '$.received',
    '$.completed',
    '$.object.subresource',
    '$.uri',
    '$.userAgent',
    '$.cluster',
    '$.user.uid',
  ])
  const rows = `SELECT source, subject, ${texts} AS t
      FROM (${eventsOf('audit', input, { from: from - earlier.ms, to: to + later.ms })})
      WHERE type = '${kubernetesTypes.audit}' AND ${among}${bounds}`
  const manager =
    "coalesce(nullif(url_decode(regexp_extract(t[10], '[?&]fieldManager=([^&]*)', 1)), ''), " +
    "nullif(split_part(t[11], '/', 1), ''), 'unknown')"
  // As `actorKey` in src/model/audit.ts, for kube-audit sources.
  const actor =
    "'user:' || replace(replace(t[12], '%', '%25'), '/', '%2F') || '/' || coalesce(nullif(t[13], ''), nullif(t[1], ''))"
  return (
    `SELECT source, subject, t[1] AS username, ${actor} AS actor_ref, t[2] AS audit_id, t[3] AS version, t[4] AS uid,
      t[5] AS verb, ${timestampSql('t[7]')} AS received,
        coalesce(${timestampSql('t[8]')}, ${timestampSql('t[7]')}) AS completed,
      ` +
    `coalesce(t[9], '') AS subresource, t[10] AS uri, ${manager} AS manager FROM (${rows})
      WHERE t[5] IN (${verbs.map(quoted).join(', ')}) AND coalesce(TRY_CAST(t[6] AS INTEGER), 200) < 300
      AND NOT regexp_matches(coalesce(t[10], ''), '[?&]dryRun=All')`
  )
}

function deletingOf(input: ViewInput, audited: TimeBounds): string {
  const requests = requestsOf(
    input,
    audited,
    ['create', 'delete', 'deletecollection'],
    "(action IS NULL OR action IN (type, 'delete', 'deletecollection') OR resource_type = 'pods/eviction')",
  )
  return `SELECT source, subject, username, actor_ref, audit_id, received, completed, regexp_matches(coalesce(uri,
      ''), '[?&](label|field)Selector=[^&]') AS selective FROM (${requests}) WHERE uid IS NULL
      AND received IS NOT NULL AND CASE WHEN verb = 'create' THEN subresource = 'eviction' ELSE subresource = '' END`
}

/**
 * Preference: the resource version that the request created; deletions, see {@link deletionsBy}; object, field manager
 * and second of the last write. With two users the actor is NULL. Each condition starts with an equality, for hash
 * joins.
 */
function joined(input: ViewInput, audited: TimeBounds): string {
  const audits = requestsOf(input, audited, ['create', 'update', 'patch', 'delete'])
  const object = 'source, subject'
  const requestColumns = (choice: 'arg_min' | 'arg_max') =>
    ['username', 'actor_ref', 'audit_id'].map((name) => `${choice}(${name}, completed) AS ${name}`).join(', ')
  const second = `unnest(generate_series(date_trunc('second', received), least(completed, received + INTERVAL 1 MINUTE),
      INTERVAL 1 SECOND)) AS second`
  // A request without effect returns the existing version.
  const marks = `SELECT ${object}, mark, ${requestColumns('arg_min')}, min(received) AS received FROM
      (SELECT *, unnest([version, CASE WHEN verb = 'delete' THEN uid END]) AS mark FROM (${audits}))
      WHERE mark IS NOT NULL GROUP BY ALL`
  const moments = `SELECT ${object}, subresource, manager, second, ${requestColumns('arg_max')}, second AS received FROM
      (SELECT *, ${second} FROM (${audits}) WHERE version IS NULL AND verb <> 'delete') GROUP BY ALL
      HAVING count(DISTINCT username) = 1`
  const on = (of: string) =>
    `ON r.source = ${of}.source AND r.subject = ${of}.subject AND ${of}.received >= r.time - ${earlier.sql}
      AND ${of}.received <= r.time + ${later.sql}`
  const deleted = `r.type = '${kubernetesTypes.deleted}'`
  return (
    ` LEFT JOIN (${marks}) v ${on('v')} AND CASE WHEN ${deleted} THEN ${uidOfKey} ELSE json_extract_string(r.data,
      '$.resourceVersion') END = v.mark` +
    ` LEFT JOIN (${moments}) m ${on('m')}
      AND CASE WHEN ${deleted} OR r.texts[4] IS NOT NULL THEN NULL ELSE r.texts[1] END = m.manager
      AND coalesce(r.texts[3], '') = m.subresource AND ${timestampSql('r.texts[2]')} = m.second` +
    ` LEFT JOIN (${deletionsBy(deletingOf(input, audited), input, audited)}) d ON
      ${rowKey.map((name) => `r.${name} = d.${name}`).join(' AND ')}`
  )
}
