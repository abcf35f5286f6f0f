import { amount } from '../measure-names.ts'
import type { Measure } from '../measures.ts'
import type { Change } from './diff.ts'
import { groupName, type Graph } from './fold.ts'
import type { Placed } from './layout.ts'
import { aroundNode, besideNode, boxOf, FreeSpace, type Box } from './labels.ts'
import { paintChanges, paintMarks } from './paint-diff.ts'
import { arrowHead, paintEdges, paintValues, type Screen } from './paint-edges.ts'
import { topologyText } from '../../text/topology.ts'

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
const maxLabels = 60

function screenOf({ placed: { points }, radii }: Picture, { x, y, k }: Eye, width: number, height: number): Screen {
  return {
    sx: (index) => ((points[2 * index] ?? 0) - x) * k + width / 2,
    sy: (index) => ((points[2 * index + 1] ?? 0) - y) * k + height / 2,
    radius: (index) => Math.max(2, (radii[index] ?? 4) * k),
    k,
  }
}

export function paint(
  context: CanvasRenderingContext2D,
  picture: Picture,
  eye: Eye,
  width: number,
  height: number,
  palette: Palette,
): void {
  const { graph, placed, colors, pinned, changes } = picture
  const { x, y, k } = eye
  const screen = screenOf(picture, eye, width, height)
  const { sx, sy, radius } = screen
  context.clearRect(0, 0, width, height)
  context.fillStyle = palette.panel
  context.fillRect(0, 0, width, height)
  const members = new Map<string, number>()
  for (const { group } of graph.nodes) members.set(group, (members.get(group) ?? 0) + 1)
  const named = placed.groups.filter(({ name }) => (members.get(name) ?? 0) > 1)
  context.fillStyle = palette.soft
  context.strokeStyle = palette.line
  context.lineWidth = 1
  for (const group of named) {
    context.beginPath()
    context.arc((group.x - x) * k + width / 2, (group.y - y) * k + height / 2, group.radius * k, 0, 7)
    context.fill()
    context.stroke()
  }
  if (changes === undefined) paintEdges(context, picture, screen, palette)
  else {
    paintChanges(context, picture, changes, sx, sy, palette)
    paintMarks(context, picture, changes, sx, sy, palette)
  }
  graph.nodes.forEach(({ stands }, index) =>
    node(
      context,
      sx(index),
      sy(index),
      radius(index),
      stands !== 1,
      pinned.has(index),
      colorOf(colors, index, palette),
      palette,
    ),
  )
  for (const index of picture.found) ring(context, sx(index), sy(index), radius(index) + 4, palette.accent)
  const space = spaceOf(picture, screen)
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  context.font = focusFont
  for (const group of named) {
    const [gx, gy, reach] = [
      (group.x - x) * k + width / 2,
      (group.y - y) * k + height / 2,
      Math.max(4, group.radius * k),
    ]
    const text = short(groupName(group.name))
    const spots = [
      [gx, gy - reach - 5],
      [gx, gy + reach + 14],
      [gx, gy - reach + 16],
    ] as const
    const spot = space.place(halfOf(context, text), spots)
    if (spot !== undefined) write(context, text, spot[0], spot[1], palette.dim, palette.panel)
  }
  context.font = `12px ${font}`
  let labels = 0
  for (let index = 0; index < graph.nodes.length && labels < maxLabels; index++) {
    const [nx, ny] = [sx(index), sy(index)]
    if (nx < 0 || ny < 0 || nx > width || ny > height) continue
    const text = short(graph.nodes[index]?.label ?? '')
    const half = halfOf(context, text)
    const spot = space.place(half, besideNode(nx, ny, radius(index), half))
    if (spot === undefined) continue
    write(context, text, spot[0], spot[1], palette.ink, palette.panel)
    labels++
  }
  if (changes !== undefined) return
  context.font = `11px ${font}`
  paintValues(context, picture, screen, space, (text, tx, ty) =>
    write(context, text, tx, ty, palette.dim, palette.panel),
  )
}

function spaceOf({ graph, found }: Picture, { sx, sy, radius }: Screen): FreeSpace {
  const space = new FreeSpace()
  for (let index = 0; index < graph.nodes.length; index++)
    space.takeNode(sx(index), sy(index), radius(index), found.has(index) ? 6 : 2)
  return space
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

function short(whole: string, most = 28) {
  return whole.length > most ? `${whole.slice(0, most - 1)}…` : whole
}

/** Half of the width, with a margin. */
function halfOf(context: CanvasRenderingContext2D, text: string) {
  return context.measureText(text).width / 2 + 3
}

function write(context: CanvasRenderingContext2D, text: string, x: number, y: number, ink: string, halo: string) {
  context.strokeStyle = halo
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeText(text, x, y)
  context.fillStyle = ink
  context.fillText(text, x, y)
}

export function paintFocus(
  context: CanvasRenderingContext2D,
  picture: Picture,
  eye: Eye,
  width: number,
  height: number,
  palette: Palette,
  at: number,
  isChosen: boolean,
): void {
  const { graph, colors, pinned, measure } = picture
  const screen = screenOf(picture, eye, width, height)
  const { sx, sy, radius } = screen
  const near = new Set<number>()
  if (isChosen) {
    context.globalAlpha = 0.62
    context.fillStyle = palette.panel
    context.fillRect(0, 0, width, height)
    context.globalAlpha = 1
  }
  context.strokeStyle = palette.accent
  context.lineWidth = 1.5
  for (const { from, to } of graph.edges) {
    if ((from !== at && to !== at) || from === to) continue
    if (near.size < 200) near.add(from === at ? to : from)
    const [start, end] = [
      [sx(from), sy(from)],
      [sx(to), sy(to)],
    ] as const
    context.beginPath()
    context.moveTo(...start)
    context.lineTo(...end)
    context.stroke()
    arrowHead(context, start, end, radius(to) + 2, 8, palette.accent)
  }
  for (const index of [...near, at]) {
    node(
      context,
      sx(index),
      sy(index),
      radius(index),
      graph.nodes[index]?.stands !== 1,
      pinned.has(index),
      colorOf(colors, index, palette),
      palette,
    )
  }
  context.strokeStyle = palette.accent
  context.lineWidth = isChosen ? 3 : 2
  context.beginPath()
  context.arc(sx(at), sy(at), radius(at) + 3, 0, 7)
  context.stroke()
  const space = spaceOf(picture, screen)
  space.takeNode(sx(at), sy(at), radius(at), 5)
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  context.font = focusFont
  const screenBox: Box = [0, 0, width, height]
  const own = graph.nodes[at]
  if (own !== undefined) {
    const [sent, received] = [own.sent, own.received].map((sums) => amount(measure, sums[measure])) as [string, string]
    const text = short(topologyText.outIn(own.label, sent, received), 60)
    const half = halfOf(context, text) + 3
    const [x, y] = [sx(at), sy(at)]
    const spot = space.place(half, aroundNode(x, y, radius(at) + 3, half, Math.max(width, height)), screenBox)
    if (spot !== undefined) {
      const [left, top, right, bottom] = boxOf(spot[0], spot[1], half)
      context.fillStyle = palette.panel
      context.fillRect(left, top, right - left, bottom - top)
      write(context, text, spot[0], spot[1], palette.ink, palette.panel)
    }
  }
  let labels = 0
  for (const index of near) {
    if (labels >= 40) break
    const text = short(graph.nodes[index]?.label ?? '')
    const half = halfOf(context, text)
    const spot = space.place(half, besideNode(sx(index), sy(index), radius(index), half))
    if (spot === undefined) continue
    write(context, text, spot[0], spot[1], palette.ink, palette.panel)
    labels++
  }
}
