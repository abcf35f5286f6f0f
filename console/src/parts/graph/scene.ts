import type { Measure } from '../measures.ts'
import { changeOf } from './diff.ts'
import { sizeOf, type Graph } from './fold.ts'
import type { Placed } from './layout.ts'
import { PointIndex } from './point-index.ts'
import { paint, paintFocus, type Eye, type Palette, type Picture } from './paint.ts'
import { topologyText } from './text.ts'

const oversize = 0.5
const stillMs = 120
const [least, most] = [0.02, 8]
const largestNode = 15
const fewEdges = 120

export function pictureOf(
  graph: Graph,
  placed: Placed,
  measure: Measure,
  pinned: ReadonlySet<string>,
  found: readonly number[] = [],
): Picture {
  const weights = weightsOf(graph, measure)
  const top = Math.max(1, ...weights)
  const compares = graph.earlier !== undefined
  const delta = graph.edges.map((edge) => Math.abs(edge[measure] - (edge.before?.[measure] ?? edge[measure])))
  const heaviest = Math.max(1, ...(compares ? delta : [graph.edges[0]?.[measure] ?? 1]))
  const groups = [...new Set(graph.nodes.map(({ group }) => group))]
  const colors = new Map(groups.map((group, index) => [group, index]))
  return {
    graph,
    placed,
    measure,
    radii: weights.map((weight) => 4 + (largestNode - 4) * Math.sqrt(weight / top)),
    widths: graph.edges.map((edge, rank) =>
      compares
        ? changeLevel((delta[rank] ?? 0) / heaviest)
        : thicknessOf(edge[measure] / heaviest, rank / graph.edges.length, graph.edges.length),
    ),
    changes: compares ? graph.edges.map((edge) => changeOf(edge, measure)) : undefined,
    colors: graph.nodes.map(({ stands, group }) => (stands === 1 ? (colors.get(group) ?? 0) : -1)),
    pinned: new Set(graph.nodes.flatMap(({ key }, index) => (pinned.has(key) ? [index] : []))),
    found: new Set(found),
  }
}

function weightsOf({ nodes, edges }: Graph, measure: Measure): readonly number[] {
  const weights = nodes.map(() => 0)
  for (const edge of edges)
    for (const end of [edge.from, edge.to]) weights[end] = (weights[end] ?? 0) + sizeOf(measure, edge, edge.before)
  return nodes.map(({ sent, received }, index) => Math.max(weights[index] ?? 0, sent[measure] + received[measure]))
}

function changeLevel(share: number): number {
  return share > 0.5 ? 3 : share > 0.15 ? 2 : share > 0.03 ? 1 : 0
}

/** 0 to 3: by amount for few edges, by rank for many. */
function thicknessOf(share: number, rank: number, count: number) {
  if (count > fewEdges) return rank < 0.02 ? 3 : rank < 0.1 ? 2 : rank < 0.35 ? 1 : 0
  return Math.max(0, Math.min(3, Math.floor(3.999 * (1 + Math.log10(Math.max(1e-4, share)) / 4))))
}

/** Paints the graph into a bitmap and copies that while the user moves or zooms. Repaints when idle. */
export class Scene {
  readonly #canvas: HTMLCanvasElement
  readonly #context: CanvasRenderingContext2D
  readonly #bitmap = document.createElement('canvas')
  readonly #palette: () => Palette
  readonly #onLook: (eye: Eye | undefined) => void
  #eye: Eye = { x: 0, y: 0, k: 1 }
  #bitmapEye: Eye = { x: 0, y: 0, k: 1 }
  #picture: Picture | undefined
  #index: PointIndex | undefined
  #width = 0
  #height = 0
  #still = 0
  #due = 0
  #stale = true
  #colors: Palette | undefined
  chosen = -1
  hovered = -1
  rasters = 0

  /** @param onLook called when a moved view is idle; undefined: everything fits. */
  constructor(canvas: HTMLCanvasElement, palette: () => Palette, onLook: (eye: Eye | undefined) => void) {
    this.#canvas = canvas
    this.#onLook = onLook
    const context = canvas.getContext('2d', { alpha: false })
    if (context === null) throw new Error(topologyText.noCanvas)
    this.#context = context
    this.#palette = palette
  }

  get eye(): Eye {
    return this.#eye
  }

  resize(width: number, height: number): void {
    const ratio = Math.min(2, devicePixelRatio)
    this.#width = width
    this.#height = height
    this.#canvas.width = Math.round(width * ratio)
    this.#canvas.height = Math.round(height * ratio)
    this.#stale = true
    this.draw()
  }

  show(picture: Picture): void {
    this.#picture = picture
    this.#index = new PointIndex(picture.placed.points, 80)
    this.#stale = true
    this.draw()
  }

  recolor(): void {
    this.#colors = undefined
    this.#stale = true
    this.draw()
  }

  fit(): void {
    const { groups = [], points = [] } = this.#picture?.placed ?? {}
    if (groups.length === 0) return
    const xs = [
      ...groups.flatMap(({ x, radius }) => [x - radius, x + radius]),
      ...points.filter((_, index) => index % 2 === 0),
    ]
    const ys = [
      ...groups.flatMap(({ y, radius }) => [y - radius, y + radius]),
      ...points.filter((_, index) => index % 2 === 1),
    ]
    const eye = this.#eyeOf(xs, ys, 20)
    if (eye !== undefined) this.look(eye)
  }

  /** Shows these nodes, with room for their labels. */
  fitTo(nodes: readonly number[]): void {
    const points = this.#picture?.placed.points
    if (points === undefined || nodes.length === 0) return
    const eye = this.#eyeOf(
      nodes.map((index) => points[2 * index] ?? 0),
      nodes.map((index) => points[2 * index + 1] ?? 0),
      80,
    )
    if (eye !== undefined) this.#move(eye, 'hand')
  }

  #eyeOf(xs: readonly number[], ys: readonly number[], border: number): Eye | undefined {
    if (this.#width === 0) return undefined
    const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)]
    const k = Math.min(
      2.4,
      Math.max(1, this.#width - 2 * border) / Math.max(1, right - left),
      Math.max(1, this.#height - 2 * border - 20) / Math.max(1, bottom - top),
    )
    return { x: (left + right) / 2, y: (top + bottom) / 2, k: Math.max(least, k) }
  }

  fitAll(): void {
    this.fit()
    this.#onLook(undefined)
  }

  look(eye: Eye): void {
    this.#eye = { ...eye, k: Math.max(least, Math.min(most, eye.k)) }
    this.#stale = true
    this.draw()
  }

  panBy(dx: number, dy: number): void {
    const { x, y, k } = this.#eye
    this.#move({ x: x - dx / k, y: y - dy / k, k }, 'hand')
  }

  zoomBy(factor: number, px = this.#width / 2, py = this.#height / 2): void {
    const { x, y, k } = this.#eye
    const next = Math.max(least, Math.min(most, k * factor))
    const [wx, wy] = this.toPlane(px, py)
    this.#move({ x: wx - (wx - x) * (k / next), y: wy - (wy - y) * (k / next), k: next }, 'hand')
  }

  toPlane(px: number, py: number): readonly [x: number, y: number] {
    const { x, y, k } = this.#eye
    return [(px - this.#width / 2) / k + x, (py - this.#height / 2) / k + y]
  }

  reveal(index: number): void {
    const { points } = this.#picture?.placed ?? {}
    if (points === undefined || index < 0) return
    const { x, y, k } = this.#eye
    const [nx, ny] = [points[2 * index] ?? 0, points[2 * index + 1] ?? 0]
    const [px, py] = [(nx - x) * k + this.#width / 2, (ny - y) * k + this.#height / 2]
    if (px > 30 && py > 30 && px < this.#width - 30 && py < this.#height - 30) return this.draw()
    this.#move({ x: nx, y: ny, k })
  }

  nodeAt(px: number, py: number): number {
    const [x, y] = this.toPlane(px, py)
    const { k } = this.#eye
    const radii = this.#picture?.radii ?? []
    return this.#index?.nearest(x, y, (index) => Math.min(80, Math.max(radii[index] ?? 0, 8 / k) + 3 / k)) ?? -1
  }

  /** The group of several nodes at this place. */
  groupAt(px: number, py: number): string | undefined {
    const [x, y] = this.toPlane(px, py)
    const { graph, placed } = this.#picture ?? {}
    const hit = placed?.groups.find((group) => Math.hypot(group.x - x, group.y - y) < group.radius)
    return hit !== undefined && (graph?.nodes.filter(({ group }) => group === hit.name).length ?? 0) > 1
      ? hit.name
      : undefined
  }

  place(index: number, x: number, y: number): void {
    const points = this.#picture?.placed.points
    if (points === undefined) return
    points[2 * index] = x
    points[2 * index + 1] = y
    this.#index = new PointIndex(points, 80)
    this.#stale = true
    this.draw()
  }

  snapshot(ratio = 2): HTMLCanvasElement {
    const canvas = document.createElement('canvas')
    canvas.width = Math.round(this.#width * ratio)
    canvas.height = Math.round(this.#height * ratio)
    const context = canvas.getContext('2d', { alpha: false })
    if (context === null || this.#picture === undefined) return canvas
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    const surface = { context, width: this.#width, height: this.#height, palette: this.#palette() }
    paint(surface, this.#picture, this.#eye)
    if (this.chosen >= 0) paintFocus(surface, this.#picture, this.#eye, this.chosen, 'chosen')
    return canvas
  }

  #move(eye: Eye, by: 'program' | 'hand' = 'program') {
    this.#eye = eye
    clearTimeout(this.#still)
    this.#still = setTimeout(() => {
      this.#stale = true
      this.draw()
      if (by === 'hand') this.#onLook(this.#eye)
    }, stillMs) as unknown as number
    this.draw()
  }

  draw(): void {
    if (this.#due === 0) this.#due = requestAnimationFrame(() => this.#frame())
  }

  stop(): void {
    cancelAnimationFrame(this.#due)
    clearTimeout(this.#still)
  }

  #frame() {
    this.#due = 0
    const picture = this.#picture
    if (picture === undefined || this.#width === 0) return
    const palette = (this.#colors ??= this.#palette())
    if (this.#stale) this.#raster(picture, palette)
    const ratio = this.#canvas.width / this.#width
    const context = this.#context
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    const scale = this.#eye.k / this.#bitmapEye.k
    const [left, top] = [
      (this.#eye.x - this.#bitmapEye.x) * this.#bitmapEye.k,
      (this.#eye.y - this.#bitmapEye.y) * this.#bitmapEye.k,
    ]
    const [width, height] = [this.#width / scale, this.#height / scale]
    const [x, y] = [
      left + this.#width * (0.5 + oversize) - width / 2,
      top + this.#height * (0.5 + oversize) - height / 2,
    ]
    const beyond =
      x < 0 || y < 0 || (x + width) * ratio > this.#bitmap.width || (y + height) * ratio > this.#bitmap.height
    if (beyond) {
      context.fillStyle = palette.panel
      context.fillRect(0, 0, this.#width, this.#height)
    }
    context.imageSmoothingEnabled = scale !== 1
    context.drawImage(
      this.#bitmap,
      x * ratio,
      y * ratio,
      width * ratio,
      height * ratio,
      0,
      0,
      this.#width,
      this.#height,
    )
    const surface = { context, width: this.#width, height: this.#height, palette }
    for (const at of new Set([this.chosen, this.hovered]))
      if (at >= 0) paintFocus(surface, picture, this.#eye, at, at === this.chosen ? 'chosen' : 'hovered')
  }

  #raster(picture: Picture, palette: Palette) {
    this.#stale = false
    const ratio = this.#canvas.width / this.#width
    const [width, height] = [this.#width * (1 + 2 * oversize), this.#height * (1 + 2 * oversize)]
    this.#bitmap.width = Math.round(width * ratio)
    this.#bitmap.height = Math.round(height * ratio)
    const context = this.#bitmap.getContext('2d', { alpha: false })
    if (context === null) return
    context.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.#bitmapEye = this.#eye
    const [left, top] = [this.#width * oversize, this.#height * oversize]
    const seen = [left, top, left + this.#width, top + this.#height] as const
    paint({ context, width, height, palette, seen }, picture, this.#eye)
    this.rasters++
  }
}
