import { dash } from '../../parts/dash.tsx'
import type { UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import { count } from '../../parts/format.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import { EmptyState, Loading, NoAnswer } from '../../parts/states.tsx'
import { generalText } from '../../text/general.ts'
import { metricsText } from '../../parts/metrics/text.ts'
import type { MetricRow } from '../../parts/metrics/queries.ts'

const columns: readonly GridColumn<MetricRow>[] = [
  {
    id: 'name',
    line: 1,
    title: metricsText.name,
    width: 360,
    grow: 1,
    cell: ({ name }) => <span className="mono">{name}</span>,
  },
  { id: 'type', line: 1, title: metricsText.type, width: 96, cell: ({ type }) => type || dash },
  { id: 'unit', line: 2, title: metricsText.unit, width: 96, cell: ({ unit }) => unit || dash },
  { id: 'help', line: 2, title: metricsText.help, width: 360, grow: 2, cell: ({ help }) => help },
]

type MetricListProps = Readonly<{
  metrics: UseQueryResult<readonly MetricRow[]>
  q: string
  onOpen: (metric: MetricRow) => void
  onRetry: () => void
}>

export function MetricList({ metrics: { data, error, isFetching }, q, onOpen, onRetry }: MetricListProps) {
  const rows = useMemo(() => {
    const words = q.toLowerCase().split(/\s+/).filter(Boolean)
    return (data ?? []).filter(({ name, help }) => {
      const text = `${name} ${help}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
  }, [data, q])
  return (
    <>
      <div className="page-line">
        <span className="number" role="status">
          {data === undefined ? '' : metricsText.counted(count(rows.length), count(data.length))}
        </span>
      </div>
      <div className="page-body">
        <section className="panel table" aria-label={metricsText.metrics} aria-busy={isFetching}>
          {error !== null ? (
            <NoAnswer error={error} needsStore={metricsText.needsStore} onRetry={onRetry} />
          ) : data === undefined ? (
            <Loading what={metricsText.metrics} />
          ) : rows.length === 0 ? (
            <EmptyState
              title={q === '' ? metricsText.none : metricsText.noneMatch}
              action={q === '' ? { text: generalText.pipeline, to: '/pipeline' } : undefined}
            >
              {q === '' ? metricsText.noneHint : metricsText.noneMatchHint}
            </EmptyState>
          ) : (
            <Grid
              label={metricsText.metrics}
              columns={columns}
              rows={rows}
              rowKey={({ name }) => name}
              total={rows.length}
              onOpen={onOpen}
            />
          )}
        </section>
      </div>
    </>
  )
}
