import type { ViewInput } from '../read/views.ts'
import type { ClusterRelation } from '../../model/kubernetes.ts'
import { quoted } from '../duck.ts'
import { objectEvents, timestampSql, partsOfRef, textsIn, uidOfKey } from './events.ts'

/** Partitions include the ref, so that conditions on it apply before sorting. */
function intervals(events: string): string {
  const texts = textsIn('data', ['$.since', '$.state'])
  const versions = `SELECT ref, key, data, _epoch, _sequence, _row, ${texts} AS t FROM (${events})`
  const since = timestampSql('t[1]')
  const until = `lead(${since}) OVER (PARTITION BY ref, key ORDER BY ${since}, _epoch, _sequence, _row)`
  return `SELECT ref, key, data, t[2] AS state, ${since} AS valid_from, ${until} AS valid_to FROM (${versions})`
}

function present(input: ViewInput) {
  return presentOf(objectEvents(input))
}

function presentOf(events: string) {
  return `SELECT * FROM (${intervals(events)}) WHERE state = 'present' AND (valid_to IS NULL OR valid_to > valid_from)`
}

export const nodeColumns: ReadonlySet<string> = new Set(['zone'])

/** `zoned`: the zone is needed, which pods get from their node. */
export function resourcesView(input: ViewInput, { zoned }: Readonly<{ zoned: boolean }>): string {
  return resourcesOf(objectEvents(input), zoned ? zones(input) : undefined)
}

export function resourcesOf(events: string, zones?: string): string {
  const zone = `coalesce(json_extract_string(r.data, '$.zone')${zones === undefined ? '' : ', n.zone'}) AS zone`
  const text = (path: string) => `json_extract_string(r.data, '${path}')`
  const texts = (path: string) => `coalesce(${text(path)}, [])`
  const count = (name: string) => `TRY_CAST(${text(`$.${name}`)} AS UINTEGER) AS ${name}`
  const { kind, api_group: group, namespace, name, cluster } = partsOfRef
  const node = `split_part(r.ref, '/', 1) || '//Node//' || ${text('$.node')}`
  return (
    'SELECT ' +
    `${kind} AS kind, ${group} AS api_group, ${namespace} AS namespace, ${name} AS name, ${uidOfKey} AS uid,
      ${cluster} AS cluster, ` +
    `json_extract(r.data, '$.labels') AS labels, ${text('$.node')} AS node, ${zone}, ${text('$.phase')} AS phase, ` +
    `${text('$.status')} AS status, ${['ready', 'desired', 'restarts'].map(count).join(', ')}, ` +
    `${texts('$.images[*].image')} AS images, ${texts('$.addresses[*].ip')} AS addresses,
      json_extract(r.data, '$.conditions') AS conditions, ` +
    `${text('$.owners[0].kind')} AS owner_kind, ${text('$.owners[0].name')} AS owner_name,
      ${text('$.owners[0].uid')} AS owner_uid, ` +
    `${timestampSql(text('$.created'))} AS created, r.valid_from, r.valid_to,
      ${text('$.resourceVersion')} AS resource_version, r.ref, r.data ` +
    `FROM (${presentOf(events)}) r${zones === undefined ? '' : ` LEFT JOIN (${zones}) n ON n.ref = ${node}`}`
  )
}

function zones(input: ViewInput) {
  return `SELECT ref, arg_max(zone, time) AS zone FROM (SELECT ref, time, json_extract_string(data, '$.zone') AS zone
      FROM (${objectEvents(input)}) WHERE split_part(ref, '/', 3) = 'Node') WHERE zone IS NOT NULL GROUP BY ref`
}

function refOf(group: string, kind: string, namespace: string, name: string) {
  return `split_part(r.ref, '/', 1) || '/' || ${group} || '/' || ${kind} || '/' || ${namespace} || '/' || ${name}`
}

const ownNamespace = "split_part(r.ref, '/', 4)"

/** SQL of one relation between objects. */
export type Relation = Readonly<{
  relation: ClusterRelation
  when: string
  each?: string
  from?: string
  to: string
}>

/** Owner references have no namespace. */
export const clusterOwners =
  "('Node', 'Namespace', 'PersistentVolume', 'StorageClass', 'ClusterRole', 'CustomResourceDefinition', 'APIService')"

const relations: readonly Relation[] = [
  {
    relation: 'owned-by',
    when: 'true',
    each: '$.owners',
    to: refOf(
      "coalesce(each->>'$.group', '')",
      "(each->>'$.kind')",
      `CASE WHEN (each->>'$.kind') IN ${clusterOwners} THEN '' ELSE ${ownNamespace} END`,
      "(each->>'$.name')",
    ),
  },
  {
    relation: 'runs-on',
    when: `${partsOfRef.kind} = 'Pod'`,
    to: refOf("''", "'Node'", "''", "json_extract_string(r.data, '$.node')"),
  },
  { relation: 'in-namespace', when: `${ownNamespace} <> ''`, to: refOf("''", "'Namespace'", "''", ownNamespace) },
  {
    relation: 'uses-image',
    when: `${partsOfRef.kind} = 'Pod'`,
    each: '$.images',
    // The digest identifies the image that ran.
    to:
      "'image:' || CASE WHEN (each->>'$.id') LIKE '%@sha256:%' " +
      "THEN regexp_replace(each->>'$.id', '^[a-z-]+://', '') ELSE each->>'$.image' END",
  },
  {
    relation: 'selects',
    when: `${partsOfRef.kind} = 'EndpointSlice'`,
    each: '$.endpoints',
    from: refOf("''", "'Service'", ownNamespace, "json_extract_string(r.data, '$.service')"),
    to: refOf(
      "''",
      "'Pod'",
      `coalesce(each->>'$.namespace', ${ownNamespace})`,
      "CASE WHEN (each->>'$.kind') = 'Pod' THEN each->>'$.name' END",
    ),
  },
  { relation: 'provided-by', when: `${partsOfRef.kind} = 'Node'`, to: "json_extract_string(r.data, '$.providerId')" },
]

export const clusterRelationNames: readonly string[] = relations.map(({ relation }) => relation)

/** Adjacent intervals without a change are merged. */
export function clusterRelations(input: ViewInput, named: (relation: string) => boolean): string {
  const rows = relations
    .filter(({ relation }) => named(relation))
    .map(({ relation, when, each, from = 'r.ref', to }) => {
      const source = `(SELECT * FROM (${present(input)}) r WHERE ${when})`
      const read =
        each === undefined
          ? `${source} r`
          : `(SELECT ref, data, valid_from, valid_to, unnest(CAST(json_extract(data, '${each}') AS JSON[])) AS each
              FROM ${source}) r`
      return `SELECT ${from} AS from_ref, '${relation}' AS relation, ${to} AS to_ref, r.valid_from, r.valid_to
          FROM ${read}`
    })
  const by = 'PARTITION BY from_ref, relation, to_ref'
  const before = `max(coalesce(valid_to, 'infinity'::TIMESTAMPTZ)) OVER (${by}
      ORDER BY valid_from, valid_to ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`
  const begun = `SELECT *, CASE WHEN valid_from <= ${before} THEN 0 ELSE 1 END AS is_new
      FROM (${rows.join(' UNION ALL ')}) WHERE to_ref IS NOT NULL AND from_ref IS NOT NULL`
  const numbered = `SELECT *, sum(is_new) OVER (${by} ORDER BY valid_from, valid_to ROWS UNBOUNDED PRECEDING) AS part
      FROM (${begun})`
  return `SELECT from_ref, relation, to_ref, min(valid_from) AS valid_from,
      CASE WHEN bool_or(valid_to IS NULL) THEN NULL ELSE max(valid_to) END AS valid_to FROM (${numbered})
      GROUP BY from_ref, relation, to_ref, part`
}

export type RequestedEnd = Readonly<{
  relations: ReadonlySet<string>
  refs: readonly string[]
}>

export function relationsAt(input: ViewInput, from: RequestedEnd, to: RequestedEnd, moment: string): string {
  const list = (texts: Iterable<string>) => `(${[...texts].map(quoted).join(', ')})`
  // Parses only bodies that can match.
  const isOwn = ({ relation, from: begin }: Relation) => begin === undefined && !to.relations.has(relation)
  const named = relations.filter(({ relation }) => from.relations.has(relation) || to.relations.has(relation))
  const isFromRequested = `r.ref IN ${list(from.refs)}`
  const edges = named.map((relation) => {
    const { relation: name, from: begin = 'r.ref', to: end } = relation
    const edge = `{'from_ref': ${begin}, 'relation': '${name}', 'to_ref': ${end}}`
    const items = `CAST(json_extract(r.data, '${relation.each}') AS JSON[])`
    const list = relation.each === undefined ? `[${edge}]` : `list_transform(${items}, lambda each: ${edge})`
    return `CASE WHEN ${relation.when}${isOwn(relation) ? ` AND ${isFromRequested}` : ''} THEN ${list} END`
  })
  const ends = [
    ['from_ref', from],
    ['to_ref', to],
  ] as const
  const among = ends
    .filter(([, { refs, relations: requested }]) => refs.length > 0 && requested.size > 0)
    .map(
      ([end, { refs, relations: requested }]) =>
        `(edge.relation IN ${list(requested)} AND edge.${end} IN ${list(refs)})`,
    )
  const matching =
    `SELECT edge.from_ref, edge.relation, edge.to_ref, {'begin': valid_from, 'finish': valid_to} AS time FROM
      (SELECT valid_from, valid_to, unnest(flatten([${edges.join(', ')}])) AS edge FROM (${present(input)}) r
      WHERE valid_from IS NOT NULL${named.every(isOwn) ? ` AND ${isFromRequested}` : ''}) ` +
    `WHERE edge.from_ref IS NOT NULL AND edge.to_ref IS NOT NULL AND (${among.join(' OR ')})`
  const holds = (time: string) =>
    `${time}.begin <= ${moment} AND (${time}.finish IS NULL OR ${time}.finish > ${moment})`
  const both = `{'begin': a.begin, 'finish': CASE WHEN a.finish IS NULL OR b.finish IS NULL THEN NULL
      ELSE greatest(a.finish, b.finish) END}`
  const merged = `list_reduce(list_sort(list(time)), lambda a, b: CASE WHEN a.finish IS NULL OR b.begin <= a.finish
      THEN ${both} WHEN ${holds('a')} THEN a ELSE b END)`
  return `SELECT from_ref, relation, to_ref, time.begin AS valid_from, time.finish AS valid_to FROM
      (SELECT from_ref, relation, to_ref, ${merged} AS time FROM (${matching}) GROUP BY from_ref, relation, to_ref)
      WHERE ${holds('time')}`
}
