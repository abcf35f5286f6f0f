import { useEffect, useMemo, useRef, useState } from 'react'
import type { Cell } from '../../../../../src/api/published.ts'
import { watch } from '../../../live/tab.ts'
import { isOnRequest, measures, type Measure } from '../overview/state.ts'
import { liveQuestion, type FlowQuestion } from '../flow-filter.ts'
import { zero, type Amounts, type EdgeRow, type Edges } from '../../../parts/graph/fold.ts'
import { scopeParts } from '../../../parts/graph/scope.ts'
import type { Scope } from './state.ts'

export type GraphMessage = Readonly<{
  cols: readonly string[]
  upsertEdges: readonly (readonly [from: Cell, to: Cell, sums: readonly number[]])[]
  others: Readonly<{ edges: number; sums: readonly number[] }>
  snapshot?: true
}>

export const liveSeconds = 60

const columnOf: Readonly<Record<Measure, string>> = {
  flows: 'rows',
  bytes: 'bytes_est',
  packets: 'packets_est',
  drop_bytes: 'drop_bytes',
  drop_packets: 'drop_packets',
}

type Piece = Readonly<{
  at: number
  rows: readonly EdgeRow[]
  others: Amounts
  otherEdges: number
}>

export class LiveGraph {
  readonly #width: number
  #pieces: Piece[] = []
  begun = false

  constructor(width: number) {
    this.#width = width
  }

  seed({ rows, total }: Edges, now: number): void {
    const others: Record<Measure, number> = { ...total }
    for (const row of rows) for (const measure of measures) others[measure] -= row.sums[measure]
    this.#pieces.unshift({ at: now, rows, others, otherEdges: total.edges - rows.length })
    this.begun = true
  }

  take({ cols, upsertEdges, others, snapshot }: GraphMessage, now: number): void {
    if (snapshot === true) return
    const places = measures.map((measure) => [measure, cols.indexOf(columnOf[measure])] as const)
    const amounts = (sums: readonly number[]) =>
      Object.fromEntries(places.map(([measure, at]) => [measure, sums[at] ?? 0])) as Amounts
    const cells = (end: Cell): readonly unknown[] => (this.#width === 1 ? [end] : (end as readonly Cell[]))
    const rows = upsertEdges
      .map(([from, to, sums]): EdgeRow => ({ from: cells(from), to: cells(to), sums: amounts(sums) }))
      .filter(({ sums }) => sums.flows > 0)
    this.#pieces.push({ at: now, rows, others: amounts(others.sums), otherEdges: others.edges })
    this.begun = true
  }

  /** Edges missing in a message keep the amounts of their last one. */
  edges(now: number): Edges {
    this.#pieces = this.#pieces.filter(({ at }) => at > now - liveSeconds * 1000)
    const edges = new Map<
      string,
      Readonly<{ from: readonly unknown[]; to: readonly unknown[]; sums: Record<Measure, number> }>
    >()
    const total = zero()
    const add = (into: Record<Measure, number>, more: Amounts) => {
      for (const measure of measures) into[measure] += more[measure]
    }
    for (const { rows, others } of this.#pieces) {
      add(total, others)
      for (const { from, to, sums } of rows) {
        const key = JSON.stringify([from, to])
        let edge = edges.get(key)
        if (edge === undefined) edges.set(key, (edge = { from, to, sums: zero() }))
        add(edge.sums, sums)
        add(total, sums)
      }
    }
    return {
      rows: [...edges.values()],
      total: { ...total, edges: edges.size + (this.#pieces.at(-1)?.otherEdges ?? 0) },
    }
  }
}

interface LiveQuestion extends FlowQuestion {
  readonly scope: Scope
  readonly by: Measure
  readonly nodes: number
}

export function useLiveGraph(
  { filter, both, once, scope, by, nodes }: LiveQuestion,
  seed: Edges | undefined,
  { live: on }: Readonly<{ live: boolean }>,
): Edges | undefined {
  const [turn, setTurn] = useState(0)
  const { parts } = scopeParts[scope]
  const graph = useMemo(() => new LiveGraph(parts.length), [on, filter, both, once, parts, by, nodes])
  const seeded = useRef<LiveGraph>(undefined)
  useEffect(() => {
    if (!on || seed === undefined || seeded.current === graph) return
    seeded.current = graph
    graph.seed(seed, Date.now())
    setTurn((before) => before + 1)
  }, [on, seed, graph])
  useEffect(() => {
    if (!on) return undefined
    const rank = columnOf[by]
    const columns = ['bytes_est', 'packets_est', ...(isOnRequest(by) ? [columnOf[by]] : [])]
    const view = {
      kind: 'graph',
      q: liveQuestion({ filter, both, once }),
      columns,
      scope: [...parts.map((part) => `src_${part}`), ...parts.map((part) => `dst_${part}`)],
      by: rank,
      limit: nodes,
      idle: 30,
    }
    const stop = watch(view, (message) => {
      if (message.is !== 'other' || message.event !== 'graph') return
      graph.take(message.data as unknown as GraphMessage, Date.now())
      setTurn((before) => before + 1)
    })
    // Without traffic no messages arrive, but old ones expire.
    const clock = setInterval(() => setTurn((before) => before + 1), 5000)
    return () => {
      stop()
      clearInterval(clock)
    }
  }, [on, filter, both, once, parts, by, nodes, graph])
  return useMemo(() => (on && graph.begun ? graph.edges(Date.now()) : undefined), [on, graph, turn])
}
