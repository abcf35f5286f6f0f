import { useEffect, useId, useMemo, useRef } from 'react'
import { savePicture } from '../picture.ts'
import type { Measure } from '../measures.ts'
import { neighbours } from './fold.ts'
import { foundIn } from './find.tsx'
import type { Eye } from './paint.ts'
import { pictureOf, type Scene } from './scene.ts'
import type { Pins } from './scopes.ts'
import { keyOf, pointOf, useGraphKeys } from './use-graph-keys.ts'
import type { Laid } from './use-layout.ts'
import { useScene } from './use-scene.ts'
import './graph.css'
import { topologyText } from './text.ts'

export type GraphCanvasProps = Readonly<{
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

export function GraphCanvas(props: GraphCanvasProps): React.ReactNode {
  const { laid, measure, pins, chosen, find, fitKey, found, eye, fileName, onEye } = props
  const keysId = useId()
  const place = useRef<HTMLDivElement>(null)
  const canvas = useRef<HTMLCanvasElement>(null)
  const at = laid.graph.nodes.findIndex(({ key }) => key === chosen)
  const picture = useMemo(
    () => pictureOf(laid.graph, laid.placed, measure, new Set(Object.keys(pins)), foundIn(laid.graph, find)),
    [laid, measure, pins, find],
  )
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

  const onKeyDown = useGraphKeys({ ...props, scene, at })
  const pointer = usePointer({ ...props, scene })
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
      data-at={at < 0 ? undefined : pointOf(laid, at).join(' ')}
      onKeyDown={onKeyDown}
    >
      <canvas ref={canvas} aria-hidden="true" {...pointer} />
      <GraphTools scene={scene} fileName={fileName} />
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

type Pointed = Pick<GraphCanvasProps, 'laid' | 'onChoose' | 'onStep' | 'onFold' | 'onPin'> &
  Readonly<{ scene: Scene | undefined }>

const here = (event: React.PointerEvent | React.MouseEvent): readonly [number, number] => [
  event.nativeEvent.offsetX,
  event.nativeEvent.offsetY,
]

/** Selects and moves nodes, and the picture. */
function usePointer(pointed: Pointed): React.DOMAttributes<HTMLCanvasElement> {
  const { laid, scene, onChoose, onStep, onFold, onPin } = pointed
  const drag = useRef<{ x: number; y: number; node: number; moved: boolean }>(undefined)
  return {
    onPointerDown(event) {
      if (event.button !== 0 || scene === undefined) return
      event.currentTarget.setPointerCapture(event.pointerId)
      const [x, y] = here(event)
      drag.current = { x, y, node: scene.nodeAt(x, y), moved: false }
    },
    onPointerMove(event) {
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
    },
    onPointerUp(event) {
      const now = drag.current
      drag.current = undefined
      if (scene === undefined || now === undefined) return
      if (!now.moved) onChoose(keyOf(laid, now.node))
      else if (now.node >= 0) onPin(keyOf(laid, now.node), scene.toPlane(...here(event)))
    },
    onPointerCancel() {
      drag.current = undefined
    },
    onPointerLeave() {
      if (scene === undefined || scene.hovered < 0) return
      scene.hovered = -1
      scene.draw()
    },
    onDoubleClick(event) {
      const index = scene?.nodeAt(...here(event)) ?? -1
      const group = scene === undefined || index >= 0 ? undefined : scene.groupAt(...here(event))
      if (index >= 0) onStep(index)
      else if (group !== undefined) onFold(group)
    },
  }
}

function GraphTools({ scene, fileName }: Readonly<{ scene: Scene | undefined; fileName: string }>) {
  return (
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
  )
}
