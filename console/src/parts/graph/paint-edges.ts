import type { Spot } from './labels.ts'
import { asideOf } from './paint-diff.ts'
import { troubleOf, type TroubleKind } from './trouble.ts'
import type { Picture, Surface } from './paint.ts'

type Place = (index: number) => number

export type Screen = Readonly<{
  sx: Place
  sy: Place
  radius: Place
  k: number
}>

const thickness = [0.6, 1, 1.8, 3]
/** Several short paths draw faster than one long path. */
const chunk = 400
const maxArrows = 60

/** Differ in colour and dashes. */
export const troubleStyles: Readonly<
  Record<TroubleKind, Readonly<{ color: 'bad' | 'warning'; dash: readonly number[] }>>
> = {
  errors: { color: 'warning', dash: [2, 4] },
  drops: { color: 'bad', dash: [8, 4] },
}

export function paintEdges({ context, palette }: Surface, picture: Picture, { sx, sy, radius, k }: Screen): void {
  const { graph, widths } = picture
  const crowded = graph.edges.length > 400
  const aside = crowded ? () => [0, 0] as const : asideOf(picture, sx, sy)
  const width = (level: number) => (thickness[level] ?? 1) * Math.min(1.5, Math.max(0.6, k))
  const line = (index: number) => {
    const { from = 0, to = 0 } = graph.edges[index] ?? {}
    const [dx, dy] = aside(index)
    context.moveTo(sx(from) + dx, sy(from) + dy)
    context.lineTo(sx(to) + dx, sy(to) + dy)
  }
  const shades = [0, 1, 2, 3].map((level) => palette.edges[crowded ? level : Math.min(3, level + 1)] ?? palette.edge)
  const troubles = graph.edges.map((edge) => troubleOf(edge))
  for (const level of [0, 1, 2, 3]) {
    context.lineWidth = width(level)
    context.strokeStyle = shades[level] ?? palette.edge
    let count = 0
    context.beginPath()
    graph.edges.forEach(({ from, to }, index) => {
      if (widths[index] !== level || from === to || troubles[index] !== undefined) return
      line(index)
      if (++count % chunk === 0) {
        context.stroke()
        context.beginPath()
      }
    })
    context.stroke()
  }
  for (const kind of ['errors', 'drops'] as const) {
    const { color, dash } = troubleStyles[kind]
    context.strokeStyle = palette[color]
    context.setLineDash([...dash])
    graph.edges.forEach(({ from, to }, index) => {
      if (troubles[index] !== kind || from === to) return
      context.lineWidth = Math.max(1.6, width(widths[index] ?? 0))
      context.beginPath()
      line(index)
      context.stroke()
    })
  }
  context.setLineDash([])
  graph.edges.slice(0, maxArrows).forEach(({ from, to }, index) => {
    if (from === to) return
    const level = widths[index] ?? 0
    const trouble = troubles[index]
    const color = trouble === undefined ? (shades[level] ?? palette.edge) : palette[troubleStyles[trouble].color]
    const [dx, dy] = aside(index)
    const [start, end] = [
      [sx(from) + dx, sy(from) + dy],
      [sx(to) + dx, sy(to) + dy],
    ] as const
    arrowHead(context, start, end, { gap: radius(to) + 2, size: 5 + 1.6 * level, color })
  })
}

/** A triangle with its tip `gap` pixels before the end. */
type ArrowHead = Readonly<{ gap: number; size: number; color: string }>

export function arrowHead(
  context: CanvasRenderingContext2D,
  [x1, y1]: Spot,
  [x2, y2]: Spot,
  { gap, size, color }: ArrowHead,
): void {
  const length = Math.hypot(x2 - x1, y2 - y1)
  if (length < gap + size) return
  const [ux, uy] = [(x2 - x1) / length, (y2 - y1) / length]
  const [tx, ty] = [x2 - ux * gap, y2 - uy * gap]
  const half = size * 0.55
  context.fillStyle = color
  context.beginPath()
  context.moveTo(tx, ty)
  context.lineTo(tx - ux * size - uy * half, ty - uy * size + ux * half)
  context.lineTo(tx - ux * size + uy * half, ty - uy * size - ux * half)
  context.fill()
}
