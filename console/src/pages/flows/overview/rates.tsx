import { useMemo } from 'react'
import { Chart, type ChartSeries, type MarkProps } from '../../../parts/chart.tsx'
import { rate } from './names.ts'
import { othersName, type Stack } from './sums.ts'
import { earlierNames } from './earlier-names.ts'
import { measures, type Earlier, type Measure, type PanelLook } from './state.ts'
import { panelsText } from './text.ts'

type RatesProps = Readonly<{
  title: string
  stack: Stack
  earlier: Stack | undefined
  before: Earlier
  measure: Measure
  look: PanelLook
  height: number
  menu: React.ReactNode
  marks: MarkProps
  onTable: (table: boolean) => void
  onBrush: (from: number, to: number) => void
}>

const formats = Object.fromEntries(
  measures.map((measure) => [measure, (value: number) => rate(measure, value)]),
) as Readonly<Record<Measure, (value: number) => string>>

const percentText = (value: number) => `${value.toFixed(1)} %`

/** Percent of the total of each bucket; without traffic there is no share. */
function sharesOfTotal(part: ChartSeries, total: ChartSeries): ChartSeries['values'] {
  return part.values.map((value, at) => {
    const all = total.values[at]
    return value === null || value === undefined || all === null || all === undefined || all === 0
      ? null
      : (100 * value) / all
  })
}

export function formatOf(measure: Measure, look: PanelLook): (value: number) => string {
  return look.share ? percentText : formats[measure]
}

/** What the chart shows, as areas and lines. */
export function drawnOf({
  stack,
  earlier,
  before,
  look,
}: Pick<RatesProps, 'stack' | 'earlier' | 'before' | 'look'>): Readonly<
  Record<'series' | 'lines', readonly ChartSeries[]>
> {
  const shown = look.others ? stack.series : stack.series.filter(({ other: isRest }) => isRest !== true)
  if (look.share)
    return {
      series: shown.map((part) => ({ ...part, values: sharesOfTotal(part, stack.total), earlier: undefined })),
      lines: [],
    }
  return {
    series: shown,
    lines: [
      ...(look.total ? [{ ...stack.total, earlier: earlier?.total.values }] : []),
      ...(earlier === undefined
        ? []
        : [
            {
              name: panelsText.totalEarlier(earlierNames[before]),
              values: stack.times.map((_, index) => earlier.total.values[index] ?? null),
            },
          ]),
    ],
  }
}

export function Rates({
  title,
  stack,
  earlier,
  before,
  measure,
  look,
  height,
  menu,
  marks,
  onTable,
  onBrush,
}: RatesProps): React.ReactNode {
  const { series, lines } = useMemo(
    () => drawnOf({ stack, earlier, before, look }),
    [stack, look.others, look.total, look.share, earlier, before],
  )
  const hidden = look.others
    ? undefined
    : stack.series.find(({ name, other: isRest }) => isRest === true && name === othersName)
  return (
    <>
      <Chart
        label={title}
        times={stack.times}
        series={series}
        lines={lines}
        unknown={stack.unknown}
        stacked
        height={height}
        format={formatOf(measure, look)}
        onBrush={onBrush}
        table={look.table}
        onTable={onTable}
        menu={menu}
        {...marks}
      />
      {hidden !== undefined && <p className="panel-foot dim">{panelsText.theOthersAreNotDrawn}</p>}
    </>
  )
}
