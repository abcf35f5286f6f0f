import { useLocalKeys, type Binding } from '../state/keys.ts'
import { partsText } from '../text/parts.ts'
import type { Drawn } from './chart-draw.ts'
import { placeOf } from './chart-places.ts'
import { isIn } from './chart-table.tsx'
import type { ChartMark } from './chart.tsx'
import { whyText } from './why/text.ts'

type Keyed = Readonly<{
  drawn: React.RefObject<Drawn | undefined>
  times: readonly number[]
  marks: readonly ChartMark[]
  cursor: number | undefined
  marked: readonly [number, number] | undefined
  /** Unix seconds. */
  onMarked: (times: readonly [number, number] | undefined) => void
  onBrush: ((from: number, to: number) => void) | undefined
  onMark: ((mark: ChartMark) => void) | undefined
}>

export function useChartKeys(keyed: Keyed): ReturnType<typeof useLocalKeys> {
  const { drawn, times, cursor, onBrush, onMark } = keyed
  const step = ({ keys, does, to }: (typeof steps)[number]): Binding => ({
    keys,
    does,
    run: () => {
      if (times.length > 0) drawn.current?.point(clamped(times, to(cursor, times.length)))
    },
  })
  return useLocalKeys(partsText.inAChart, [
    ...steps.map(step),
    ...(onBrush === undefined ? [] : brushKeys(keyed, onBrush)),
    ...(onMark === undefined
      ? []
      : [
          { keys: ['n'], does: whyText.nextMark, run: () => toNextMark(keyed) },
          { keys: ['o'], does: whyText.openMark, run: () => openMark(keyed) },
        ]),
  ])
}

const clamped = ({ length }: readonly number[], index: number) => Math.max(0, Math.min(length - 1, index))

function brushKeys(keyed: Keyed, onBrush: (from: number, to: number) => void): readonly Binding[] {
  const { drawn, times, cursor, marked, onMarked } = keyed
  const markOn = (by: number) => () => {
    const from = marked?.[0] ?? clamped(times, cursor ?? (by > 0 ? 0 : times.length - 1))
    const to = marked === undefined ? from : clamped(times, marked[1] + by)
    onMarked([times[from] ?? 0, times[to] ?? 0])
    drawn.current?.point(to)
  }
  const take = () => {
    if (marked === undefined) return false
    const [first, last] = [Math.min(...marked), Math.max(...marked)]
    const width = (times[1] ?? 0) - (times[0] ?? 0)
    onMarked(undefined)
    onBrush(times[first] ?? 0, times[last + 1] ?? (times[last] ?? 0) + width)
    return true
  }
  const drop = () => {
    onMarked(undefined)
    return marked !== undefined
  }
  return [
    { keys: ['Shift+ArrowRight'], does: partsText.selectNext, run: markOn(1) },
    { keys: ['Shift+ArrowLeft'], does: partsText.selectPrevious, run: markOn(-1) },
    { keys: ['Enter'], does: partsText.zoomIn, run: () => take() || openMark(keyed) },
    { keys: ['Escape'], does: partsText.clearSelection, run: drop },
  ]
}

function toNextMark({ drawn, times, marks, cursor }: Keyed): void {
  const after = times[(cursor ?? -1) + 1] ?? Infinity
  const next = marks.toSorted((a, b) => a.at - b.at).find(({ at, pos }) => pos !== undefined && at >= after)
  const index = placeOf(times, next?.at)
  if (index !== undefined) drawn.current?.point(index)
}

function openMark({ times, marks, cursor, onMark }: Keyed): boolean {
  const mark = marks.find(
    (candidate) => candidate.pos !== undefined && cursor !== undefined && isIn(times, cursor, candidate),
  )
  if (mark === undefined) return false
  onMark?.(mark)
  return true
}

const steps: readonly Readonly<{
  keys: readonly string[]
  does: string
  to: (at: number | undefined, length: number) => number
}>[] = [
  { keys: ['ArrowRight'], does: partsText.nextTime, to: (at = -1) => at + 1 },
  { keys: ['ArrowLeft'], does: partsText.previousTime, to: (at, length) => (at ?? length) - 1 },
  { keys: ['PageDown'], does: partsText.tenTimesForward, to: (at = -1) => at + 10 },
  { keys: ['PageUp'], does: partsText.tenTimesBack, to: (at, length) => (at ?? length) - 10 },
  { keys: ['Home'], does: partsText.firstTime, to: () => 0 },
  { keys: ['End'], does: partsText.lastTime, to: (_, length) => length - 1 },
]
