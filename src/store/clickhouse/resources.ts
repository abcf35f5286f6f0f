/** View `resources`, and relations of resources, as in src/store/kubernetes/resources.ts. */
import { clusterOwners, type Relation } from '../kubernetes/resources.ts'
import { eventsOf } from './rows.ts'
import { asJson, jsonOf, jsonText, partOf, partsOfRef, text, timeOf, uidOf } from './sql.ts'
import type { StoreNames } from './tables.ts'

/** States of an object, each until the next. */
function present(names: StoreNames): string {
  const versions =
    `SELECT e.ref AS ref, e.key AS key, e.data AS data, e._epoch AS _epoch, e._sequence AS _sequence, ` +
    `e._row AS _row, ` +
    `${jsonText('e.data', 'state')} AS state, ${timeOf(jsonText('e.data', 'since'))} AS valid_from ` +
    `FROM (${eventsOf(names, 'resource')}) AS e`
  const until =
    'leadInFrame(toNullable(valid_from)) OVER (PARTITION BY ref, key ORDER BY valid_from, _epoch, _sequence, _row ' +
    'ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)'
  return (
    `SELECT * FROM (SELECT ref, key, data, state, valid_from, ${until} AS valid_to FROM (${versions})) WHERE ` +
    "state = 'present' AND (isNull(valid_to) OR valid_to > valid_from)"
  )
}

function zones(names: StoreNames): string {
  const zone = jsonText('e.data', 'zone')
  return (
    `SELECT z.ref AS ref, argMax(z.zone, z.time) AS zone FROM (SELECT e.ref AS ref, e.time AS time, ${zone} AS zone ` +
    `FROM (${eventsOf(names, 'resource')}) AS e WHERE ${partOf('e.ref', 3)} = 'Node') AS z WHERE isNotNull(z.zone) ` +
    'GROUP BY z.ref'
  )
}

export function resourcesView(names: StoreNames): string {
  const { kind, api_group, namespace, name, cluster } = partsOfRef('r.ref')
  const textOf = (...keys: readonly (string | number)[]): string => jsonText('r.data', ...keys)
  const data = "ifNull(r.data, '')"
  const countOf = (key: string): string => `JSONExtract(${data}, ${text(key)}, 'Nullable(UInt32)')`
  const textsOf = (list: string, key: string): string =>
    `arrayMap(i -> JSONExtractString(i, ${text(key)}), JSONExtractArrayRaw(${data}, ${text(list)}))`
  const columns: Readonly<Record<string, string>> = {
    kind,
    api_group,
    namespace,
    name,
    uid: uidOf('r.key'),
    cluster,
    labels: asJson(jsonOf('r.data', 'labels')),
    node: textOf('node'),
    zone: `coalesce(${textOf('zone')}, n.zone)`,
    phase: textOf('phase'),
    status: textOf('status'),
    ready: countOf('ready'),
    desired: countOf('desired'),
    restarts: countOf('restarts'),
    images: textsOf('images', 'image'),
    addresses: textsOf('addresses', 'ip'),
    conditions: asJson(jsonOf('r.data', 'conditions')),
    owner_kind: textOf('owners', 1, 'kind'),
    owner_name: textOf('owners', 1, 'name'),
    owner_uid: textOf('owners', 1, 'uid'),
    created: timeOf(textOf('created')),
    valid_from: 'r.valid_from',
    valid_to: 'r.valid_to',
    resource_version: textOf('resourceVersion'),
    ref: 'r.ref',
    data: asJson('r.data'),
  }
  const node = `concat(${partOf('p.ref', 1)}, '//Node//', ${jsonText('p.data', 'node')})`
  return (
    `SELECT ${Object.entries(columns)
      .map(([column, sql]) => `${sql} AS \`${column}\``)
      .join(', ')} FROM (SELECT p.*, ${node} AS node_ref FROM (${present(names)}) AS p) AS r ` +
    `LEFT JOIN (${zones(names)}) AS n ON n.ref = r.node_ref`
  )
}

function refOf(group: string, kind: string, namespace: string, name: string): string {
  return `concat(${partOf('r.ref', 1)}, '/', ${group}, '/', ${kind}, '/', ${namespace}, '/', ${name})`
}

const ownNamespace = partOf('r.ref', 4)
const isKind = (kind: string): string => `${partOf('r.ref', 3)} = ${text(kind)}`
const item = (key: string): string => jsonText('r.item', key)

const relations: readonly Relation[] = [
  {
    relation: 'owned-by',
    when: 'true',
    each: 'owners',
    to: refOf(
      `ifNull(${item('group')}, '')`,
      item('kind'),
      `if(${item('kind')} IN ${clusterOwners}, '', ${ownNamespace})`,
      item('name'),
    ),
  },
  {
    relation: 'runs-on',
    when: isKind('Pod'),
    to: refOf("''", "'Node'", "''", jsonText('r.data', 'node')),
  },
  { relation: 'in-namespace', when: `${ownNamespace} <> ''`, to: refOf("''", "'Namespace'", "''", ownNamespace) },
  {
    relation: 'uses-image',
    when: isKind('Pod'),
    each: 'images',
    // The digest identifies the image that ran.
    to:
      `concat('image:', if(ifNull(${item('id')} LIKE '%@sha256:%', false), replaceRegexpOne(${item('id')}, ` +
      `'^[a-z-]+://', ''), ${item('image')}))`,
  },
  {
    relation: 'selects',
    when: isKind('EndpointSlice'),
    each: 'endpoints',
    from: refOf("''", "'Service'", ownNamespace, jsonText('r.data', 'service')),
    to: refOf(
      "''",
      "'Pod'",
      `coalesce(${item('namespace')}, ${ownNamespace})`,
      `if(ifNull(${item('kind')} = 'Pod', false), ${item('name')}, NULL)`,
    ),
  },
  { relation: 'provided-by', when: isKind('Node'), to: jsonText('r.data', 'providerId') },
]

/** Adjacent intervals without a change are merged. */
export function clusterRelations(names: StoreNames): string {
  const rows = relations.map(({ relation, when, each, from = 'r.ref', to }) => {
    const items =
      each === undefined ? '' : `, arrayJoin(JSONExtractArrayRaw(ifNull(p.data, ''), ${text(each)})) AS item`
    return (
      `SELECT ${from} AS from_ref, ${text(relation)} AS relation, ${to} AS to_ref, r.valid_from AS valid_from, ` +
      `r.valid_to AS valid_to FROM (SELECT p.ref AS ref, p.data AS data, p.valid_from AS valid_from, p.valid_to AS ` +
      `valid_to${items} FROM (${present(names)}) AS p) AS r WHERE ${when}`
    )
  })
  const by = 'PARTITION BY from_ref, relation, to_ref ORDER BY valid_from, valid_to'
  const end = "toDateTime64('2299-12-31 00:00:00', 6, 'UTC')"
  const before = `max(ifNull(valid_to, ${end})) OVER (${by} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)`
  const begun =
    `SELECT *, if(ifNull(valid_from <= former AND place > 1, false), 0, 1) AS is_new FROM (SELECT *, ${before} AS ` +
    `former, row_number() OVER (${by}) AS place FROM (${rows.join(' UNION ALL ')}) WHERE isNotNull(to_ref) AND ` +
    'isNotNull(from_ref))'
  const numbered =
    `SELECT *, sum(is_new) OVER (${by} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS part ` + `FROM (${begun})`
  return (
    `SELECT i.from_ref AS from_ref, i.relation AS relation, i.to_ref AS to_ref, min(i.valid_from) AS valid_from, ` +
    `if(max(isNull(i.valid_to)), NULL, max(i.valid_to)) AS valid_to FROM (${numbered}) AS i ` +
    'GROUP BY i.from_ref, i.relation, i.to_ref, i.part'
  )
}
