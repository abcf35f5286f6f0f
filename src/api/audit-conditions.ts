import { auditTexts, compileSql, type Dialect } from '../query/index.ts'
import type { Principal } from './access/principal.ts'
import { auditScope } from '../topics/scope.ts'
import { filterOf } from '../topics/filter-text.ts'
import { spanParameters } from '../topics/time-span.ts'
import { textConditions } from '../topics/conditions.ts'
import { listOf } from '../topics/comma-list.ts'

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

const absentValue = '(none)'

export type AuditQuery = Readonly<Partial<Record<AuditFacet | 'text' | 'filter' | 'from' | 'to', string>>>

export const auditParameters = {
  ...Object.fromEntries(
    auditFacets.map((name) => [
      name,
      {
        type: 'string',
        maxLength: 8192,
        description:
          `Values of ${name}, comma-separated (a comma within a value as \`\\,\`). Any of the values ` +
          `matches; \`!\` before the values inverts it. \`${absentValue}\` matches missing values.`,
      },
    ]),
  ),
  text: {
    type: 'string',
    maxLength: 500,
    description: 'Text to search in actor, action, service, resource, address, request and code; case-insensitive.',
    examples: ['deleteServer'],
  },
  filter: {
    type: 'string',
    maxLength: 65_536,
    description: 'A filter over the columns of view `audit` (see `weir help filters`), or plain words.',
    examples: ['service = IAM and not actor_name = "alice"', '10.20.1.21'],
  },
  ...spanParameters,
} as const

export function auditConditions(query: AuditQuery, principal: Principal, dialect: Dialect): string[] {
  const scope = auditScope(principal, dialect)
  return [
    ...(scope === undefined ? [] : [scope]),
    ...auditFacets.flatMap((name) => chosen(dialect, name, query[name])),
    ...textConditions(dialect, query.text, auditTexts),
    ...(query.filter === undefined ? [] : [compileSql(filterOf(query.filter, 'audit').bound, { dialect })]),
  ]
}

function chosen(dialect: Dialect, column: AuditFacet, written: string | undefined): string[] {
  const values = listOf(written)
  const [included, without] = [
    values.filter((value) => !value.startsWith('!')),
    values.filter((value) => value.startsWith('!')).map((value) => value.slice(1)),
  ]
  // Equality is evaluated while files are read.
  return [
    ...(included.length === 0 ? [] : [isAmong(dialect, column, included)]),
    ...(without.length === 0 ? [] : [`NOT ${dialect.decided(isAmong(dialect, column, without))}`]),
  ]
}

function isAmong(dialect: Dialect, column: AuditFacet, values: readonly string[]): string {
  const present = values.filter((value) => value !== absentValue)
  const tests = [
    ...(present.length === 0 ? [] : [`${column} IN (${present.map(dialect.text).join(', ')})`]),
    ...(present.length < values.length ? [`${column} IS NULL`] : []),
  ]
  return `(${tests.join(' OR ')})`
}
