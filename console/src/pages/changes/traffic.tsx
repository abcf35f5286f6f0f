import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { request } from '../../api/client.ts'
import type { Change, ChangeSums } from '../../api/objects.ts'
import { Chart, type ChartMark, type MarkProps } from '../../parts/chart.tsx'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { count, isoOfSeconds, volume } from '../../parts/format.ts'
import { literal } from '../../parts/filter-text.ts'
import type { Series } from '../../../../src/api/published.ts'
import { ratesOf } from '../../api/series.ts'
import { changesText } from './text.ts'
import { generalText } from '../../text/general.ts'
import { maxMarks, useChangesToMark } from './queries.ts'
import type { Range } from '../../state/range.ts'
import type { ChangeFilter } from './state.ts'

type TrafficProps = Readonly<{
  sums: ChangeSums
  filter: ChangeFilter
  t: Range
  revision: number
  loaded: readonly Change[]
  onSpan: (from: string, to: string) => void
  onOpen: (pos: string) => void
}> &
  Pick<MarkProps, 'marksShown' | 'onMarks'>

const rate = (value: number) => `${volume(value)}/s`

export function Traffic({
  sums: { span, step },
  filter,
  t,
  revision,
  loaded,
  onSpan,
  onOpen,
  marksShown,
  onMarks,
}: TrafficProps): React.ReactNode {
  const namespaces = filter.namespace
  const flows = namespaces.length === 0 ? '' : `any.namespace in (${namespaces.map(literal).join(', ')})`
  const { data, isError } = useQuery({
    queryKey: ['traffic', flows, span, step],
    staleTime: Infinity,
    gcTime: 30_000,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) =>
      request<Series>('/api/v1/series', {
        signal,
        query: { filter: flows, from: span.from, to: span.to, step: `${step}s` },
      }),
  })
  const drawn = useMemo(() => {
    if (data === undefined || data.rows.length === 0) return undefined
    const { times, values, unknown, sum } = ratesOf(data)
    return { times, unknown, series: [{ name: changesText.inTotal(volume(sum)), values, tone: 'series-1' as const }] }
  }, [data])
  const { rows, complete } = useChangesToMark(filter, t, revision, loaded)
  const marks = useMemo(() => (marksShown ? rows.map(markOf) : []), [rows, marksShown])
  if (data === undefined) return isError ? null : <div className="panel traffic" aria-hidden="true" />
  if (drawn === undefined) return null
  return (
    <section className="panel traffic" aria-label={changesText.traffic}>
      <Chart
        label={
          namespaces.length === 0
            ? changesText.traffic
            : changesText.trafficOf(
                namespaces.length < 3
                  ? namespaces.join(changesText.andJoin)
                  : changesText.namespaces(count(namespaces.length)),
              )
        }
        times={drawn.times}
        series={drawn.series}
        stacked
        height={76}
        format={rate}
        unknown={drawn.unknown}
        marks={marks}
        marksShown={marksShown}
        onMarks={onMarks}
        onMark={({ pos = '' }) => onOpen(pos)}
        onBrush={(from, to) => onSpan(isoOfSeconds(from), isoOfSeconds(to))}
        menu={
          <AddToDashboard
            as="mark"
            of={{ t, panel: { kind: 'series', title: changesText.traffic, filter: flows, group: 'src_endpoint' } }}
          />
        }
      />
      {marksShown && !complete && <p className="dim">{changesText.newestMarks(count(maxMarks))}</p>}
    </section>
  )
}

function markOf({ time, kind, name, operation, actor, pos }: Change): ChartMark {
  return {
    at: Date.parse(time) / 1000,
    text: `${kind} ${name} ${operation ?? 'changed'}${actor === null ? '' : generalText.byActor(actor)}`,
    pos,
  }
}
