import { useMemo, useState } from 'react'
import { useFinest } from '../../../hooks/use-finest.ts'
import { useRefresh } from '../../../hooks/use-refresh.ts'
import { defaultLimits, foldable, foldGraph, moreLimits } from '../../../parts/graph/fold.ts'
import { comparedScope } from '../../../parts/graph/scope.ts'
import { forgetPlaces, useLayout } from '../../../parts/graph/use-layout.ts'
import { isMoving } from '../../../state/range.ts'
import { flowQueryOf } from '../overview/flow-query.ts'
import type { FlowViewProps } from '../views.ts'
import { aboveThreshold } from './threshold.ts'
import { useTopology } from './use-topology.ts'

export type ShownGraph = ReturnType<typeof useGraph>

/** The graph of a view and its layout. `all`: also what the threshold hides. */
export function useGraph(whole: FlowViewProps['state']) {
  const compares = whole.diff !== '' && !whole.live
  const { current, settle } = useFinest(whole.scope, ['workload', 'endpoint', 'addr'], `${whole.q} ${whole.t.from}`)
  const scope = compares ? comparedScope(current) : current
  const state = useMemo(() => ({ ...whole, scope }), [whole, scope])
  const { live, t, refresh, by, more, pins, folds, least } = state
  const { revision, again } = useRefresh(!live && isMoving(t) ? refresh : 0)
  const [layoutTurn, setLayoutTurn] = useState(0)
  const flowQuery = useMemo(() => flowQueryOf(state, revision), [state, revision])
  const { edges, answer, diff: compared, error, isFetching, again: retry } = useTopology(state, flowQuery)
  const all = useMemo(
    () => (edges === undefined ? undefined : foldGraph(edges, scope, by, more ? moreLimits : defaultLimits, folds)),
    [edges, scope, by, more, folds],
  )
  settle(all?.nodes.length)
  const graph = useMemo(() => (all === undefined ? undefined : aboveThreshold(all, by, least)), [all, by, least])
  const { laid, failed } = useLayout(graph, scope, by, pins, layoutTurn)
  const groups = useMemo(() => foldable(all, folds), [all, folds])
  const layOutAgain = () => {
    forgetPlaces(scope)
    setLayoutTurn((before) => before + 1)
  }
  return {
    state,
    scope,
    compares,
    flowQuery,
    all,
    groups,
    laid,
    layoutTurn,
    layOutAgain,
    answer,
    compared,
    error,
    failed,
    isFetching,
    retry,
    again,
    shown: laid?.graph ?? graph,
  }
}
