import type { Dialect } from '../query/index.ts'

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
