import type { ColumnKind } from '../model/columns.ts'
import { flowFields, namesOf, type Field } from '../model/fields.ts'
import { auditColumns } from '../model/audit-columns.ts'
import { inventoryNumbers } from '../model/inventory-columns.ts'
import { nearest } from '../schema/suggest.ts'
import type { Dialect } from './dialect.ts'
import { factFields, imageFields, packageFields, problemFields } from './insight-names.ts'
import type { MemberPart } from './member-order.ts'
import { levelSql } from './level.ts'
import { withBody, withMembers } from './members.ts'

/** `estimate`: up to 96 bits; `text`: outside dictionaries. */
export type QueryKind = ColumnKind | 'estimate' | 'bool' | 'text'

export type QueryField = Readonly<{
  name: string
  kind: QueryKind
  unit?: string
  sql?: (dialect: Dialect) => string
  /** Key in the object of column `extra`; with `keys`, the name of a member of `data`. */
  member?: string
  /** Keys of a member of `data`, from the outermost object on. */
  keys?: readonly string[]
  /** Part of a member that determines its order. */
  memberPart?: MemberPart
}>

export type NameTable = Readonly<{
  view:
    | 'flows'
    | 'events'
    | 'changes'
    | 'audit'
    | 'resources'
    | 'packages'
    | 'problems'
    | 'facts'
    | 'images'
    | 'inventory'
  fields: readonly QueryField[]
  example: string
  field(name: string): QueryField | undefined
  others(name: string): readonly string[]
  /** Fields that a filter name without a column stands for: `text` of a flow. A test holds if it holds for one. */
  together(name: string): readonly QueryField[] | undefined
  /** Any name: dotted, NetObserv's, OpenTelemetry's, an alias; in any case. */
  resolve(written: string): string | undefined
  own(written: string): string | undefined
  /** `port` of `src_port` and `dst_port`, from any of its names. */
  endPart(written: string): string | undefined
  ofEnd(end: End, part: string): QueryField | undefined
  nearest(written: string): string | undefined
}>

export function columnSql(field: QueryField, dialect: Dialect): string {
  return field.sql?.(dialect) ?? dialect.identifier(field.name)
}

export type End = 'src' | 'dst'
const otherEnd: Readonly<Record<End, End>> = { src: 'dst', dst: 'src' }

function fold(name: string) {
  return name.toLowerCase().replaceAll('.', '_')
}

/** `src_port` → [`src`, `port`]; `xlat_src_port` → [`src`, `xlat_port`]. */
function endOf(name: string): readonly [End, string] | undefined {
  const match = /^(xlat_)?(src|dst)_(.+)$/.exec(name)
  return match === null ? undefined : [match[2] as End, (match[1] ?? '') + (match[3] ?? '')]
}

export function swappedName(name: string, table: NameTable): string {
  const [end, part] = endOf(name) ?? []
  return end === undefined || part === undefined ? name : (table.ofEnd(otherEnd[end], part)?.name ?? name)
}

export interface Named extends QueryField {
  readonly others: readonly string[]
}

function nameTable(
  view: NameTable['view'],
  example: string,
  named: readonly Named[],
  text?: readonly string[],
): NameTable {
  const fields: QueryField[] = named.map(({ others: _others, ...field }) => field)
  const byName = new Map(fields.map((field) => [field.name, field]))
  const own = new Map(
    fields.flatMap(
      ({ name }) =>
        [
          [name, name],
          [name.replace(/^(src|dst)_/, '$1.'), name],
        ] as const,
    ),
  )
  const all = new Map<string, string>()
  const put = (written: string, name: string) => {
    if (!all.has(fold(written))) all.set(fold(written), name)
  }
  for (const { name } of named) put(name, name)
  if (text !== undefined) put('text', 'text')
  const searched = text?.flatMap((name) => byName.get(name) ?? [])
  for (const { name, others } of named) for (const otherText of others) put(otherText, name)
  const ends = new Map<string, Partial<Record<End, QueryField>>>()
  const partNames = new Map<string, string>()
  for (const [written, name] of all) {
    const field = byName.get(name)
    const [end, part] = endOf(name) ?? []
    if (field === undefined || end === undefined || part === undefined) continue
    ends.set(part, { ...ends.get(part), [end]: field })
    const [, other] = endOf(written) ?? []
    if (other !== undefined && other !== part) partNames.set(fold(other), part)
  }
  const paired = (part: string) => ends.get(part)?.src !== undefined && ends.get(part)?.dst !== undefined
  const known = [...new Set([...fields.map(({ name }) => name), ...all.keys()])]
  return {
    view,
    fields,
    example,
    field: (name) => byName.get(name),
    others: (name) => named.find((candidate) => candidate.name === name)?.others ?? [],
    together: (name) => (name === 'text' ? searched : undefined),
    resolve: (written) => all.get(fold(written)),
    own: (written) => own.get(written),
    endPart(written) {
      const folded = fold(written)
      const part = paired(folded) ? folded : partNames.get(folded)
      return part !== undefined && paired(part) ? part : undefined
    },
    ofEnd: (end, part) => ends.get(part)?.[end],
    nearest: (written) => nearest(written, [...known, ...[...ends.keys()].filter(paired).map((part) => `any.${part}`)]),
  }
}

const flowsOnly: readonly Named[] = [
  { name: 'bytes_est', kind: 'estimate', unit: 'By', others: [] },
  { name: 'packets_est', kind: 'estimate', unit: '{packet}', others: [] },
  { name: 'service_port', kind: 'u16', others: [] },
  { name: 'initiator', kind: 'text', others: [] },
  { name: '_pos', kind: 'text', others: [] },
]

function registered(field: Field): Named {
  const { name, kind, unit } = field
  const [, ...others] = namesOf(field)
  return { name, kind: name === 'time_skewed' ? 'bool' : kind, ...(unit === undefined ? {} : { unit }), others }
}

const namesOfEnds = ['src', 'dst'].flatMap((end) =>
  ['name', 'owner_name', 'namespace', 'node', 'label', 'network'].map((part) => `${end}_${part}`),
)

export const flowNames: NameTable = withMembers(
  nameTable(
    'flows',
    'dst_port = 443',
    [...(flowFields as readonly Field[]).map(registered), ...flowsOnly],
    namesOfEnds,
  ),
)

const eventKinds: Readonly<Record<string, QueryKind>> = {
  id: 'text',
  source: 'dict',
  type: 'dict',
  subject: 'dict',
  time: 'time',
  datacontenttype: 'dict',
  dataschema: 'dict',
  extensions: 'json',
  data: 'json',
  family: 'dict',
  ref: 'dict',
  key: 'dict',
  time_received: 'time',
  _pos: 'text',
  data_base64: 'text',
}

/** See `model/log-level.ts`. */
export const levelField: QueryField = { name: 'level', kind: 'text', sql: levelSql }

export const eventNames: NameTable = withBody(
  nameTable(
    'events',
    'family = audit',
    Object.entries(eventKinds).map(([name, kind]) => ({ name, kind, others: [] })),
    ['type', 'source', 'subject', 'family', 'ref', 'key', 'data'],
  ),
  levelField,
)

const named = (name: string, kind: QueryKind, ...others: readonly string[]): Named => ({ name, kind, others })

/** Conditions on envelope columns do not parse bodies. */
export const changeNames: NameTable = nameTable('changes', 'kind = Deployment', [
  ...['time', 'time_received'].map((name) => named(name, 'time')),
  named('cluster', 'dict'),
  named('api_group', 'dict', 'group'),
  named('kind', 'dict'),
  named('namespace', 'dict', 'ns'),
  named('name', 'dict'),
  named('uid', 'dict'),
  named('ref', 'dict'),
  named('subject', 'dict'),
  named('operation', 'dict', 'op'),
  named('_pos', 'text'),
  named('actor', 'dict', 'user', 'who'),
  named('actor_kind', 'dict'),
  named('actor_ref', 'dict'),
  named('manager', 'dict'),
  named('audit_id', 'dict'),
  named('noise', 'list<dict>', 'rule'),
  named('paths', 'list<dict>', 'path'),
  named('coalesced', 'bool'),
  named('initial', 'bool'),
  named('resource_version', 'text'),
  { name: 'diff', kind: 'text', sql: ({ asText }) => asText('diff'), others: [] },
  named('old', 'json'),
  named('new', 'json'),
  {
    name: 'text',
    kind: 'text',
    sql: ({ joined, asText }) => joined(' ', ['name', 'namespace', 'kind', 'manager', asText('diff')]),
    others: [],
  },
])

export const plainOfChange: ReadonlySet<string> = new Set([
  'time',
  'time_received',
  'cluster',
  'api_group',
  'kind',
  'namespace',
  'name',
  'uid',
  'ref',
  'subject',
  'operation',
  '_pos',
])

/** The columns that a search reads. */
export const auditTexts = [
  'actor',
  'actor_name',
  'impersonated_by',
  'action',
  'service',
  'resource',
  'resource_name',
  'resource_type',
  'address',
  'request_id',
  'code',
] as const

export const auditNames: NameTable = nameTable(
  'audit',
  'severity = incident',
  [
    ...['time', 'time_received'].map((name) => named(name, 'time')),
    ...auditColumns.map((name) => named(name, 'dict')),
    named('resource', 'dict', 'ref'),
    named('id', 'text'),
    named('source', 'dict'),
    named('type', 'dict'),
    named('_pos', 'text'),
  ],
  auditTexts,
)

export const resourceNames: NameTable = nameTable('resources', 'kind = Pod', [
  named('cluster', 'dict'),
  named('api_group', 'dict', 'group'),
  named('kind', 'dict'),
  named('namespace', 'dict', 'ns'),
  named('name', 'dict'),
  named('uid', 'dict'),
  named('ref', 'dict'),
  // JSON in the view; each label is a text here.
  {
    name: 'labels',
    kind: 'list<dict>',
    sql: ({ pairs }) => pairs('labels'),
    others: ['label'],
  },
  named('node', 'dict', 'host'),
  named('zone', 'dict'),
  named('phase', 'dict'),
  named('status', 'dict'),
  ...['ready', 'desired', 'restarts'].map((name) => named(name, 'u32')),
  named('images', 'list<dict>', 'image'),
  named('addresses', 'list<dict>', 'address', 'ip'),
  named('owner_kind', 'dict'),
  named('owner_name', 'dict', 'owner'),
  named('owner_uid', 'dict'),
  ...['created', 'valid_from', 'valid_to'].map((name) => named(name, 'time')),
  named('resource_version', 'text'),
  {
    name: 'text',
    kind: 'text',
    sql: ({ joined, asText }) =>
      joined(' ', ['name', 'namespace', 'kind', 'node', 'owner_name', asText('labels'), asText('data')]),
    others: [],
  },
])

export const packageNames: NameTable = nameTable('packages', 'name = log4j-core', packageFields)
export const problemNames: NameTable = nameTable(
  'problems',
  'severity = CRITICAL and exists(fixed_version)',
  problemFields,
)
export const factNames: NameTable = nameTable('facts', 'category = label', factFields)
export const imageNames: NameTable = nameTable('images', 'critical > 0', imageFields)

export const inventoryNames: NameTable = nameTable('inventory', 'type = volume and exists(finding)', [
  named('provider', 'dict', 'cloud'),
  named('account', 'dict', 'tenant'),
  named('region', 'dict', 'zone'),
  named('type', 'dict', 'kind'),
  ...['id', 'name', 'parent', 'state', 'raw_state', 'size'].map((name) => named(name, 'dict')),
  ...Object.keys(inventoryNumbers).map((name) => named(name, 'f64')),
  named('cost_per_hour', 'f64', 'cost'),
  named('currency', 'dict'),
  named('attached_to', 'list<dict>', 'attached'),
  named('addresses', 'list<dict>', 'address', 'ip'),
  {
    name: 'tags',
    kind: 'list<dict>',
    sql: ({ pairs }) => pairs('tags'),
    others: ['tag', 'label'],
  },
  named('finding', 'dict', 'orphan'),
  ...['created', 'first_seen', 'last_change', 'valid_from', 'valid_to'].map((name) => named(name, 'time')),
  named('ref', 'dict'),
  {
    name: 'text',
    kind: 'text',
    sql: ({ joined, asText }) => joined(' ', ['name', 'id', 'type', 'region', 'account', 'size', asText('tags')]),
    others: [],
  },
])

export const nameTables = {
  flows: flowNames,
  events: eventNames,
  changes: changeNames,
  audit: auditNames,
  resources: resourceNames,
  packages: packageNames,
  problems: problemNames,
  facts: factNames,
  images: imageNames,
  inventory: inventoryNames,
} as const
