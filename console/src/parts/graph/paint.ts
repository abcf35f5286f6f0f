import { amount } from '../measure-names.ts'
import type { Measure } from '../measures.ts'
import type { Change } from './diff.ts'
import type { Graph } from './fold.ts'
import type { Placed } from './layout.ts'
import { aroundNode, besideNode, boxOf, type Box, type Spot } from './labels.ts'
import { paintChanges, paintMarks } from './paint-diff.ts'
import { arrowHead, paintEdges, type Screen } from './paint-edges.ts'
import { focusFont, halfOf, placeValues, short, spaceOf, textsOf, type Circle } from './texts.ts'
import { topologyText } from './text.ts'

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

/** A canvas, or a bitmap beside it, with its size in CSS pixels. */
export type Surface = Readonly<{
  context: CanvasRenderingContext2D
  width: number
  height: number
  palette: Palette
  /** What the user sees of it; texts stay within if they can. Default: all. */
  seen?: Box
}>

function screenOf(
  { placed: { points }, radii }: Picture,
  { x, y, k }: Eye,
  { width, height }: Readonly<{ width: number; height: number }>,
): Screen {
  return {
    sx: (index) => ((points[2 * index] ?? 0) - x) * k + width / 2,
    sy: (index) => ((points[2 * index + 1] ?? 0) - y) * k + height / 2,
    radius: (index) => Math.max(2, (radii[index] ?? 4) * k),
    k,
  }
}

/** Groups of several nodes. */
function circlesOf(
  { graph, placed }: Picture,
  { x, y, k }: Eye,
  { width, height }: Readonly<{ width: number; height: number }>,
): readonly Circle[] {
  const members = new Map<string, number>()
  for (const { group } of graph.nodes) members.set(group, (members.get(group) ?? 0) + 1)
  return placed.groups
    .filter(({ name }) => (members.get(name) ?? 0) > 1)
    .map((group) => ({
      name: group.name,
      x: (group.x - x) * k + width / 2,
      y: (group.y - y) * k + height / 2,
      radius: group.radius * k,
    }))
}

export function paint(surface: Surface, picture: Picture, eye: Eye): void {
  const { graph, changes } = picture
  const { context, width, height, palette } = surface
  const screen = screenOf(picture, eye, surface)
  const { sx, sy, radius } = screen
  context.clearRect(0, 0, width, height)
  context.fillStyle = palette.panel
  context.fillRect(0, 0, width, height)
  const circles = circlesOf(picture, eye, surface)
  context.fillStyle = palette.soft
  context.strokeStyle = palette.line
  context.lineWidth = 1
  for (const circle of circles) {
    context.beginPath()
    context.arc(circle.x, circle.y, circle.radius, 0, 7)
    context.fill()
    context.stroke()
  }
  if (changes === undefined) paintEdges(surface, picture, screen)
  else {
    paintChanges(surface, picture, changes, screen)
    paintMarks(surface, picture, changes, screen)
  }
  for (let index = 0; index < graph.nodes.length; index++) paintNode(surface, picture, screen, index)
  for (const index of picture.found) ring(context, sx(index), sy(index), radius(index) + 4, palette.accent)
  context.textAlign = 'center'
  context.textBaseline = 'alphabetic'
  const texts = textsOf(surface, picture, screen, circles)
  for (const { text, spot, font, ink } of texts.all) {
    context.font = font
    write(surface, text, spot, palette[ink])
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

/** A square stands for several members. */
function paintNode({ context, palette }: Surface, { graph, colors, pinned }: Picture, screen: Screen, index: number) {
  const [x, y, radius] = [screen.sx(index), screen.sy(index), screen.radius(index)]
  context.fillStyle = colorOf(colors, index, palette)
  context.strokeStyle = palette.panel
  context.lineWidth = 1.5
  context.beginPath()
  if (graph.nodes[index]?.stands === 1) context.arc(x, y, radius, 0, 7)
  else context.rect(x - radius, y - radius, 2 * radius, 2 * radius)
  context.fill()
  context.stroke()
  if (!pinned.has(index)) return
  context.fillStyle = palette.panel
  context.beginPath()
  context.arc(x, y, Math.max(1.5, radius / 3), 0, 7)
  context.fill()
}

function write({ context, palette }: Surface, text: string, [x, y]: readonly [x: number, y: number], ink: string) {
  context.strokeStyle = palette.panel
  context.lineWidth = 3
  context.lineJoin = 'round'
  context.strokeText(text, x, y)
  context.fillStyle = ink
  context.fillText(text, x, y)
}

/** `why`: all other nodes fade beside the chosen one, but not beside a hovered one. */
export function paintFocus(surface: Surface, picture: Picture, eye: Eye, at: number, why: 'chosen' | 'hovered'): void {
  const { graph, measure } = picture
  const { context, width, height, palette } = surface
  const isChosen = why === 'chosen'
  const screen = screenOf(picture, eye, surface)
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
    arrowHead(context, start, end, { gap: radius(to) + 2, size: 8, color: palette.accent })
  }
  for (const index of [...near, at]) paintNode(surface, picture, screen, index)
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
      write(surface, text, spot, palette.ink)
    }
  }
  let labels = 0
  for (const index of near) {
    if (labels >= 40) break
    const text = short(graph.nodes[index]?.label ?? '')
    const half = halfOf(context, text)
    const spot = space.place(half, besideNode(sx(index), sy(index), radius(index), half))
    if (spot === undefined) continue
    write(surface, text, spot, palette.ink)
    labels++
  }
  if (picture.changes !== undefined) return
  // Amounts of its edges that are not shown yet, and cover no text below.
  const texts = textsOf(surface, picture, screen, circlesOf(picture, eye, surface))
  const free = (half: number, spots: readonly Spot[]) =>
    space.place(
      half,
      spots.filter(([x, y]) => texts.space.isFree(boxOf(x, y, half))),
      screenBox,
    )
  const shownText = (index: number) => texts.all.find(({ edge }) => edge === index)
  const edges = graph.edges.flatMap(({ from, to }, index) => (from === at || to === at ? [index] : []))
  const faded = isChosen ? edges.flatMap((index) => shownText(index) ?? []) : []
  const missing = edges.filter((index) => shownText(index) === undefined)
  for (const { text, spot, font } of [
    ...faded,
    ...placeValues(context, picture, screen, { edges: missing, place: free }),
  ]) {
    context.font = font
    write(surface, text, spot, palette.ink)
  }
}
