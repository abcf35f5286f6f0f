import { compileSql, plainOfChange, testsOf, type Dialect } from '../../query/index.ts'
import { among, textConditions } from '../conditions.ts'
import { filterOf } from '../filter-text.ts'
import { placeConditions } from '../place.ts'
import type { Viewer } from '../scope.ts'
import type { ChangesQuery } from './schema.ts'

/** Without the paging of {@link ChangesQuery}. */
export type ChangeSelection = Omit<ChangesQuery, 'cursor' | 'limit'>

export type ChangeConditions = Readonly<{
  conditions: readonly string[]
  /** On the body or the audit log. */
  costly: readonly string[]
  hidden: boolean
}>

export function changeConditions(query: ChangeSelection, viewer: Viewer, dialect: Dialect): ChangeConditions {
  const { bound } = filterOf(query.filter ?? '', 'changes')
  const parts = (bound.is === 'and' ? bound.parts : bound.is === 'always' ? [] : [bound]).map((part) => ({
    sql: compileSql(part, { dialect }),
    plain: testsOf(part).every(({ field }) => plainOfChange.has(field)),
  }))
  const actors = [...among(dialect, 'actor', query.actor), ...among(dialect, 'manager', query.actor)]
  const conditions = [
    ...placeConditions(query, viewer, dialect),
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
