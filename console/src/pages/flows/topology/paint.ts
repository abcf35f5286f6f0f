import { amount } from '../overview/names.ts'
import type { Measure } from '../overview/state.ts'
import type { Change } from './diff.ts'
import { groupName, type Graph } from './fold.ts'
import type { Placed } from './layout.ts'
import { paintChanges, paintMarks } from './paint-diff.ts'
import { topologyText } from '../../../text/topology.ts'

export type Palette = Readonly<{
  panel: string
  soft: string
  line: string
  edge: string
  edges: readonly string[]
  ink: string
  dim: string
  accent: string
  warning: string
  good: string
  bad: string
  other: string
  series: readonly string[]
}>

export type Eye = Readonly<{
  x: number
  y: number
  k: number
}>

export type Picture = Readonly<{
  graph: Graph
  placed: Placed
  radii: readonly number[]
  widths: readonly number[]
  colors: readonly number[]
  pinned: ReadonlySet<number>
  found: ReadonlySet<number>
  measure: Measure
  changes: readonly Change[] | undefined
}>

const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
const focusFont = `600 12px ${font}`
const thickness = [0.6, 1, 1.8, 3]
/** Several short paths draw faster than one long path. */
const chunk = 400
const maxLabels = 60

export function paint(
  context: CanvasRenderingContext2D,
  picture: Picture,
  { x, y, k }: Eye,
  width: number,
  height: number,
  palette: Palette,
): void {
  const { graph, placed, radii, colors, pinned, changes } = picture
  const { points, groups } = placed
  const sx = (index: number) => ((points[2 * index] ?? 0) - x) * k + width / 2
  const sy = (index: number) => ((points[2 * index + 1] ?? 0) - y) * k + height / 2
  context.clearRect(0, 0, width, height)
  context.fillStyle = palette.panel
  context.fillRect(0, 0, width, height)
  const members = new Map<string, number>()
  for (const { group } of graph.nodes) members.set(group, (members.get(group) ?? 0) + 1)
  const named = groups.filter(({ name }) => (members.get(name) ?? 0) > 1)
  context.fillStyle = palette.soft
  context.strokeStyle = palette.line
  context.lineWidth = 1
  for (const group of named) {
    context.beginPath()
    context.arc((group.x - x) * k + width / 2, (group.y - y) * k + height / 2, group.radius * k, 0, 7)
    context.fill()
    context.stroke()
  }
  if (changes === undefined) paintEdges(context, picture, sx, sy, k, palette)
  else {
    paintChanges(context, picture, changes, sx, sy, palette)
    paintMarks(context, picture, changes, sx, sy, palette)
  }
  graph.nodes.forEach(({ stands }, index) =>
    node(
      context,
      sx(index),
      sy(index),
      Math.max(2, (radii[index] ?? 4) * k),
      stands !== 1,
      pinned.has(index),
      colorOf(colors, index, palette),
      palette,
    ),
  )
  for (const index of picture.found)
    ring(context, sx(index), sy(index), Math.max(2, (radii[index] ?? 4) * k) + 4, palette.accent)
  const taken: Box[] = []
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  for (const group of named) {
    const [gx, gy] = [(group.x - x) * k + width / 2, (group.y - y - group.radius) * k + height / 2 - 5]
    write(context, groupName(group.name), gx, gy, `600 12px ${font}`, palette.dim, palette.panel, taken)
  }
  let labels = 0
  for (let index = 0; index < graph.nodes.length && labels < maxLabels; index++) {
    const [nx, ny] = [sx(index), sy(index)]
    if (nx < 0 || ny < 0 || nx > width || ny > height) continue
    if (
      write(
        context,
        graph.nodes[index]?.label ?? '',
        nx,
        ny + Math.max(2, (radii[index] ?? 4) * k) + 12,
        `12px ${font}`,
        palette.ink,
        palette.panel,
        taken,
      )
    )
      labels++
  }
}

function paintEdges(
  context: CanvasRenderingContext2D,
  { graph, widths }: Picture,
  sx: (index: number) => number,
  sy: (index: number) => number,
  k: number,
  palette: Palette,
) {
  const crowded = graph.edges.length > 400
  for (const level of [0, 1, 2, 3]) {
    context.lineWidth = (thickness[level] ?? 1) * Math.min(1.5, Math.max(0.6, k))
    context.strokeStyle = palette.edges[crowded ? level : Math.min(3, level + 1)] ?? palette.edge
    let count = 0
    context.beginPath()
    graph.edges.forEach(({ from, to }, index) => {
      if (widths[index] !== level || from === to) return
      context.moveTo(sx(from), sy(from))
      context.lineTo(sx(to), sy(to))
      if (++count % chunk === 0) {
        context.stroke()
        context.beginPath()
      }
    })
    context.stroke()
  }
}

function ring(context: CanvasRenderingContext2D, x: number, y: number, radius: number, color: string) {
  context.strokeStyle = color
  context.lineWidth = 2
  context.beginPath()
  context.arc(x, y, radius, 0, 7)
  context.stroke()
}

function colorOf(colors: readonly number[], index: number, palette: Palette) {
  const color = colors[index] ?? 0
  return color === -1 ? palette.other : (palette.series[color % palette.series.length] ?? palette.other)
}

function node(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  radius: number,
  several: boolean,
  pinned: boolean,
  color: string,
  palette: Palette,
) {
  context.fillStyle = color
  context.strokeStyle = palette.panel
  context.lineWidth = 1.5
  context.beginPath()
  if (several) context.rect(x - radius, y - radius, 2 * radius, 2 * radius)
  else context.arc(x, y, radius, 0, 7)
  context.fill()
  context.stroke()
  if (!pinned) return
  context.fillStyle = palette.panel
  context.beginPath()
  context.arc(x, y, Math.max(1.5, radius / 3), 0, 7)
  context.fill()
}

type Box = readonly [left: number, top: number, right: number, bottom: number]

function write(
  context: CanvasRenderingContext2D,
  whole: string,
  x: number,
  y: number,
  style: string,
  ink: string,
  halo: string,
  taken: Box[],
  most = 28,
  ground = '',
): boolean {
  const text = whole.length > most ? `${whole.slice(0, most - 1)}…` : whole
  context.font = style
  const half = context.measureText(text).width / 2 + 3
  const box: Box = [x - half, y - 11, x + half, y + 4]
  if (taken.some(([left, top, right, bottom]) => box[0] < right && box[2] > left && box[1] < bottom && box[3] > top))
    return false
  taken.push(box)
  if (ground !== '') {
    context.fillStyle = ground
    context.fillRect(box[0] - 3, box[1] - 3, box[2] - box[0] + 6, box[3] - box[1] + 5)
  }
  context.strokeStyle = halo
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeText(text, x, y)
  context.fillStyle = ink
  context.fillText(text, x, y)
  return true
}

export function paintFocus(
  context: CanvasRenderingContext2D,
  { graph, placed, radii, colors, pinned, measure }: Picture,
  { x, y, k }: Eye,
  width: number,
  height: number,
  palette: Palette,
  at: number,
  isChosen: boolean,
): void {
  const { points } = placed
  const sx = (index: number) => ((points[2 * index] ?? 0) - x) * k + width / 2
  const sy = (index: number) => ((points[2 * index + 1] ?? 0) - y) * k + height / 2
  const near: number[] = []
  if (isChosen) {
    context.globalAlpha = 0.62
    context.fillStyle = palette.panel
    context.fillRect(0, 0, width, height)
    context.globalAlpha = 1
  }
  context.strokeStyle = palette.accent
  context.fillStyle = palette.accent
  for (const { from, to } of graph.edges) {
    if ((from !== at && to !== at) || from === to) continue
    if (near.length < 200) near.push(from === at ? to : from)
    arrow(context, sx(from), sy(from), sx(to), sy(to), Math.max(2, (radii[to] ?? 4) * k))
  }
  for (const index of [...near, at]) {
    node(
      context,
      sx(index),
      sy(index),
      Math.max(2, (radii[index] ?? 4) * k),
      graph.nodes[index]?.stands !== 1,
      pinned.has(index),
      colorOf(colors, index, palette),
      palette,
    )
  }
  context.strokeStyle = palette.accent
  context.lineWidth = isChosen ? 3 : 2
  context.beginPath()
  context.arc(sx(at), sy(at), Math.max(2, (radii[at] ?? 4) * k) + 3, 0, 7)
  context.stroke()
  const taken: Box[] = []
  context.textAlign = 'center'
  const radius = (index: number) => Math.max(2, (radii[index] ?? 4) * k)
  const own = graph.nodes[at]
  if (own !== undefined) {
    const text = topologyText.outIn(
      own.label,
      amount(measure, own.sent[measure]),
      amount(measure, own.received[measure]),
    )
    context.font = focusFont
    const half = Math.min(width, context.measureText(text).width + 12) / 2
    write(
      context,
      text,
      Math.max(half, Math.min(width - half, sx(at))),
      sy(at) + radius(at) + 13,
      focusFont,
      palette.ink,
      palette.panel,
      taken,
      60,
      palette.panel,
    )
  }
  for (const index of near) {
    if (taken.length > 40) break
    write(
      context,
      graph.nodes[index]?.label ?? '',
      sx(index),
      sy(index) + radius(index) + 12,
      `600 12px ${font}`,
      palette.ink,
      palette.panel,
      taken,
    )
  }
}

function arrow(context: CanvasRenderingContext2D, x1: number, y1: number, x2: number, y2: number, gap: number) {
  const length = Math.hypot(x2 - x1, y2 - y1)
  if (length < 1) return
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length]
  const [ex, ey] = [x2 - ux * (gap + 2), y2 - uy * (gap + 2)]
  context.lineWidth = 1.5
  context.beginPath()
  context.moveTo(x1, y1)
  context.lineTo(ex, ey)
  context.stroke()
  context.beginPath()
  context.moveTo(ex, ey)
  context.lineTo(ex - ux * 8 - uy * 4, ey - uy * 8 + ux * 4)
  context.lineTo(ex - ux * 8 + uy * 4, ey - uy * 8 - ux * 4)
  context.fill()
}
