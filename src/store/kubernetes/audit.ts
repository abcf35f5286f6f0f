import { actorKinds } from '../../model/audit.ts'
import { quoted } from '../duck.ts'
import { position, type ViewInput } from '../read/views.ts'
import { eventsOf, textsIn } from './events.ts'

/** Places of a body, in the order in which they are read. */
const places = [
  'actor.kind', 'actor.id', 'actor.name', 'actor.domain', 'actor.impersonatedBy', 'actor.impersonatedBy.id', 'actor.impersonatedBy.name', 'actor.impersonatedBy.domain', 'actor.address',
  'service', 'action', 'resource.type', 'resource.id', 'resource.name', 'tenant', 'region', 'outcome', 'severity', 'requestId',
] as const

/** A text of the record; blank ones say nothing. */
function said(place: (typeof places)[number]): string {
  const text = `r.told[${places.indexOf(place) + 1}]`
  return `CASE WHEN trim(${text}, E' \\t\\r\\n') = '' THEN NULL ELSE ${text} END`
}

/** One of these words; NULL for another. */
function oneOf(text: string, words: readonly string[]): string {
  return `CASE WHEN ${text} IN (${words.map(quoted).join(', ')}) THEN ${text} END`
}

/** The rule of `actorKey` in src/model/audit.ts, as SQL. */
function actorRef(person: 'actor' | 'actor.impersonatedBy', nobody: string): string {
  const domain = `replace(replace(coalesce(${said(`${person}.domain`)}, ''), '%', '%25'), '/', '%2F')`
  return `coalesce('user:' || ${domain} || '/' || coalesce(${said(`${person}.id`)}, ${said(`${person}.name`)}), ${nobody})`
}

/** View `audit`: who did what, whatever told it. */
export function auditView(input: ViewInput): string {
  const kind = `coalesce(${oneOf(said('actor.kind'), actorKinds)}, 'unknown')`
  const severity = `coalesce(${oneOf(`lower(trim(${said('severity')}))`, ['normal', 'warning', 'incident'])}, 'unknown')`
  const behind = `r.told[${places.indexOf('actor.impersonatedBy') + 1}]`
  const columns = [
    'r.time',
    `${actorRef('actor', `CASE WHEN ${kind} = 'system' THEN 'system' ELSE 'unknown' END`)} AS actor`,
    `${kind} AS actor_kind`, `${said('actor.id')} AS actor_id`, `${said('actor.name')} AS actor_name`, `${said('actor.domain')} AS actor_domain`,
    `CASE WHEN ${behind} LIKE '{_%}' THEN ${actorRef('actor.impersonatedBy', "'unknown'")} END AS impersonated_by`, `${said('actor.address')} AS address`,
    `${said('service')} AS service`, `coalesce(${said('action')}, 'unknown') AS action`,
    'r.ref AS resource', `${said('resource.type')} AS resource_type`, `${said('resource.id')} AS resource_id`, `${said('resource.name')} AS resource_name`,
    `${said('tenant')} AS tenant`, "json_extract_string(r.extensions, '$.domain') AS tenant_domain", `${said('region')} AS region`,
    `coalesce(${oneOf(said('outcome'), ['success', 'failure', 'unknown'])}, 'unknown') AS outcome`, `${severity} AS severity`, `${said('requestId')} AS request_id`,
    "coalesce(json_extract_string(r.data, '$.code'), json_extract_string(r.extensions, '$.code')) AS code",
    'r.id', 'r.source', 'r.type', 'r.data', position(input),
  ]
  const texts = textsIn('data', places.map((place) => `$.audit.${place}`))
  return `SELECT ${columns.join(', ')} FROM (SELECT *, ${texts} AS told FROM (${eventsOf('audit', input)})) r`
}
