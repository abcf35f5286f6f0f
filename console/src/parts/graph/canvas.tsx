import { useEffect, useId, useMemo, useRef } from 'react'
import { savePicture } from '../picture.ts'
import { useLocalKeys } from '../../state/keys.ts'
import type { Measure } from '../measures.ts'
import { neighbours } from './fold.ts'
import { foundIn } from './find.tsx'
import { towards } from './point-index.ts'
import type { Eye } from './paint.ts'
import { pictureOf } from './scene.ts'
import type { Pins } from './scopes.ts'
import type { Laid } from './use-layout.ts'
import { useScene } from './use-scene.ts'
import './graph.css'
import { topologyText } from './text.ts'

type GraphCanvasProps = Readonly<{
  laid: Laid
  measure: Measure
  pins: Pins
  chosen: string
  find: string
  fitKey: string
  /** Each new turn of a search shows the chosen node and its neighbours, also if the graph was not drawn yet. */
  found?: Readonly<{ turn: number; fitted: React.RefObject<number> }>
  eye: Eye | undefined
  fileName: string
  onEye: (eye: Eye | undefined) => void
  onChoose: (key: string) => void
  onStep: (index: number) => void
  onFold: (group: string) => void
  onPin: (key: string, at: readonly [number, number] | null) => void
}>

const arrows: Readonly<Record<string, readonly [dx: number, dy: number]>> = {
  ArrowRight: [1, 0],
  ArrowLeft: [-1, 0],
  ArrowDown: [0, 1],
  ArrowUp: [0, -1],
}
const nudge = 20

export function GraphCanvas({
  laid,
  measure,
  pins,
  chosen,
  find,
  fitKey,
  found,
  eye,
  fileName,
  onEye,
  onChoose,
  onStep,
  onFold,
  onPin,
}: GraphCanvasProps): React.ReactNode {
  const keysId = useId()
  const place = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const at = laid.graph.nodes.findIndex(({ key }) => key === chosen)
  const picture = useMemo(
    () => pictureOf(laid.graph, laid.placed, measure, new Set(Object.keys(pins)), foundIn(laid.graph, find)),
    [laid, measure, pins, find],
  )
  const drag = useRef<{ x: number; y: number; node: number; moved: boolean }>(undefined)
  // A graph that is replaced before it is still shows them again.
  const onStill = (next: Eye | undefined) => {
    if (found !== undefined) found.fitted.current = found.turn
    onEye(next)
  }
  const scene = useScene(place, canvas, picture, { fitKey, eye, onEye: onStill })
  useEffect(() => {
    if (scene === undefined) return
    scene.chosen = at
    scene.draw()
  }, [scene, at, picture])
  const isThere = at >= 0
  useEffect(() => {
    if (isThere) scene?.reveal(scene.chosen)
  }, [scene, chosen, isThere])

  useEffect(() => {
    if (scene === undefined || !isThere || found?.fitted.current === found?.turn) return
    scene.fitTo([at, ...neighbours(laid.graph, at)])
  }, [scene, found?.turn, isThere, at, laid])

  const here = (event: React.PointerEvent | React.MouseEvent): readonly [number, number] => [
    event.nativeEvent.offsetX,
    event.nativeEvent.offsetY,
  ]
  const keyOf = (index: number) => laid.graph.nodes[index]?.key ?? ''
  const pointOf = (index: number): readonly [number, number] => [
    laid.placed.points[2 * index] ?? 0,
    laid.placed.points[2 * index + 1] ?? 0,
  ]
  const walk = ({ key }: KeyboardEvent) => {
    const direction = arrows[key]
    if (direction === undefined) return
    const near = at < 0 ? -1 : towards(laid.placed.points, at, direction, neighbours(laid.graph, at))
    const next =
      at < 0
        ? 0
        : near >= 0
          ? near
          : towards(
              laid.placed.points,
              at,
              direction,
              laid.graph.nodes.map((_, index) => index),
            )
    if (next >= 0) onChoose(keyOf(next))
  }
  const move = ({ key }: KeyboardEvent) => {
    const direction = arrows[key]
    if (direction === undefined || at < 0) return false
    const [x, y] = pointOf(at)
    onPin(chosen, [x + direction[0] * nudge, y + direction[1] * nudge])
    return true
  }
  const ofChosen = (act: () => void) => () => {
    if (at >= 0) act()
    return at >= 0
  }
  const onKeyDown = useLocalKeys(
    topologyText.inTheTopology,
    scene === undefined
      ? []
      : [
          { keys: Object.keys(arrows), does: topologyText.goToNeighbour, run: walk },
          { keys: ['Home'], does: topologyText.toTheLargestNode, run: () => onChoose(keyOf(0)) },
          { keys: ['Enter'], does: topologyText.expandTheNode, run: ofChosen(() => onStep(at)) },
          {
            keys: ['p'],
            does: topologyText.pinOrUnpinTheNode,
            run: ofChosen(() => onPin(chosen, pins[chosen] === undefined ? pointOf(at) : null)),
          },
          {
            keys: ['g'],
            does: topologyText.foldOrUnfoldGroup,
            run: ofChosen(() => onFold(laid.graph.nodes[at]?.group ?? '')),
          },
          { keys: Object.keys(arrows).map((key) => `Shift+${key}`), does: topologyText.moveTheNode, run: move },
          { keys: ['Escape'], does: topologyText.clearTheSelection, run: ofChosen(() => onChoose('')) },
          { keys: ['+', '='], does: topologyText.zoomInKey, run: () => scene.zoomBy(1.4) },
          { keys: ['-'], does: topologyText.zoomOutKey, run: () => scene.zoomBy(1 / 1.4) },
          { keys: ['0'], does: topologyText.showEverythingKey, run: () => scene.fitAll() },
        ],
  )
  const chosenNode = laid.graph.nodes[at]
  return (
    <div
      ref={place}
      className="graph-place"
      tabIndex={0}
      role="application"
      aria-label={topologyText.topologyOf(laid.graph.nodes.length, laid.graph.edges.length)}
      aria-describedby={keysId}
      data-nodes={laid.graph.nodes.length}
      data-edges={laid.graph.edges.length}
      data-at={at < 0 ? undefined : pointOf(at).join(' ')}
      onKeyDown={onKeyDown}
    >
      <canvas
        ref={canvas}
        aria-hidden="true"
        onPointerDown={(event) => {
          if (event.button !== 0 || scene === undefined) return
          event.currentTarget.setPointerCapture(event.pointerId)
          const [x, y] = here(event)
          drag.current = { x, y, node: scene.nodeAt(x, y), moved: false }
        }}
        onPointerMove={(event) => {
          if (scene === undefined) return
          const [x, y] = here(event)
          const now = drag.current
          if (now === undefined) {
            const hovered = scene.nodeAt(x, y)
            if (hovered === scene.hovered) return
            scene.hovered = hovered
            event.currentTarget.style.cursor = hovered >= 0 ? 'pointer' : 'grab'
            scene.draw()
            return
          }
          if (!now.moved && Math.hypot(x - now.x, y - now.y) < 4) return
          if (now.node >= 0) scene.place(now.node, ...scene.toPlane(x, y))
          else scene.panBy(x - now.x, y - now.y)
          drag.current = { x, y, node: now.node, moved: true }
        }}
        onPointerUp={(event) => {
          const now = drag.current
          drag.current = undefined
          if (scene === undefined || now === undefined) return
          if (!now.moved) onChoose(keyOf(now.node))
          else if (now.node >= 0) onPin(keyOf(now.node), scene.toPlane(...here(event)))
        }}
        onPointerCancel={() => {
          drag.current = undefined
        }}
        onPointerLeave={() => {
          if (scene === undefined || scene.hovered < 0) return
          scene.hovered = -1
          scene.draw()
        }}
        onDoubleClick={(event) => {
          const index = scene?.nodeAt(...here(event)) ?? -1
          const group = scene === undefined || index >= 0 ? undefined : scene.groupAt(...here(event))
          if (index >= 0) onStep(index)
          else if (group !== undefined) onFold(group)
        }}
      />
      <div className="graph-tools" role="group" aria-label={topologyText.view}>
        <button type="button" aria-label={topologyText.zoomIn} onClick={() => scene?.zoomBy(1.4)}>
          +
        </button>
        <button type="button" aria-label={topologyText.zoomOut} onClick={() => scene?.zoomBy(1 / 1.4)}>
          −
        </button>
        <button type="button" aria-label={topologyText.showEverything} onClick={() => scene?.fitAll()}>
          ⤢
        </button>
        <button
          type="button"
          aria-label={topologyText.saveAsPicturePng}
          title={topologyText.saveAsPicturePng}
          onClick={() => {
            if (scene !== undefined) savePicture(scene.snapshot(), fileName)
          }}
        >
          ⤓
        </button>
      </div>
      <p id={keysId} className="spoken">
        {topologyText.keysHint}
      </p>
      <p className="spoken" role="status">
        {chosenNode === undefined
          ? ''
          : topologyText.nodeNeighbours(
              chosenNode.label,
              neighbours(laid.graph, at).length,
              pins[chosen] === undefined ? '' : topologyText.pinned,
            )}
      </p>
    </div>
  )
}
