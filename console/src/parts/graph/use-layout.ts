import { useEffect, useRef, useState } from 'react'
import type { Measure } from '../measures.ts'
import { sizeOf, type Graph } from './fold.ts'
import type { LayoutInput, Placed, Point } from './layout.ts'
import type { LayoutTask } from './layout-worker.ts'
import type { Pins, Scope } from './scopes.ts'
import { topologyText } from './text.ts'

export type Laid = Readonly<{
  graph: Graph
  placed: Placed
}>

interface Places {
  nodes: Record<string, Point>
  groups: Record<string, Point>
}

const places = new Map<Scope, Places>()
const maxPlaces = 20_000

export function forgetPlaces(scope: Scope): void {
  places.delete(scope)
}

export function useLayout(
  graph: Graph | undefined,
  scope: Scope,
  measure: Measure,
  pins: Pins,
  turn: number,
): Readonly<{ laid: Laid | undefined; failed: string }> {
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
    const size = (edge: Graph['edges'][number]) => sizeOf(measure, edge, edge.before)
    const most = Math.max(1, ...graph.edges.slice(0, 1).map(size))
    const input: LayoutInput = {
      nodes: graph.nodes.map(({ key, group }) => ({ key, group })),
      edges: graph.edges.map((edge) => ({ from: edge.from, to: edge.to, weight: size(edge) / most })),
      known,
      pins,
    }
    worker.current.onmessage = ({ data }: MessageEvent<Readonly<{ task: number; placed: Placed }>>) => {
      if (data.task !== number) return
      remember(scope, graph, data.placed, pins)
      setLaid({ graph, placed: data.placed, scope })
    }
    worker.current.onerror = ({ message }) => setFailed(message === '' ? topologyText.layoutFailed : message)
    worker.current.postMessage({ task: number, input } satisfies LayoutTask)
  }, [graph, scope, measure, pins, turn])
  return { laid: laid?.scope === scope ? laid : undefined, failed }
}

function remember(scope: Scope, { nodes }: Graph, { points, groups }: Placed, pins: Pins) {
  const known = places.get(scope) ?? { nodes: {}, groups: {} }
  const next: Places = Object.keys(known.nodes).length > maxPlaces ? { nodes: {}, groups: {} } : known
  nodes.forEach(({ key }, index) => {
    if (pins[key] === undefined) next.nodes[key] = [points[2 * index] ?? 0, points[2 * index + 1] ?? 0]
  })
  for (const { name, x, y } of groups) next.groups[name] = [x, y]
  places.set(scope, next)
}
