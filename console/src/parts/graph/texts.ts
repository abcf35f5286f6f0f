/** Places of names and amounts in the graph. */
import { amount } from '../measure-names.ts'
import { groupName } from './fold.ts'
import { besideEdge, besideNode, boxOf, crosses, FreeSpace, type Line, type Spot } from './labels.ts'
import { asideOf } from './paint-diff.ts'
import type { Screen } from './paint-edges.ts'
import type { Picture, Surface } from './paint.ts'
import { troubleOf } from './trouble.ts'

const fontFamily = 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
export const focusFont = `600 12px ${fontFamily}`
const [nameFont, valueFont] = [`12px ${fontFamily}`, `11px ${fontFamily}`]
const [maxLabels, maxValues, maxLines] = [60, 12, 200]
/** An edge below has no room for its amount, in px. */
const shortest = 46

export type Circle = Readonly<{ name: string; x: number; y: number; radius: number }>

export type PlacedText = Readonly<{
  text: string
  spot: Spot
  font: string
  ink: 'ink' | 'dim'
  /** Of an amount. */
  edge?: number
}>

type Place = (half: number, spots: readonly Spot[]) => Spot | undefined

/** Names of groups and nodes, and amounts of the strongest edges, where there is room. */
export function textsOf(
  { context, width, height, seen = [0, 0, width, height] }: Surface,
  picture: Picture,
  screen: Screen,
  circles: readonly Circle[],
): Readonly<{ all: readonly PlacedText[]; space: FreeSpace }> {
  const { graph, changes } = picture
  const { sx, sy, radius } = screen
  const space = spaceOf(picture, screen)
  const place: Place = (half, spots) => space.place(half, spots, seen) ?? space.place(half, spots)
  const all: PlacedText[] = []
  context.font = focusFont
  for (const { name, x, y, radius: reach } of circles) {
    const text = short(groupName(name))
    const around = Math.max(4, reach)
    const spots = [
      [x, y - around - 5],
      [x, y + around + 14],
      [x, y - around + 16],
    ] as const
    const spot = place(halfOf(context, text), spots)
    if (spot !== undefined) all.push({ text, spot, font: focusFont, ink: 'dim' })
  }
  context.font = nameFont
  let labels = 0
  for (let index = 0; index < graph.nodes.length && labels < maxLabels; index++) {
    const [x, y] = [sx(index), sy(index)]
    if (x < 0 || y < 0 || x > width || y > height) continue
    const text = short(graph.nodes[index]?.label ?? '')
    const half = halfOf(context, text)
    const spot = place(half, besideNode(x, y, radius(index), half))
    if (spot === undefined) continue
    all.push({ text, spot, font: nameFont, ink: 'ink' })
    labels++
  }
  const edges = changes === undefined ? graph.edges.slice(0, maxValues).map((_, index) => index) : []
  return { all: [...all, ...placeValues(context, picture, screen, { edges, place })], space }
}

type Values = Readonly<{ edges: readonly number[]; place: Place }>

/** Amounts beside edges. They cover no line, or only weak ones. */
export function placeValues(
  context: CanvasRenderingContext2D,
  picture: Picture,
  { sx, sy }: Screen,
  { edges, place }: Values,
): readonly PlacedText[] {
  const { graph, measure, widths } = picture
  const aside = asideOf(picture, sx, sy)
  const lineOf = (index: number): Line => {
    const { from = 0, to = 0 } = graph.edges[index] ?? {}
    const [dx, dy] = aside(index)
    return [
      [sx(from) + dx, sy(from) + dy],
      [sx(to) + dx, sy(to) + dy],
    ]
  }
  const drawn = graph.edges.slice(0, maxLines).flatMap(({ from, to }, index) => (from === to ? [] : [index]))
  const lines = drawn.map(lineOf)
  const strong = drawn
    .filter((index) => (widths[index] ?? 0) > 1 || troubleOf(graph.edges[index]!) !== undefined)
    .map(lineOf)
  const clear = (half: number, others: readonly Line[]) => (spot: Spot) => {
    const box = boxOf(spot[0], spot[1], half)
    return !others.some((line) => crosses(box, line))
  }
  context.font = valueFont
  return edges.slice(0, maxValues).flatMap((index): readonly PlacedText[] => {
    const edge = graph.edges[index]
    const line = lineOf(index)
    const length = Math.hypot(line[1][0] - line[0][0], line[1][1] - line[0][1])
    if (edge === undefined || edge[measure] <= 0 || length < shortest) return []
    const text = amount(measure, edge[measure])
    const half = halfOf(context, text)
    // Each direction has its side of the line.
    const spots = besideEdge(line, half, aside(index).some((shift) => shift !== 0) ? 'left' : 'both')
    const spot = place(half, spots.filter(clear(half, lines))) ?? place(half, spots.filter(clear(half, strong)))
    return spot === undefined ? [] : [{ text, spot, font: valueFont, ink: 'dim', edge: index }]
  })
}

export function spaceOf({ graph, found }: Picture, { sx, sy, radius }: Screen): FreeSpace {
  const space = new FreeSpace()
  for (let index = 0; index < graph.nodes.length; index++)
    space.takeNode(sx(index), sy(index), radius(index), found.has(index) ? 6 : 2)
  return space
}

export function short(whole: string, most = 28): string {
  return whole.length > most ? `${whole.slice(0, most - 1)}…` : whole
}

/** Half of the width, with a margin. */
export function halfOf(context: CanvasRenderingContext2D, text: string): number {
  return context.measureText(text).width / 2 + 3
}
