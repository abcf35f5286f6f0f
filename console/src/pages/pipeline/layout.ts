import type { PipelineView } from '../../api/pipeline-view.ts'

export type Box = Readonly<{
  id: string
  x: number
  y: number
  width: number
  height: number
}>

type Line = Readonly<{
  key: string
  path: string
  width: number
  broken: boolean
}>

type Layout = Readonly<{
  width: number
  height: number
  boxes: readonly Box[]
  lines: readonly Line[]
}>

const heights = { source: 74, sink: 96, journal: 100 }
const gap = 12
const [thin, thick] = [1.5, 14]

export function layoutOf({ sources, sinks, accepted }: PipelineView, width: number): Layout {
  const share = (rows: number) => (accepted === 0 ? thin : thin + (thick - thin) * Math.min(1, rows / accepted))
  return width < 640 ? narrow(sources, sinks, width, share) : wide(sources, sinks, width, share)
}

type Parts = Pick<PipelineView, 'sources' | 'sinks'>

function wide(
  sources: Parts['sources'],
  sinks: Parts['sinks'],
  width: number,
  share: (rows: number) => number,
): Layout {
  const middle = 150
  const room = Math.max(60, width * 0.08)
  const side = (width - middle - 2 * room) / 2
  const column = (count: number, height: number) => Math.max(0, count * (height + gap) - gap)
  const height = Math.max(column(sources.length, heights.source), column(sinks.length, heights.sink), heights.journal)
  const boxesOf = (ids: readonly string[], boxHeight: number, x: number): Box[] => {
    const top = topOf(height, column(ids.length, boxHeight))
    return ids.map((id, index) => ({ id, x, y: top + index * (boxHeight + gap), width: side, height: boxHeight }))
  }
  const left = boxesOf(
    sources.map(({ name }) => `source:${name}`),
    heights.source,
    0,
  )
  const right = boxesOf(
    sinks.map(({ name }) => `sink:${name}`),
    heights.sink,
    width - side,
  )
  const journal: Box = {
    id: 'journal',
    x: side + room,
    y: topOf(height, heights.journal),
    width: middle,
    height: heights.journal,
  }
  const spread = (index: number, count: number) => journal.y + (journal.height * (index + 1)) / (count + 1)
  return {
    width,
    height,
    boxes: [...left, journal, ...right],
    lines: [
      ...left.map(({ id, x, y, height: tall }, index): Line => ({
        key: id,
        path: curve(x + side, y + tall / 2, journal.x, spread(index, left.length)),
        width: share(sources[index]?.accepted ?? 0),
        broken: false,
      })),
      ...right.map(({ id, x, y, height: tall }, index): Line => ({
        key: id,
        path: curve(journal.x + middle, spread(index, right.length), x, y + tall / 2),
        width: share(sinks[index]?.accepted ?? 0),
        broken: !takes(sinks[index]),
      })),
    ],
  }
}

/** In the middle, but in sight of the first box of a long column. */
function topOf(all: number, height: number): number {
  return Math.min((all - height) / 2, 2 * heights.source)
}

function narrow(
  sources: Parts['sources'],
  sinks: Parts['sinks'],
  width: number,
  share: (rows: number) => number,
): Layout {
  const inset = 26
  const boxes: Box[] = []
  let y = 0
  const put = (id: string, height: number) => {
    boxes.push({ id, x: inset, y, width: width - inset, height })
    y += height + gap
  }
  for (const { name } of sources) put(`source:${name}`, heights.source)
  put('journal', heights.journal)
  for (const { name } of sinks) put(`sink:${name}`, heights.sink)
  const journal = boxes[sources.length]
  const middle = (journal?.y ?? 0) + heights.journal / 2
  const rows = [...sources, undefined, ...sinks].map((part) => part?.accepted ?? 0)
  return {
    width,
    height: Math.max(0, y - gap),
    boxes,
    lines: boxes
      .filter(({ id }) => id !== 'journal')
      .map((box): Line => {
        const index = boxes.indexOf(box)
        const at = box.y + box.height / 2
        const isSink = index > sources.length
        return {
          key: box.id,
          path: `M${inset} ${at}H10V${middle}H${inset}`,
          width: Math.min(6, share(rows[index] ?? 0)),
          broken: isSink && !takes(sinks[index - sources.length - 1]),
        }
      }),
  }
}

function takes(sink: Parts['sinks'][number] | undefined) {
  return sink?.state === 'running'
}

function curve(fromX: number, fromY: number, toX: number, toY: number) {
  const middle = (fromX + toX) / 2
  return `M${fromX} ${fromY}C${middle} ${fromY} ${middle} ${toY} ${toX} ${toY}`
}
