import { useMemo } from 'react'
import type { FlowQuery } from '../overview/flow-query.ts'
import { spanSeconds, useAnswer } from '../overview/queries.ts'
import type { FlowTopology } from '../../../../../src/api/published.ts'
import type { ShownFlows } from '../state.ts'
import { isOnRequest } from '../overview/state.ts'
import { useIsLate } from '../../../hooks/use-is-late.ts'
import { newRevision } from '../../../hooks/use-refresh.ts'
import { defaultLimits, edgeLimits, edgesOf, fitsScope, moreLimits, type Edges } from '../../../parts/graph/fold.ts'
import { liveSeconds, useLiveGraph } from './live-graph.ts'
import { scopeParts } from '../../../parts/graph/scope.ts'
import type { Scope } from './state.ts'
import { keyOf } from '../../../parts/graph/diff.ts'
import { useTrouble } from './use-trouble.ts'
import { useDiff, type DiffAnswer } from './use-diff.ts'

type ScopedFlows = Omit<ShownFlows, 'scope'> & Readonly<{ scope: Scope }>

type Topology = Readonly<{
  edges: Edges | undefined
  answer: FlowTopology | undefined
  diff: DiffAnswer | undefined
  error: unknown
  isFetching: boolean
  again: () => void
}>

/** After which few edges are requested; at once for ranges that usually need longer. */
const [lateMs, longSeconds] = [250, 6 * 3600]

export function useTopology(state: ScopedFlows, flowQuery: FlowQuery): Topology {
  const { live, scope, by, more, diff } = state
  const limit = more ? edgeLimits.more : edgeLimits.usual
  const wanted = { scope: scopeParts[scope].parts.join(','), by, limit }
  const compares = diff !== '' && !live
  const whole = useAnswer<FlowTopology>('/api/v1/topology', flowQuery, wanted, { enabled: !live && !compares })
  // Few edges of many flows arrive sooner.
  const waits = !live && !compares && whole.data === undefined && whole.isFetching
  const isLate = useIsLate(waits ? 'waits' : 'done', spanSeconds(flowQuery.t) > longSeconds ? 0 : lateMs)
  const part = useAnswer<FlowTopology>(
    '/api/v1/topology',
    flowQuery,
    { ...wanted, limit: edgeLimits.first },
    {
      enabled: isLate,
    },
  )
  const plain = whole.data ?? (part.isPlaceholderData ? undefined : part.data)
  const compared = useDiff(
    { flowQuery, scope, by, limit: Math.min(limit, 10_000), most: (more ? moreLimits : defaultLimits).edges },
    diff,
    { enabled: compares },
  )
  // A cached response is not the last minute.
  const begun = useMemo(newRevision, [live, state.filter, state.both, state.once, scope, by, more])
  const seed = useAnswer<FlowTopology>(
    '/api/v1/topology',
    { ...flowQuery, t: { from: `now-${liveSeconds}s`, to: 'now' }, revision: begun },
    { ...wanted, time: 'time_received' },
    { enabled: live },
  )
  const seeded = useMemo(
    () =>
      seed.data === undefined || seed.isPlaceholderData || !fitsScope(seed.data, scope)
        ? undefined
        : edgesOf(seed.data, scope),
    [seed.data, seed.isPlaceholderData, scope],
  )
  const streamed = useLiveGraph({ ...state, nodes: (more ? moreLimits : defaultLimits).nodes }, seeded, { live })
  const chosen = compares ? compared : live ? seed : whole
  const recent = { from: `now-${liveSeconds}s`, to: 'now' }
  const troubles = useTrouble(live ? { ...flowQuery, t: recent } : flowQuery, scope, {
    enabled: !compares && chosen.data !== undefined,
  })
  const edges = useMemo(() => {
    const all = live
      ? streamed
      : compares
        ? compared.data?.scope === scope
          ? compared.data.edges
          : undefined
        : plain === undefined || !fitsScope(plain, scope)
          ? undefined
          : edgesOf(plain, scope)
    if (all === undefined) return undefined
    const rows =
      troubles === undefined || troubles.size === 0
        ? all.rows
        : all.rows.map((row) => {
            const trouble = troubles.get(keyOf(row))
            return trouble === undefined ? row : { ...row, trouble }
          })
    // For dropped measures, edges without drops are not drawn but stay in the totals.
    return !isOnRequest(by)
      ? { ...all, rows }
      : { ...all, rows: rows.filter(({ sums, before }) => sums[by] > 0 || (before?.[by] ?? 0) > 0) }
  }, [live, streamed, compares, compared.data, plain, troubles, scope, by])
  return {
    edges,
    answer: live ? undefined : compares ? compared.data?.now : plain,
    diff: compares ? compared.data : undefined,
    error: chosen.isError ? chosen.error : undefined,
    isFetching: chosen.isFetching,
    again: () => {
      chosen.refetch().catch(reportError)
    },
  }
}
