import { useMemo } from 'react'
import { Chart } from '../../../../parts/chart.tsx'
import { HeatMap } from '../../../../parts/heat-map.tsx'
import { ChartFill } from '../../../../parts/chart-fill.tsx'
import { count } from '../../../../parts/format.ts'
import { heatRows } from '../../../../parts/metrics/heat-rows.ts'
import { metricsText } from '../../../../parts/metrics/text.ts'
import { Answered } from '../../../../parts/dashboards/answered.tsx'
import { PanelTable } from '../../../../parts/dashboards/panel-table.tsx'
import { dashboardsText } from '../../text.ts'
import { panelText } from '../../../../parts/dashboards/text.ts'
import { TopList } from '../../top-list.tsx'
import { toneAt, unitFormat } from '../../../../parts/dashboards/units.ts'
import type { PanelProps } from '../../../../parts/dashboards/kind.ts'
import { Gauge } from './gauge.tsx'
import { useMetricResults, type MetricResult, type MetricResults } from './queries.ts'

export default function MetricPanel(props: PanelProps): React.ReactNode {
  const { queries, view } = props.panel
  if (queries.every(({ expr }) => expr.trim() === '')) return <p className="dim pad">{dashboardsText.noQuery}</p>
  if (view === 'heatmap') return <Heat {...props} />
  return view === '' || view === 'lines' ? <Lines {...props} /> : <Values {...props} />
}

function Lines(props: PanelProps) {
  const answer = useMetricResults(props, 'range')
  return <Answered of={answer}>{(data) => <LinesChart data={data} {...props} />}</Answered>
}

function Heat(props: PanelProps) {
  const { panel, title } = props
  const answer = useMetricResults(props, 'range')
  const format = useMemo(() => unitFormat(panel.unit), [panel.unit])
  return (
    <Answered of={answer}>
      {(data) => {
        const heat = heatRows(
          data.span,
          data.results.map(({ labels, points }) => ({ labels, values: points })),
        )
        if (heat.rows.length === 0) return <p className="dim pad">{panelText.noRows}</p>
        return (
          <>
            <ChartFill least={170}>
              {(height) => <HeatMap label={title} {...heat} height={Math.max(80, height - 70)} format={format} />}
            </ChartFill>
            <Notes data={data} hidden={0} />
          </>
        )
      }}
    </Answered>
  )
}

function LinesChart({ data, panel, title, onBrush }: PanelProps & Readonly<{ data: MetricResults }>) {
  const { unit, stack, thresholds, limit } = panel
  const { times, series, hidden } = useMemo(() => drawn(data, limit), [data, limit])
  const format = useMemo(() => unitFormat(unit), [unit])
  if (series.length === 0) return <p className="dim pad">{panelText.noRows}</p>
  return (
    <>
      <ChartFill least={170}>
        {(height) => (
          <Chart
            label={title}
            times={times}
            series={series}
            stacked={stack === 'stacked'}
            scale="fine"
            levels={thresholds}
            height={height}
            format={format}
            onBrush={onBrush}
          />
        )}
      </ChartFill>
      <Notes data={data} hidden={hidden} />
    </>
  )
}

function Notes({ data, hidden }: Readonly<{ data: MetricResults; hidden: number }>) {
  return (
    <>
      {hidden > 0 && <p className="dim pad">{metricsText.hidden(count(hidden))}</p>}
      {data.warnings.map((warning) => (
        <p key={warning} className="dim pad">
          {warning}
        </p>
      ))}
    </>
  )
}

const most = (points: MetricResult['points']) =>
  points.reduce((largest, [, value]) => (Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest), 0)

/** The series with the largest values. A step without a sample is a gap. */
function drawn({ span: { start, end, step }, results }: MetricResults, limit: number) {
  const times = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step)
  const shown = results.toSorted((a, b) => most(b.points) - most(a.points)).slice(0, limit)
  const usedNames = new Map<string, number>()
  const series = shown.map(({ name, points }) => {
    const samples = new Map(points)
    const uses = (usedNames.get(name) ?? 0) + 1
    usedNames.set(name, uses)
    const values = times.map((time) => {
      const value = samples.get(time)
      return value === undefined || !Number.isFinite(value) ? null : value
    })
    return { name: `${name || metricsText.value}${uses > 1 ? ` (${uses})` : ''}`, values }
  })
  return { times, series, hidden: results.length - shown.length }
}

type Valued = Readonly<{ key: string; name: string; value: number; labels: MetricResult['labels'] }>

function Values(props: PanelProps) {
  const answer = useMetricResults(props, 'instant')
  return (
    <Answered of={answer}>
      {(data) => {
        const values = data.results
          .map(({ name, points, labels }, at): Valued => ({
            key: String(at),
            name,
            value: points[0]?.[1] ?? NaN,
            labels,
          }))
          .toSorted((a, b) => (b.value || 0) - (a.value || 0))
        const { limit } = props.panel
        if (values.length === 0) return <p className="dim pad">{panelText.noRows}</p>
        return (
          <>
            <ValuesView of={values.slice(0, limit)} {...props} />
            <Notes data={data} hidden={Math.max(0, values.length - limit)} />
          </>
        )
      }}
    </Answered>
  )
}

function ValuesView({ of, panel, title }: Pick<PanelProps, 'panel' | 'title'> & Readonly<{ of: readonly Valued[] }>) {
  const { unit, thresholds, view, min, max } = panel
  const format = unitFormat(unit)
  const toneOf = (value: number) => toneAt(value, thresholds)
  const largest = Math.max(...of.map(({ value }) => (Number.isFinite(value) ? value : 0)))
  if (view === 'table') return <LabelTable of={of} format={format} toneOf={toneOf} />
  if (view === 'bars')
    return (
      <TopList
        lines={of.map(({ key, name, value }) => ({
          key,
          name: name || metricsText.value,
          value: value - (min ?? 0),
          text: format(value),
          tone: toneOf(value),
        }))}
        whole={(max ?? largest) - (min ?? 0)}
        shares="hidden"
      />
    )
  return (
    <div className="stat-values">
      {of.map(({ key, name, value }) =>
        view === 'gauge' ? (
          <Gauge key={key} name={name || title} value={value} text={format(value)} panel={panel} />
        ) : (
          <p key={key} className={`stat-value number ${toneOf(value) ?? ''}`}>
            {format(value)} {of.length > 1 && <span className="dim">{name}</span>}
          </p>
        ),
      )}
    </div>
  )
}

type LabelTableProps = Readonly<{
  of: readonly Valued[]
  format: (value: number) => string
  toneOf: (value: number) => string | undefined
}>

function LabelTable({ of, format, toneOf }: LabelTableProps) {
  const labels = [...new Set(of.flatMap(({ labels }) => Object.keys(labels)))].filter((name) => name !== '__name__')
  const columns = [
    ...labels.map((name) => ({ id: `label ${name}`, title: name })),
    { id: 'value', title: metricsText.value, end: true },
  ]
  return (
    <PanelTable
      columns={columns}
      rows={of.map(({ key, value, labels: own }) => [
        ...labels.map((name) => own[name] ?? ''),
        <span key={key} className={toneOf(value)}>
          {format(value)}
        </span>,
      ])}
    />
  )
}
