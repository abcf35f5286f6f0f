import { createHash } from 'node:crypto'
import type { Dialect } from '../query/index.ts'
import { objectScope } from './access/scope.ts'
import type { Principal } from './access/principal.ts'
import { ApiError } from './problems.ts'
import { listOf } from '../topics/comma-list.ts'

export { moment, span, spanParameters } from './time-span.ts'

const names = { type: 'string', maxLength: 4096 } as const

export const placeParameters = {
  cluster: { ...names, description: 'Clusters, comma-separated.', examples: ['prod-eu'] },
  group: { ...names, description: 'API groups, comma-separated; `core` is the core group.', examples: ['apps'] },
  kind: { ...names, description: 'Kinds, comma-separated.', examples: ['Deployment,StatefulSet'] },
  namespace: { ...names, description: 'Namespaces, comma-separated.', examples: ['shop'] },
  name: { ...names, description: 'Names, comma-separated.', examples: ['web'] },
  text: {
    type: 'string',
    maxLength: 500,
    description: 'Text to search; case-insensitive.',
    examples: ['replicas'],
  },
} as const

export type PlaceQuery = Readonly<{
  cluster?: string
  group?: string
  kind?: string
  namespace?: string
  name?: string
  text?: string
}>

export function among(
  dialect: Dialect,
  column: string,
  written: string | undefined,
  meant: (value: string) => string = (value) => value,
): string[] {
  const values = listOf(written).map(meant)
  return values.length === 0 ? [] : [`${column} IN (${values.map(dialect.text).join(', ')})`]
}

/** On views `changes` and `resources`, within the principal's scope. */
export function placeConditions(query: PlaceQuery, principal: Principal, dialect: Dialect): string[] {
  const scope = objectScope(principal, dialect)
  return [
    ...(scope === undefined ? [] : [scope]),
    ...among(dialect, 'cluster', query.cluster),
    ...among(dialect, 'api_group', query.group, (group) => (group === 'core' ? '' : group)),
    ...among(dialect, 'kind', query.kind),
    ...among(dialect, 'namespace', query.namespace),
    ...among(dialect, 'name', query.name),
  ]
}

export function textConditions(
  { contains, lower }: Dialect,
  written: string | undefined,
  expressions: readonly string[],
): string[] {
  if (written === undefined || written === '') return []
  const tests = expressions.map((each) => contains(lower(`coalesce(${each}, '')`), written.toLowerCase()))
  return [`(${tests.join(' OR ')})`]
}

export const atParameter = {
  type: 'string',
  default: 'now',
  description: 'Time of the state: `now-15m`, ISO 8601, or Unix milliseconds.',
} as const

export const cursorOfSpan = {
  type: 'string',
  maxLength: 4096,
  description:
    '`next` of the previous page. All other parameters must be the same; `from` and `to` are those of the first page.',
} as const

export const groupLimits = {
  limit: { type: 'integer', minimum: 1, maximum: 1000, default: 10, description: 'Maximum number of groups.' },
  buckets: { type: 'integer', minimum: 1, maximum: 1000, default: 150, description: 'Maximum number of buckets.' },
} as const

export const changeColumns =
  'time, cluster, api_group AS "group", kind, namespace, name, uid, ref, operation, actor, actor_kind, ' +
  'actor_ref, manager, audit_id, coalesced, initial, noise, paths, diff, resource_version, _pos AS pos'

/** Changes of one source with equal times keep their order. */
export function changeOrder({ integerOf, micros, part }: Dialect): readonly string[] {
  const numbers = [-3, -2, -1].map((index) => `coalesce(${integerOf(part('_pos', ':', index))}, 0)`)
  return [micros('time'), ...numbers, '_pos']
}

export const resourceColumns =
  'cluster, api_group AS "group", kind, namespace, name, uid, ref, labels, node, zone, phase, owner_kind, ' +
  'owner_name, owner_uid, created, valid_from, valid_to, resource_version'

/** Rows of `resources` and `relations` valid at a time, in µs. */
export function asOf(at: bigint, { time }: Dialect): string {
  return `valid_from <= ${time(at)} AND (valid_to IS NULL OR valid_to > ${time(at)})`
}

export function fingerprintOf(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}

/** Sort keys of a page's last row. `fingerprint`: of the first page. */
export type PageCursor = Readonly<{
  fingerprint: string
  times: readonly bigint[]
  keys: readonly string[]
}>

export function writePageCursor({ fingerprint, times, keys }: PageCursor): string {
  return Buffer.from(JSON.stringify([1, fingerprint, times.map(String), keys])).toString('base64url')
}

/** Throws for an invalid cursor, or one of another query. */
export function readPageCursor(written: string, fingerprint: string, times: number, keys: number): PageCursor {
  const wrong = (message: string) =>
    new ApiError('WEIR_API_INVALID', message, {
      hints: [
        'Send `next` of the previous page unchanged with the parameters of the first page, or omit it to start over.',
      ],
    })
  let parts: unknown
  try {
    parts = JSON.parse(Buffer.from(written, 'base64url').toString('utf8'))
  } catch {
    throw wrong('The cursor is invalid.')
  }
  const isTexts = (value: unknown, length: number): value is string[] =>
    Array.isArray(value) &&
    value.length === length &&
    value.every((each) => typeof each === 'string' && !each.includes('\0'))
  const [form, of, moments, behind] = Array.isArray(parts) ? (parts as unknown[]) : []
  if (
    form !== 1 ||
    !isTexts(moments, times) ||
    !isTexts(behind, keys) ||
    !moments.every((each) => /^-?\d{1,17}$/.test(each))
  )
    throw wrong('The cursor is invalid.')
  if (of !== fingerprint) throw wrong('The cursor belongs to another query.')
  return { fingerprint, times: moments.map(BigInt), keys: behind }
}
