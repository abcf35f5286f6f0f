import { useLocalKeys } from '../../state/keys.ts'
import type { GraphCanvasProps } from './canvas.tsx'
import { neighbours } from './fold.ts'
import { towards } from './point-index.ts'
import type { Scene } from './scene.ts'
import { topologyText } from './text.ts'
import type { Laid } from './use-layout.ts'

const arrows: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
}
const nudge = 20

export const keyOf = ({ graph }: Laid, index: number): string => graph.nodes[index]?.key ?? ''

export const pointOf = ({ placed }: Laid, index: number): readonly [number, number] => [
  placed.points[2 * index] ?? 0,
  placed.points[2 * index + 1] ?? 0,
]

type Keyed = Pick<GraphCanvasProps, 'laid' | 'pins' | 'chosen' | 'onChoose' | 'onStep' | 'onFold' | 'onPin'> &
  Readonly<{
    scene: Scene | undefined
    /** Index of the chosen node; -1: none. */
    at: number
  }>

export function useGraphKeys(keyed: Keyed): ReturnType<typeof useLocalKeys> {
  const { laid, scene, at, pins, chosen, onChoose, onStep, onFold, onPin } = keyed
  const ofChosen = (act: () => void) => () => {
    if (at >= 0) act()
    return at >= 0
  }
  return useLocalKeys(
    topologyText.inTheTopology,
    scene === undefined
      ? []
      : [
          { keys: Object.keys(arrows), does: topologyText.goToNeighbour, run: (event) => walk(keyed, event) },
          { keys: ['Home'], does: topologyText.toTheLargestNode, run: () => onChoose(keyOf(laid, 0)) },
          { keys: ['Enter'], does: topologyText.expandTheNode, run: ofChosen(() => onStep(at)) },
          {
            keys: ['p'],
            does: topologyText.pinOrUnpinTheNode,
            run: ofChosen(() => onPin(chosen, pins[chosen] === undefined ? pointOf(laid, at) : null)),
          },
          {
            keys: ['g'],
            does: topologyText.foldOrUnfoldGroup,
            run: ofChosen(() => onFold(laid.graph.nodes[at]?.group ?? '')),
          },
          {
            keys: Object.keys(arrows).map((key) => `Shift+${key}`),
            does: topologyText.moveTheNode,
            run: (event) => move(keyed, event),
          },
          { keys: ['Escape'], does: topologyText.clearTheSelection, run: ofChosen(() => onChoose('')) },
          { keys: ['+', '='], does: topologyText.zoomInKey, run: () => scene.zoomBy(1.4) },
          { keys: ['-'], does: topologyText.zoomOutKey, run: () => scene.zoomBy(1 / 1.4) },
          { keys: ['0'], does: topologyText.showEverythingKey, run: () => scene.fitAll() },
        ],
  )
}

function walk({ laid, at, onChoose }: Keyed, { key }: KeyboardEvent): void {
  const direction = arrows[key]
  if (direction === undefined) return
  const { points } = laid.placed
  const near = at < 0 ? -1 : towards(points, at, direction, neighbours(laid.graph, at))
  const everywhere = () =>
    towards(
      points,
      at,
      direction,
      laid.graph.nodes.map((_, index) => index),
    )
  const next = at < 0 ? 0 : near >= 0 ? near : everywhere()
  if (next >= 0) onChoose(keyOf(laid, next))
}

function move({ laid, at, chosen, onPin }: Keyed, { key }: KeyboardEvent): boolean {
  const direction = arrows[key]
  if (direction === undefined || at < 0) return false
  const [x, y] = pointOf(laid, at)
  onPin(chosen, [x + direction[0] * nudge, y + direction[1] * nudge])
  return true
}
