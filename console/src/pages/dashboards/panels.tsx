import type { FlowGroups, Series } from '../../../../src/api/published.ts'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '../../api/client.ts'
import { bucketsOf, knownValues, unknownOf } from '../../api/series.ts'
import { loadable, useLoaded, type Loadable } from '../../hooks/use-loaded.ts'
import { Chart, type ChartSeries } from '../../parts/chart.tsx'
import { ChartFill } from '../../parts/chart-fill.tsx'
import { count, perSecond, plainText, volume } from '../../parts/format.ts'
import { Loading } from '../../parts/states.tsx'
import type { Range } from '../../state/range.ts'
import { dashboardsText, panelNames } from './text.ts'
import { Answered, useFlows } from './answered.tsx'
import type { Panel, Variable } from './definition.ts'
import { PanelTable } from './panel-table.tsx'
import { parametersOf } from './variables.ts'

const flowTable = loadable<PanelProps>(() => import('./flow-table-panel.tsx'))
const topology = loadable<PanelProps>(() => import('./topology-panel.tsx'))

export type PanelProps = Readonly<{
  panel: Panel
  /** With the values of variables. */
  filter: string
  variables: readonly Variable[]
  t: Range
  revision: number
  onBrush: (from: number, to: number) => void
}>

export function PanelBody(props: PanelProps): React.ReactNode {
  switch (props.panel.kind) {
    case 'series':
      return <SeriesPanel {...props} />
    case 'top':
      return <TopPanel {...props} />
    case 'stat':
      return <StatPanel {...props} />
    case 'table':
      return <LoadedPanel of={flowTable} {...props} />
    case 'topology':
      return <LoadedPanel of={topology} {...props} />
    default:
      return <SqlPanel {...props} />
  }
}

function LoadedPanel({ of, ...props }: PanelProps & Readonly<{ of: Loadable<PanelProps> }>) {
  const View = useLoaded(of)
  return View === undefined ? <Loading what={dashboardsText.theDashboards} /> : <View {...props} />
}

function amountText(by: Panel['by'], value: number): string {
  return by === 'bytes' ? volume(value) : count(Math.round(value))
}

function SeriesPanel(props: PanelProps) {
  const { panel, onBrush } = props
  const { group, by, limit } = panel
  const answer = useFlows<Series>('/api/v1/series', props, { by, limit, ...(group === '' ? {} : { group }) })
  return <Answered of={answer}>{(data) => <SeriesChart data={data} panel={panel} onBrush={onBrush} />}</Answered>
}

function SeriesChart({
  data,
  panel: { by, group, title },
  onBrush,
}: Readonly<{ data: Series; panel: Panel; onBrush: PanelProps['onBrush'] }>) {
  const drawn = useMemo(() => seriesOf(data, by, group), [data, by, group])
  return (
    <ChartFill least={170}>
      {(height) => (
        <Chart
          label={title === '' ? panelNames.series : title}
          times={drawn.times}
          series={drawn.series}
          unknown={drawn.unknown}
          unknownText={dashboardsText.unknown}
          stacked
          height={height}
          format={(value) => (by === 'bytes' ? `${volume(value)}/s` : perSecond(value))}
          onBrush={onBrush}
        />
      )}
    </ChartFill>
  )
}

/** Rates by group. */
function seriesOf(data: Series, by: Panel['by'], group: string) {
  const { columns, rows, step } = data
  const columnOf = (name: string) => columns.findIndex((column) => column.name === name)
  const [at, restColumn, amount] = [columnOf('time'), columnOf('other'), columnOf(by)]
  const buckets = bucketsOf(data)
  const unknown = unknownOf(data)
  const seriesByKey = new Map<string, { name: string; isOther: boolean; values: number[] }>()
  for (const row of rows) {
    const bucket = buckets.at(row[at])
    if (bucket < 0) continue
    const isOther = restColumn >= 0 && row[restColumn] === true
    const value = group === '' ? dashboardsText.total : plainText(row[restColumn + 1] ?? dashboardsText.noValue)
    const key = isOther ? 'other' : `= ${value}`
    const series = seriesByKey.get(key) ?? {
      name: isOther ? dashboardsText.others : value,
      isOther,
      values: buckets.zeros(),
    }
    seriesByKey.set(key, series)
    series.values[bucket] = (series.values[bucket] ?? 0) + Number(row[amount]) / step
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

function TopPanel(props: PanelProps) {
  const { by, limit, group } = props.panel
  const fields = group === '' ? 'src_endpoint' : group
  const answer = useFlows<FlowGroups>('/api/v1/flows', props, { group: fields, by, limit })
  return (
    <Answered of={answer}>
      {({ rows, columns, total }) => {
        const amount = columns.findIndex(({ name }) => name === by)
        const all = Number(total[by])
        const rest = all - rows.reduce((shown, row) => shown + Number(row[amount]), 0)
        const lines = [
          ...rows.map((row) => ({
            name: fields
              .split(',')
              .map((_, index) => plainText(row[index] ?? dashboardsText.noValue))
              .join(' → '),
            value: Number(row[amount]),
          })),
          ...(rest > 0 ? [{ name: dashboardsText.others, value: rest }] : []),
        ]
        if (lines.length === 0) return <p className="dim pad">{dashboardsText.noRows}</p>
        return (
          <ol className="top-list">
            {lines.map(({ name, value }) => (
              <li key={name}>
                <span className="name">{name}</span>
                <span className="number">{amountText(by, value)}</span>
                <span className="number dim">{all > 0 ? `${((value / all) * 100).toFixed(1)} %` : ''}</span>
                <span className="share" style={{ width: `${all > 0 ? (value / all) * 100 : 0}%` }} />
              </li>
            ))}
          </ol>
        )
      }}
    </Answered>
  )
}

function StatPanel(props: PanelProps) {
  const { by } = props.panel
  const answer = useFlows<FlowGroups>('/api/v1/flows', props, { group: 'proto', by, limit: 1 })
  return (
    <Answered of={answer}>
      {({ total }) => (
        <p className="stat-value number">
          {amountText(by, Number(total[by]))} <span className="dim">{by}</span>
        </p>
      )}
    </Answered>
  )
}

function SqlPanel({ panel: { sql, limit }, variables, revision }: PanelProps) {
  const { parameters, wrong } = useMemo(() => {
    try {
      return { parameters: parametersOf(sql, variables) }
    } catch (error) {
      return { wrong: error instanceof Error ? error.message : String(error) }
    }
  }, [sql, variables])
  const answer = useQuery({
    queryKey: ['/api/v1/sql', sql, parameters, revision],
    enabled: sql !== '' && parameters !== undefined,
    staleTime: Infinity,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<readonly Readonly<Record<string, unknown>>[]>('/api/v1/sql', {
        method: 'POST',
        signal,
        body: { sql, parameters },
      }),
  })
  if (sql === '') return <p className="dim pad">{dashboardsText.statement}</p>
  if (wrong !== undefined)
    return (
      <p role="alert" className="bad pad">
        {wrong}
      </p>
    )
  return (
    <Answered of={answer}>
      {(rows) => {
        const names = Object.keys(rows[0] ?? {})
        const columns = names.map((name) => ({ id: name, title: name, end: isOfNumbers(rows, name) }))
        return (
          <>
            <PanelTable
              columns={columns}
              rows={rows.slice(0, limit).map((row) => names.map((name) => plainText(row[name] ?? '–')))}
            />
            {rows.length > limit && <p className="dim pad">{dashboardsText.moreRows(count(rows.length - limit))}</p>}
          </>
        )
      }}
    </Answered>
  )
}

function isOfNumbers(rows: readonly Readonly<Record<string, unknown>>[], name: string): boolean {
  return rows.every((row) => typeof row[name] === 'number' || row[name] === null)
}
