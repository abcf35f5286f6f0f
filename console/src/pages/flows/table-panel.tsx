import { ErrorState, Loading, StaleNotice } from '../../parts/states.tsx'
import { NoFlows } from './no-flows.tsx'
import { Cancelled } from '../../parts/query-status.tsx'
import type { TableResult } from './use-table.ts'
import type { FlowViewProps } from './views.ts'

interface TablePanelProps<Answer> extends Pick<FlowViewProps, 'state' | 'set'> {
  readonly result: TableResult<Answer>
  readonly title: string
  readonly what: string
  readonly empty: boolean
  readonly foot: (data: Answer) => React.ReactNode
  readonly children: React.ReactNode
}

export function TablePanel<Answer>({
  result: { data, busy, stale, error, retry },
  title,
  what,
  empty,
  foot,
  children,
  state,
  set,
}: TablePanelProps<Answer>): React.ReactNode {
  return (
    <>
      {error !== undefined && data !== undefined && <StaleNotice error={error} onRetry={retry} />}
      <div className="page-body">
        <section className={stale ? 'panel table stale' : 'panel table'} aria-label={title} aria-busy={busy}>
          {data === undefined ? (
            error !== undefined ? (
              <ErrorState error={error} onRetry={retry} />
            ) : busy ? (
              <Loading what={what} />
            ) : (
              <Cancelled onRun={retry} />
            )
          ) : empty ? (
            <NoFlows state={state} set={set} />
          ) : (
            children
          )}
          {data !== undefined && foot(data)}
        </section>
      </div>
    </>
  )
}
