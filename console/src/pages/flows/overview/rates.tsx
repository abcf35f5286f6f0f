import { useMemo } from 'react'
import { Chart, type ChartSeries } from '../../../parts/chart.tsx'
import { dimensionName, measureNames, rate } from './names.ts'
import { othersName, type Stack } from './sums.ts'
import type { Dimension, Earlier, Measure, PanelLook } from './state.ts'

interface RatesProps {
  readonly stack: Stack
  /** The total of an earlier time, moved onto this one. */
  readonly earlier: Stack | undefined
  readonly before: Earlier
  readonly dim: Dimension
  readonly measure: Measure
  readonly look: PanelLook
  readonly menu: React.ReactNode
  readonly onBrush: (from: number, to: number) => void
}

export const earlierNames: Readonly<Record<Earlier, string>> = { '': 'nothing', span: 'the span before', '1h': 'an hour earlier', '1d': 'a day earlier', '1w': 'a week earlier' }

const formats: Readonly<Record<Measure, (value: number) => string>> = {
  bytes: (value) => rate('bytes', value), packets: (value) => rate('packets', value), flows: (value) => rate('flows', value),
}

/** Rates that lie on one another up to the total. */
export function Rates({ stack, earlier, before, dim, measure, look, menu, onBrush }: RatesProps): React.ReactNode {
  const series = useMemo(() => (look.others ? stack.series : stack.series.filter(({ other }) => other !== true)), [stack, look.others])
  const lines = useMemo((): readonly ChartSeries[] => [
    ...(look.total ? [stack.total] : []),
    ...(earlier === undefined ? [] : [{ name: `total, ${earlierNames[before]}`, values: stack.times.map((_, index) => earlier.total.values[index] ?? null) }]),
  ], [stack, look.total, earlier, before])
  const hidden = look.others ? undefined : stack.series.find(({ name, other }) => other === true && name === othersName)
  return (
    <>
      <Chart label={`${measureNames[measure]} per second by ${dimensionName(dim)}`} times={stack.times} series={series} lines={lines} stacked height={170} format={formats[measure]} onBrush={onBrush} menu={menu} />
      {hidden !== undefined && <p className="panel-foot dim">The others are not drawn.</p>}
    </>
  )
}
