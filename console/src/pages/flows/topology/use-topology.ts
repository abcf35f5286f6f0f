import { useMemo } from 'react'
import { useAnswer, type Asked } from '../overview/ask.ts'
import type { GroupsAnswer } from '../overview/sums.ts'
import type { ShownFlows } from '../state.ts'
import { isFurther } from '../overview/state.ts'
import { newRevision } from '../../../hooks/use-refresh.ts'
import { edgesOf, moreLimits, usualLimits, type Edges } from './fold.ts'
import { liveSeconds, useLiveGraph } from './live-graph.ts'
import { scopeParts } from './scope.ts'
import type { Scope } from './state.ts'
import { useDiff, type DiffAnswer } from './use-diff.ts'

/** Edges that are asked for: of more than are drawn, so that what is folded is known. */
const edgesAsked = { usual: 4000, more: 25_000 }

export interface Topology {
  readonly edges: Edges | undefined
  /** What the answer says of itself; undefined of the live picture. */
  readonly answer: GroupsAnswer | undefined
  readonly diff: DiffAnswer | undefined
  readonly error: unknown
  readonly isFetching: boolean
  readonly again: () => void
}

/** While another scope is asked for, the answer before has other columns. */
function fits({ columns }: GroupsAnswer, scope: Scope): boolean {
  const { parts } = scopeParts[scope]
  return columns[0]?.name === `src_${parts[0] ?? ''}` && columns[parts.length]?.name === `dst_${parts[0] ?? ''}`
}

/** The edges of the page: of the span, of two times, or of the last minute as they come by the stream. */
export function useTopology(state: ShownFlows, asked: Asked): Topology {
  const { live, scope, by, more, diff } = state
  const limit = more ? edgesAsked.more : edgesAsked.usual
  const wanted = { scope: scopeParts[scope].parts.join(','), by, limit }
  const compares = diff !== '' && !live
  const plain = useAnswer<GroupsAnswer>('/api/v1/topology', asked, wanted, !live && !compares)
  const compared = useDiff(
    { asked, scope, by, limit: Math.min(limit, 10_000), most: (more ? moreLimits : usualLimits).edges },
    diff,
    compares,
  )
  // An answer that is as old as the last look is no last minute.
  const begun = useMemo(newRevision, [live, state.filter, state.both, state.once, scope, by, more])
  const seed = useAnswer<GroupsAnswer>(
    '/api/v1/topology',
    { ...asked, t: { from: `now-${liveSeconds}s`, to: 'now' }, revision: begun },
    { ...wanted, time: 'time_received' },
    live,
  )
  const seeded = useMemo(
    () =>
      seed.data === undefined || seed.isPlaceholderData || !fits(seed.data, scope)
        ? undefined
        : edgesOf(seed.data, scope),
    [seed.data, seed.isPlaceholderData, scope],
  )
  const streamed = useLiveGraph(live, { ...state, nodes: (more ? moreLimits : usualLimits).nodes }, seeded)
  const own = compares ? compared : live ? seed : plain
  const edges = useMemo(() => {
    const all = live
      ? streamed
      : compares
        ? compared.data?.scope === scope
          ? compared.data.edges
          : undefined
        : plain.data === undefined || !fits(plain.data, scope)
          ? undefined
          : edgesOf(plain.data, scope)
    // Where only what was dropped is looked for, the rest is not drawn; it stays in the sums.
    return all === undefined || !isFurther(by)
      ? all
      : { ...all, rows: all.rows.filter(({ sums, before }) => sums[by] > 0 || (before?.[by] ?? 0) > 0) }
  }, [live, streamed, compares, compared.data, plain.data, scope, by])
  return {
    edges,
    answer: live ? undefined : compares ? compared.data?.now : plain.data,
    diff: compares ? compared.data : undefined,
    error: own.isError ? own.error : undefined,
    isFetching: own.isFetching,
    again: () => {
      own.refetch().catch(reportError)
    },
  }
}
