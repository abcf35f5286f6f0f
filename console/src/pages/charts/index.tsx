import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { readEventFields, readEventSeries, type EventFields, type EventSeries } from './requests.ts'
import { bucketsOf, unknownIn } from '../../api/series.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { Chart, type ChartSeries } from '../../parts/chart.tsx'
import { ChartFill } from '../../parts/chart-fill.tsx'
import { isoOfSeconds } from '../../parts/format.ts'
import { LabelledSelect } from '../../parts/labelled-select.tsx'
import { EmptyState, Loading, NoAnswer, RefreshButton, UnreadNotice } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { chartsText, functionNames } from './text.ts'
import { generalText } from '../../text/general.ts'
import { bucketsIn } from './buckets.ts'
import { attributes, chartsCodec, families, functions } from './state.ts'
import './charts.css'

/** Of bars, names and footer on a phone, where the chart does not follow its panel. */
const barsPx = 300
const number = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 5 })
const format = (value: number): string => number.format(value)
/** Without the slash of the JSON pointer. */
const fieldText = (pointer: string): string => pointer.replace(/^\//, '')

export default function ChartsPage(): React.ReactNode {
  useTitle(chartsText.charts)
  const { state, unread, set } = usePageState(chartsCodec)
  const { family, fn, by, t } = state
  const { revision, again } = useRefresh(isMoving(t) ? state.refresh : 0)
  const fields = useQuery({
    queryKey: ['events', 'fields', family, t, revision],
    placeholderData: (before: EventFields | undefined, query) => (query?.queryKey[2] === family ? before : undefined),
    queryFn: ({ signal }) => readEventFields({ family, ...t }, signal),
  })
  const numbers = fields.data?.numbers ?? []
  const field = state.field === '' ? (numbers[0] ?? '') : state.field
  const series = useQuery({
    queryKey: ['events', 'series', family, field, fn, by, t, revision],
    enabled: field !== '',
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => readEventSeries({ family, field, function: fn, by, ...t }, signal),
  })
  const error = fields.error ?? series.error
  return (
    <div className="page charts">
      <h1 className="spoken">{chartsText.charts}</h1>
      <div className="page-bar">
        <LabelledSelect
          label={chartsText.family}
          value={family}
          values={families}
          textOf={(name) => name}
          onChange={(chosen) => set({ family: chosen, field: '', by: '' })}
        />
        <LabelledSelect
          label={chartsText.field}
          value={field}
          values={[...new Set(field === '' ? numbers : [field, ...numbers])]}
          textOf={fieldText}
          onChange={(chosen) => set({ field: chosen })}
        />
        <LabelledSelect
          label={chartsText.function}
          value={fn}
          values={functions}
          textOf={(name) => functionNames[name]}
          onChange={(chosen) => set({ fn: chosen })}
        />
        <LabelledSelect
          label={chartsText.group}
          value={by}
          values={[...new Set(['', ...attributes, by, ...(fields.data?.texts ?? [])])]}
          textOf={(name) => (name === '' ? chartsText.noGroup : fieldText(name))}
          onChange={(chosen) => set({ by: chosen })}
        />
        <TimeControl frame={state} onChange={set} />
        <RefreshButton onClick={again} />
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      <div className="page-body">
        <section className="panel" aria-label={chartsText.charts} aria-busy={series.isFetching}>
          {error !== null ? (
            <NoAnswer error={error} needsStore={chartsText.needsStore} onRetry={again} />
          ) : fields.data === undefined ? (
            <Loading what={chartsText.charts} />
          ) : field === '' ? (
            <EmptyState title={chartsText.noNumbers} action={{ text: generalText.seeEvents, to: '/events' }}>
              {chartsText.noNumbersHint(family)}
            </EmptyState>
          ) : series.data === undefined ? (
            <Loading what={chartsText.charts} />
          ) : (
            <Drawn
              of={series.data}
              label={chartsText.chart(functionNames[fn], fieldText(field))}
              onSpan={(from, to) => set({ t: { from: isoOfSeconds(from), to: isoOfSeconds(to) } })}
            />
          )}
        </section>
      </div>
    </div>
  )
}

function Drawn({
  of,
  label,
  onSpan,
}: Readonly<{ of: EventSeries; label: string; onSpan: (from: number, to: number) => void }>): React.ReactNode {
  const { times, series, missing } = useMemo(() => {
    const times = [...new Set(of.series.flatMap(({ points }) => points.map(({ time }) => time)))].sort((a, b) => a - b)
    const missing = unknownIn(of, times.map(isoOfSeconds))
    const starts = bucketsIn(bucketsOf(of).times, times, missing)
    return {
      missing,
      times: starts.map(({ at }) => at),
      series: of.series.map(({ value, others, points }): ChartSeries => {
        const numbers = new Map(points.map(({ time, number: amount }) => [time, amount]))
        return {
          name:
            others > 0
              ? generalText.remaining(others)
              : (value ?? (of.series.length > 1 ? chartsText.withoutValue : label)),
          values: starts.map(({ at, isGap }) => (isGap ? null : numbers.get(at))),
          other: others > 0,
        }
      }),
    }
  }, [of, label])
  if (series.length === 0) return <p className="pad dim">{chartsText.noPoints}</p>
  return (
    <ChartFill least={Math.max(240, innerHeight - barsPx)}>
      {(height) => (
        <Chart
          label={label}
          times={times}
          series={series}
          unknown={missing}
          stacked={false}
          height={height}
          format={format}
          onBrush={onSpan}
        />
      )}
    </ChartFill>
  )
}
