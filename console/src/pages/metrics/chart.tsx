import type { UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useNavigate } from '@tanstack/react-router'
import type { TrafficMark } from '../../../../src/api/published.ts'
import { Chart } from '../../parts/chart.tsx'
import { HeatMap } from '../../parts/heat-map.tsx'
import { ChartFill } from '../../parts/chart-fill.tsx'
import { asApiError } from '../../api/problem.ts'
import { generalText } from '../../text/general.ts'
import { count, isoOfSeconds } from '../../parts/format.ts'
import { EmptyState, Loading, NoAnswer } from '../../parts/states.tsx'
import type { PanelUnit } from '../../parts/dashboards/definition.ts'
import { unitFormat } from '../../parts/dashboards/units.ts'
import { chartMarkOf } from '../../parts/why/mark-text.ts'
import { metricsText } from '../../parts/metrics/text.ts'
import { heatRows } from '../../parts/metrics/heat-rows.ts'
import { drawnLines } from '../../parts/metrics/lines.ts'
import type { MetricLines } from '../../parts/metrics/queries.ts'

/** Of bars, names and footer on a phone, where the chart does not follow its panel. */
const barsPx = 380

type MetricChartProps = Readonly<{
  lines: UseQueryResult<MetricLines>
  earlier: Readonly<{ lines: UseQueryResult<MetricLines>; text: string }> | undefined
  drawn: 'lines' | 'heatmap'
  label: string
  unit: PanelUnit | ''
  marks: readonly TrafficMark[]
  onSpan: (from: string, to: string) => void
  onAll: () => void
}>

export function MetricChart({
  lines: { data, error, isFetching, refetch },
  earlier,
  drawn: form,
  label,
  unit,
  marks,
  onSpan,
  onAll,
}: MetricChartProps) {
  const before = earlier?.lines.isPlaceholderData === false ? earlier.lines.data : undefined
  const drawn = useMemo(() => (data === undefined ? undefined : drawnLines(data, before)), [data, before])
  const format = useMemo(() => unitFormat(unit), [unit])
  const shownMarks = useMemo(() => marks.map(chartMarkOf), [marks])
  const navigate = useNavigate()
  return (
    <section className="panel" aria-label={metricsText.chart} aria-busy={isFetching}>
      {error !== null ? (
        <NoAnswer error={error} needsStore={metricsText.needsStore} onRetry={() => void refetch().catch(reportError)} />
      ) : drawn === undefined ? (
        <Loading what={metricsText.chart} />
      ) : drawn.series.length === 0 ? (
        <EmptyState title={metricsText.noSamples} action={{ text: metricsText.allMetrics, onClick: onAll }}>
          {metricsText.noSamplesHint}
        </EmptyState>
      ) : (
        <>
          <ChartFill least={Math.max(240, innerHeight - barsPx)}>
            {(height) =>
              form === 'heatmap' && data !== undefined ? (
                <HeatMap label={label} {...heatRows(data.span, data.lines)} height={height - 70} format={format} />
              ) : (
                <Chart
                  label={label}
                  times={drawn.times}
                  series={drawn.series}
                  stacked={false}
                  scale="fine"
                  height={height}
                  format={format}
                  marks={shownMarks}
                  onMark={({ is, pos = '' }) => {
                    void navigate({
                      to: is === 'audit' ? '/audit' : '/changes',
                      search: { v: '1', live: '0', sel: pos } as never,
                    }).catch(reportError)
                  }}
                  onBrush={(from, to) => onSpan(isoOfSeconds(from), isoOfSeconds(to))}
                />
              )
            }
          </ChartFill>
          {form === 'lines' && drawn.hidden > 0 && (
            <p className="panel-foot dim">{metricsText.hidden(count(drawn.hidden))}</p>
          )}
          {earlier !== undefined && form === 'lines' && <p className="panel-foot dim">{comparison(earlier)}</p>}
          {data?.warnings.map((warning) => (
            <p key={warning} className="panel-foot dim">
              {warning}
            </p>
          ))}
        </>
      )}
    </section>
  )
}

function comparison({ lines: { data, error }, text }: NonNullable<MetricChartProps['earlier']>): string {
  if (error !== null) return asApiError(error).message
  if (data === undefined) return generalText.loading
  return data.lines.length === 0 ? metricsText.noneEarlier(text) : metricsText.comparedWith(text)
}
