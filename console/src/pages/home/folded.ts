import type { Home } from '../../../../src/api/published.ts'

type Change = NonNullable<Home['changes']>[number]

/** The newest change of each object, actor and operation, with their number. */
export function folded(changes: readonly Change[]): readonly (Change & Readonly<{ times: number }>)[] {
  const byWriter = new Map<string, Change & { times: number }>()
  for (const change of changes) {
    const { ref, operation, actor, actor_ref: actorRef } = change
    const key = JSON.stringify([ref, operation, actorRef ?? actor])
    const newer = byWriter.get(key)
    if (newer === undefined) byWriter.set(key, { ...change, times: 1 })
    else newer.times++
  }
  return [...byWriter.values()]
}
