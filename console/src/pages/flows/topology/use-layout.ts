import { useEffect, useRef, useState } from 'react'
import type { Measure } from '../overview/state.ts'
import { sizeOf, type Graph } from './fold.ts'
import type { LayoutInput, Placed, Point } from './layout.ts'
import type { LayoutTask } from './layout-worker.ts'
import type { Pins, Scope } from './state.ts'

export interface Laid {
  readonly graph: Graph
  readonly placed: Placed
}

interface Places {
  nodes: Record<string, Point>
  groups: Record<string, Point>
}

/** Where everything was last, by scope; kept as long as the page is, so that it is found where it was left. */
const places = new Map<Scope, Places>()
/** More are not remembered: the picture is then laid out anew. */
const placesMost = 20_000

/** Forgets where everything was. */
export function forgetPlaces(scope: Scope): void {
  places.delete(scope)
}

/** Lays the graph out beside the page. Until it has, the picture before is shown. `turn` rises to lay it out anew. */
export function useLayout(
  graph: Graph | undefined,
  scope: Scope,
  measure: Measure,
  pins: Pins,
  turn: number,
): { readonly laid: Laid | undefined; readonly failed: string } {
  const [laid, setLaid] = useState<Laid & { readonly scope: Scope }>()
  const [failed, setFailed] = useState('')
  const worker = useRef<Worker>(undefined)
  const task = useRef(0)
  useEffect(
    () => () => {
      worker.current?.terminate()
      worker.current = undefined
    },
    [],
  )
  useEffect(() => {
    if (graph === undefined) return
    worker.current ??= new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' })
    const number = ++task.current
    const known = places.get(scope) ?? { nodes: {}, groups: {} }
    const size = (edge: Graph['edges'][number]): number => sizeOf(measure, edge, edge.before)
    const most = Math.max(1, ...graph.edges.slice(0, 1).map(size))
    const input: LayoutInput = {
      nodes: graph.nodes.map(({ key, group }) => ({ key, group })),
      edges: graph.edges.map((edge) => ({ from: edge.from, to: edge.to, weight: size(edge) / most })),
      known,
      pins,
    }
    worker.current.onmessage = ({ data }: MessageEvent<{ readonly task: number; readonly placed: Placed }>) => {
      if (data.task !== number) return
      remember(scope, graph, data.placed, pins)
      setLaid({ graph, placed: data.placed, scope })
    }
    worker.current.onerror = ({ message }) => setFailed(message === '' ? 'The layout could not be computed.' : message)
    worker.current.postMessage({ task: number, input } satisfies LayoutTask)
  }, [graph, scope, measure, pins, turn])
  return { laid: laid?.scope === scope ? laid : undefined, failed }
}

/** What is pinned has a place of its own beneath, to which it goes back. */
function remember(scope: Scope, { nodes }: Graph, { points, groups }: Placed, pins: Pins): void {
  const known = places.get(scope) ?? { nodes: {}, groups: {} }
  const next: Places = Object.keys(known.nodes).length > placesMost ? { nodes: {}, groups: {} } : known
  nodes.forEach(({ key }, index) => {
    if (pins[key] === undefined) next.nodes[key] = [points[2 * index] ?? 0, points[2 * index + 1] ?? 0]
  })
  for (const { name, x, y } of groups) next.groups[name] = [x, y]
  places.set(scope, next)
}
