import { compileSql, plainOfChange, testsOf, type Dialect } from '../query/index.ts'
import type { Principal } from './access/principal.ts'
import { filterOf } from '../topics/filter-text.ts'
import { among, textConditions } from '../topics/conditions.ts'
import { placeConditions, placeParameters, type PlaceQuery } from '../topics/place.ts'
import { spanParameters } from '../topics/time-span.ts'

export interface ChangeQuery extends PlaceQuery {
  readonly filter?: string
  readonly uid?: string
  readonly operation?: string
  readonly actor?: string
  readonly actor_ref?: string
  readonly from?: string
  readonly to?: string
  readonly noise?: 'hidden' | 'shown'
}

export const changeParameters = {
  filter: {
    type: 'string',
    maxLength: 65_536,
    description: 'Filter (see `weir help filters`). Unset: every change.',
    examples: ['kind = Deployment and not actor = system:*'],
  },
  ...placeParameters,
  uid: { type: 'string', maxLength: 500, description: 'Id of one object.' },
  operation: {
    type: 'string',
    description: 'created, updated, deleted; comma-separated.',
    examples: ['created,deleted'],
  },
  actor: {
    type: 'string',
    maxLength: 4096,
    description: 'Users or field managers, comma-separated.',
    examples: ['alice,kubectl-edit'],
  },
  actor_ref: {
    type: 'string',
    maxLength: 8192,
    description:
      'Actors in the form of GET /api/v1/audit, comma-separated (a comma within a value as `\\,`). The ' +
      'domain is part of the actor.',
    examples: ['user:prod-eu/alice'],
  },
  ...spanParameters,
  noise: {
    type: 'string',
    enum: ['hidden', 'shown'],
    default: 'hidden',
    description: 'Changes without meaning, such as heartbeats, by the noise rules of the source.',
  },
} as const

export type ChangeConditions = Readonly<{
  conditions: readonly string[]
  /** On the body or the audit log. */
  costly: readonly string[]
  hidden: boolean
}>

export function changeConditions(query: ChangeQuery, principal: Principal, dialect: Dialect): ChangeConditions {
  const { bound } = filterOf(query.filter ?? '', 'changes')
  const parts = (bound.is === 'and' ? bound.parts : bound.is === 'always' ? [] : [bound]).map((part) => ({
    sql: compileSql(part, { dialect }),
    plain: testsOf(part).every(({ field }) => plainOfChange.has(field)),
  }))
  const actors = [...among(dialect, 'actor', query.actor), ...among(dialect, 'manager', query.actor)]
  const conditions = [
    ...placeConditions(query, principal, dialect),
    ...among(dialect, 'uid', query.uid),
    ...among(dialect, 'operation', query.operation),
    ...parts.filter(({ plain }) => plain).map(({ sql }) => sql),
  ]
  const costly = [
    ...parts.filter(({ plain }) => !plain).map(({ sql }) => sql),
    ...(actors.length === 0 ? [] : [`(${actors.join(' OR ')})`]),
    ...among(dialect, 'actor_ref', query.actor_ref),
    ...textConditions(dialect, query.text, ['name', 'namespace', 'kind', 'manager', dialect.asText('diff')]),
  ]
  return { conditions, costly, hidden: query.noise !== 'shown' }
}
