import type { Dialect } from '../../query/index.ts'

/** The SELECT list of rows. */
export const changeColumns =
  'time, cluster, api_group AS "group", kind, namespace, name, uid, ref, operation, actor, actor_kind, ' +
  'actor_ref, manager, audit_id, coalesced, initial, noise, paths, diff, resource_version, _pos AS pos'

/** Changes of one source with equal times keep their order. */
export function changeOrder({ integerOf, micros, part }: Dialect): readonly string[] {
  const numbers = [-3, -2, -1].map((index) => `coalesce(${integerOf(part('_pos', ':', index))}, 0)`)
  return [micros('time'), ...numbers, '_pos']
}
