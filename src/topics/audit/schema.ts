import {
  Array as ArrayOf,
  Integer,
  Number as Real,
  Object as ObjectOf,
  Optional,
  String as Text,
  Unsafe,
  type TOptional,
  type TString,
} from 'typebox'
import { eventCoverage } from '../event-coverage.ts'
import {
  groupLimits,
  largestFirst,
  nextPage,
  nullText,
  oneOf,
  parameters,
  spanCursor,
  timeRange,
  type Of,
} from '../schema.ts'
import { spanParameters } from '../time-span.ts'

export const auditFacets = [
  'actor',
  'action',
  'service',
  'severity',
  'outcome',
  'address',
  'resource',
  'resource_type',
  'tenant',
  'tenant_domain',
  'region',
  'actor_kind',
  'impersonated_by',
  'source',
] as const
export type AuditFacet = (typeof auditFacets)[number]

export const absentValue = '(none)'

const facet = (name: AuditFacet) =>
  Optional(
    Text({
      maxLength: 8192,
      description:
        `Values of ${name}, comma-separated (a comma within a value as \`\\,\`). Any of the values ` +
        `matches; \`!\` before the values inverts it. \`${absentValue}\` matches missing values.`,
    }),
  )

const selection = {
  ...(Object.fromEntries(auditFacets.map((name) => [name, facet(name)])) as Record<AuditFacet, TOptional<TString>>),
  text: Optional(
    Text({
      maxLength: 500,
      description: 'Text to search in actor, action, service, resource, address, request and code; case-insensitive.',
      examples: ['deleteServer'],
    }),
  ),
  filter: Optional(
    Text({
      maxLength: 65_536,
      description: 'A filter over the columns of view `audit` (see `weir help filters`), or plain words.',
      examples: ['service = IAM and not actor_name = "alice"', '10.20.1.21'],
    }),
  ),
  ...spanParameters,
}

const AuditSelection = parameters(selection)
/** The parameters that select events. */
export type AuditSelection = Of<typeof AuditSelection>

export const AuditParameters = parameters({
  ...selection,
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Maximum events of a page.' })),
  cursor: spanCursor,
})
export type AuditQuery = Of<typeof AuditParameters>

export const AuditTraceParameters = parameters({
  pos: Text({ minLength: 1, maxLength: 1000, description: '`pos` of the event.' }),
})

export const AuditSumsParameters = parameters({
  ...selection,
  by: Optional(oneOf(auditFacets, { default: 'severity', description: 'Field to group by.' })),
  ...groupLimits,
})

export const AuditColumnsParameters = parameters({
  ...selection,
  limit: Optional(Integer({ minimum: 1, maximum: 200, default: 50, description: 'Maximum nodes of a column.' })),
})

export const AuditFactsParameters = parameters({
  ...selection,
  limit: Optional(Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Maximum rows.' })),
})
export type AuditFactsQuery = Of<typeof AuditFactsParameters>

export const statementNames = ['traces', 'columns', 'first-seen', 'logins'] as const
export type StatementName = (typeof statementNames)[number]

export const AuditStatementParameters = parameters({
  ...selection,
  of: Optional(
    oneOf(statementNames, {
      default: 'traces',
      description: 'Columns to select; names as in /api/v1/audit and its sub-resources.',
    }),
  ),
})
export type AuditStatementQuery = Of<typeof AuditStatementParameters>

export const AuditStatement = ObjectOf({ sql: Text() })
export type AuditStatement = Of<typeof AuditStatement>

const trace = () => ({
  time: Text(),
  actor: nullText('user:<domain>/<id or name>, system or unknown; null: stored by an earlier version.'),
  actor_kind: nullText(),
  actor_name: nullText(),
  actor_domain: nullText(),
  impersonated_by: nullText(),
  address: nullText(),
  service: nullText(),
  action: nullText(),
  resource: nullText(),
  resource_type: nullText(),
  resource_name: nullText(),
  tenant: nullText(),
  region: nullText(),
  outcome: nullText(),
  severity: nullText(),
  request_id: nullText(),
  code: nullText(),
  source: Text(),
  id: Text(),
  pos: Text({ description: 'Permanent id of the event.' }),
})

const AuditRow = ObjectOf(trace())
export type AuditRow = Of<typeof AuditRow>

/** The SELECT list of rows. */
export const traceColumns = Object.keys(AuditRow.properties)
  .map((name) => (name === 'pos' ? '_pos AS pos' : name))
  .join(', ')

export const AuditTrace = ObjectOf(
  { ...trace(), data: Unsafe<unknown>({ description: 'The complete original event.' }) },
  { $id: 'AuditTrace' },
)
export type AuditTrace = Of<typeof AuditTrace>

export const AuditPage = ObjectOf(
  {
    traces: ArrayOf(AuditRow),
    next: nextPage(),
    total: Optional(Integer({ description: 'On the first page: number of matching events.' })),
    span: timeRange(),
  },
  { $id: 'AuditPage' },
)
export type AuditPage = Of<typeof AuditPage>

export const AuditSums = ObjectOf(
  {
    span: timeRange(),
    step: Integer({ description: 'Length of a bucket in seconds.' }),
    by: Text(),
    total: Integer({ description: 'Matching events.' }),
    groups: ArrayOf(ObjectOf({ value: nullText(), traces: Integer() }), {
      description: 'Largest first; null: value not reported.',
    }),
    others: ObjectOf({ groups: Integer(), traces: Integer() }, { description: 'Number of remaining groups.' }),
    buckets: ArrayOf(ObjectOf({ time: Text(), traces: ArrayOf(Integer()) }), {
      description:
        'Start of each bucket, with the number of events in each of `groups` and in the rest. Empty buckets are ' +
        'omitted.',
    }),
    ...eventCoverage,
  },
  { $id: 'AuditSums' },
)
export type AuditSums = Of<typeof AuditSums>

export const auditGraphColumns = ['actor', 'action', 'resource', 'tenant', 'region'] as const

const counts = () => ({
  traces: Integer(),
  failed: Integer({ description: 'Events of severity warning or incident.' }),
  incidents: Integer(),
})

const AuditColumn = ObjectOf({
  column: oneOf(auditGraphColumns),
  nodes: largestFirst(
    ObjectOf({
      value: nullText(),
      label: nullText('Name of the node; for an action, its service.'),
      ...counts(),
    }),
  ),
  others: ObjectOf({ values: Integer({ description: 'Number of remaining values.' }), ...counts() }),
})
export type AuditColumn = Of<typeof AuditColumn>

export const AuditColumns = ObjectOf(
  {
    span: timeRange(),
    total: Integer({ description: 'Matching events; in each column, nodes and rest add up to it.' }),
    columns: ArrayOf(AuditColumn),
    edges: ArrayOf(ObjectOf({ column: Integer(), from: Integer(), to: Integer(), ...counts() }), {
      description:
        'Events between adjacent columns: from node `from` of column `column` to node `to` of the next one; -1 is ' +
        'the rest.',
    }),
  },
  { $id: 'AuditColumns' },
)
export type AuditColumns = Of<typeof AuditColumns>

const FirstSeen = ObjectOf({
  actor: nullText(),
  actor_name: nullText(),
  service: nullText(),
  action: nullText(),
  first: Text(),
  traces: Integer(),
})
export type FirstSeen = Of<typeof FirstSeen>

export const AuditFirstSeen = ObjectOf(
  {
    pairs: ArrayOf(FirstSeen, { description: 'Newest first.' }),
    total: Integer(),
    since: nullText('Time of the oldest stored event; no earlier data exists.'),
  },
  { $id: 'AuditFirstSeen' },
)
export type AuditFirstSeen = Of<typeof AuditFirstSeen>

const FailedLogins = ObjectOf({
  actor: nullText(),
  actor_name: nullText(),
  failed: Integer(),
  last: Text(),
  addresses: ArrayOf(Text()),
})
export type FailedLogins = Of<typeof FailedLogins>

export const AuditLogins = ObjectOf(
  {
    actors: ArrayOf(FailedLogins, { description: 'Most frequent first, with up to ten addresses each.' }),
    total: Integer({ description: 'Failed logins.' }),
  },
  { $id: 'AuditLogins' },
)
export type AuditLogins = Of<typeof AuditLogins>

const AuditSource = ObjectOf({
  source: Text(),
  newest: Text(),
  received: Text({ description: 'Receive time of the newest event.' }),
  late: Real({ description: 'Delay of the newest event: receive time minus event time, in seconds.' }),
})
export type AuditSource = Of<typeof AuditSource>

export const AuditNewest = ObjectOf(
  {
    newest: nullText('Time of the newest stored event.'),
    sources: ArrayOf(AuditSource, { description: 'Sources of audit events in the last seven days.' }),
    collectors: Optional(
      ArrayOf(
        ObjectOf({
          name: Text(),
          type: Text(),
          error: Optional(Text({ description: 'Current problem of the source.' })),
        }),
        { description: 'Sources of this instance that collect audit events; absent for users limited to namespaces.' },
      ),
    ),
  },
  { $id: 'AuditNewest' },
)
export type AuditNewest = Of<typeof AuditNewest>
