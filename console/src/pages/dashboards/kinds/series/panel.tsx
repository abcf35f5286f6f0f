import { useMemo } from 'react'
import type { Series } from '../../../../../../src/api/published.ts'
import { bucketsOf, knownValues, unknownOf } from '../../../../api/series.ts'
import { Chart, type ChartSeries } from '../../../../parts/chart.tsx'
import { ChartFill } from '../../../../parts/chart-fill.tsx'
import { perSecond, plainText, volume } from '../../../../parts/format.ts'
import { isVolume } from '../../../../parts/measure-names.ts'
import type { Measure } from '../../../../parts/measures.ts'
import { Answered, useFlows } from '../../../../parts/dashboards/answered.tsx'
import { dashboardsText } from '../../text.ts'
import { unitFormat } from '../../../../parts/dashboards/units.ts'
import { rankedBy } from '../flow-fields.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'

export default function SeriesPanel(props: PanelProps): React.ReactNode {
  const { group, by, limit } = props.panel
  const answer = useFlows<Series>('/api/v1/series', props, {
    ...rankedBy(by),
    limit,
    ...(group === '' ? {} : { group }),
  })
  return <Answered of={answer}>{(data) => <SeriesChart data={data} {...props} />}</Answered>
}

type SeriesChartProps = Pick<PanelProps, 'panel' | 'title' | 'onBrush'> & Readonly<{ data: Series }>

function SeriesChart({ data, panel: { by, group, stack, thresholds, unit }, title, onBrush }: SeriesChartProps) {
  const drawn = useMemo(() => seriesOf(data, by, group), [data, by, group])
  const format = useMemo(
    () =>
      unit === '' ? (value: number) => (isVolume(by) ? `${volume(value)}/s` : perSecond(value)) : unitFormat(unit),
    [by, unit],
  )
  return (
    <ChartFill least={170}>
      {(height) => (
        <Chart
          label={title}
          times={drawn.times}
          series={drawn.series}
          unknown={drawn.unknown}
          unknownText={dashboardsText.unknown}
          stacked={stack !== 'lines'}
          levels={thresholds}
          height={height}
          format={format}
          onBrush={onBrush}
        />
      )}
    </ChartFill>
  )
}

/** Rates by group. */
function seriesOf(data: Series, by: Measure, group: string) {
  const { columns, rows, step } = data
  const columnOf = (name: string) => columns.findIndex((column) => column.name === name)
  const [at, restColumn, amount] = [columnOf('time'), columnOf('other'), columnOf(by)]
  const fields = group === '' ? 0 : group.split(',').length
  const buckets = bucketsOf(data)
  const unknown = unknownOf(data)
  const seriesByKey = new Map<string, { name: string; isOther: boolean; values: number[] }>()
  for (const row of rows) {
    const bucket = buckets.at(row[at])
    if (bucket < 0) continue
    const isOther = restColumn >= 0 && row[restColumn] === true
    const cells = Array.from({ length: fields }, (_, field) =>
      plainText(row[restColumn + 1 + field] ?? dashboardsText.noValue),
    )
    const value = fields === 0 ? dashboardsText.total : cells.join(' → ')
    const key = isOther ? 'other' : `= ${value}`
    const series = seriesByKey.get(key) ?? {
      name: isOther ? dashboardsText.others : value,
      isOther,
      values: buckets.zeros(),
    }
    seriesByKey.set(key, series)
    series.values[bucket] = (series.values[bucket] ?? 0) + Number(row[amount] ?? 0) / step
  }
  const series = [...seriesByKey.values()]
    .toSorted((a, b) => Number(a.isOther) - Number(b.isOther) || sum(b.values) - sum(a.values))
    .map(({ name, isOther, values }): ChartSeries => ({
      name,
      other: isOther,
      values: knownValues(buckets.times, values, unknown),
    }))
  return { times: buckets.times, series, unknown }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
