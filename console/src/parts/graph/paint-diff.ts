import type { Change } from './diff.ts'
import type { Palette, Picture, Surface } from './paint.ts'
import type { Screen } from './paint-edges.ts'

type Place = (index: number) => number

const maxMarks = 120
const thickness = [1, 2, 3.4, 5.2]
const strength = [0.25, 0.5, 0.8, 1]

type Style = Readonly<{
  color: (palette: Palette) => string
  dash: readonly number[]
  width: (level: number) => number
}>

const styles: Readonly<Record<Change, Style>> = {
  same: { color: ({ edges }) => edges[1] ?? '', dash: [], width: () => 0.8 },
  unknown: { color: ({ edges }) => edges[2] ?? '', dash: [1, 4], width: () => 1 },
  less: { color: ({ accent }) => accent, dash: [], width: (level) => thickness[level] ?? 1 },
  more: { color: ({ accent }) => accent, dash: [], width: (level) => thickness[level] ?? 1 },
  removed: { color: ({ bad }) => bad, dash: [7, 5], width: () => 2 },
  added: { color: ({ good }) => good, dash: [], width: () => 2 },
}

const apart = 3

/** Pixels by which an edge with a reverse edge is beside the line of both centres. */
export function asideOf(
  { graph }: Picture,
  sx: Place,
  sy: Place,
): (index: number) => readonly [dx: number, dy: number] {
  const drawn = new Set(graph.edges.map(({ from, to }) => `${from} ${to}`))
  return (index) => {
    const { from = 0, to = 0 } = graph.edges[index] ?? {}
    if (!drawn.has(`${to} ${from}`)) return [0, 0]
    const [dx, dy] = [sx(to) - sx(from), sy(to) - sy(from)]
    const length = Math.hypot(dx, dy) || 1
    return [(-dy / length) * apart, (dx / length) * apart]
  }
}

export function paintChanges(
  { context, palette }: Surface,
  picture: Picture,
  changes: readonly Change[],
  { sx, sy }: Screen,
): void {
  const { graph, widths } = picture
  const aside = asideOf(picture, sx, sy)
  const order = Object.keys(styles) as Change[]
  for (const change of order) {
    const { color, dash, width } = styles[change]
    context.strokeStyle = color(palette)
    context.setLineDash([...dash])
    graph.edges.forEach(({ from, to }, index) => {
      if (changes[index] !== change || from === to) return
      const level = widths[index] ?? 0
      context.lineWidth = width(level)
      context.globalAlpha = change === 'more' || change === 'less' ? (strength[level] ?? 1) : 1
      context.beginPath()
      const [dx, dy] = aside(index)
      context.moveTo(sx(from) + dx, sy(from) + dy)
      context.lineTo(sx(to) + dx, sy(to) + dy)
      context.stroke()
    })
  }
  context.setLineDash([])
  context.globalAlpha = 1
}

/** Nearer to the start, so that marks of both directions do not overlap. */
const along = 0.42

export function paintMarks(surface: Surface, picture: Picture, changes: readonly Change[], { sx, sy }: Screen): void {
  const { graph, widths } = picture
  const aside = asideOf(picture, sx, sy)
  let marks = 0
  graph.edges.forEach(({ from, to }, index) => {
    const change = changes[index] ?? 'same'
    const counts =
      change === 'added' ||
      change === 'removed' ||
      ((change === 'more' || change === 'less') && (widths[index] ?? 0) >= (graph.edges.length > maxMarks ? 2 : 0))
    if (!counts || from === to || ++marks > maxMarks) return
    const [dx, dy] = aside(index)
    mark(surface, change as Marked, [
      sx(from) + along * (sx(to) - sx(from)) + dx,
      sy(from) + along * (sy(to) - sy(from)) + dy,
    ])
  })
}

type Marked = Exclude<Change, 'same' | 'unknown'>

function mark({ context, palette }: Surface, change: Marked, [x, y]: readonly [x: number, y: number]) {
  const color = styles[change].color(palette)
  context.fillStyle = palette.panel
  context.strokeStyle = color
  context.lineWidth = 1.5
  context.beginPath()
  context.arc(x, y, 6, 0, 7)
  context.fill()
  context.stroke()
  context.beginPath()
  if (change === 'more' || change === 'less') {
    const up = change === 'more' ? -1 : 1
    context.moveTo(x - 3, y - up * 2)
    context.lineTo(x + 3, y - up * 2)
    context.lineTo(x, y + up * 3)
    context.fillStyle = color
    context.fill()
    return
  }
  context.moveTo(x - 3.5, y)
  context.lineTo(x + 3.5, y)
  if (change === 'added') {
    context.moveTo(x, y - 3.5)
    context.lineTo(x, y + 3.5)
  }
  context.stroke()
}
