import type { UseQueryResult } from '@tanstack/react-query'
import { asRefused } from '../../../api/problem.ts'
import { ErrorState, Loading } from '../../../parts/states.tsx'
import { count } from '../../../parts/format.ts'
import type { GroupsAnswer } from './sums.ts'

/** What all answers say beside their rows. */
type Facts = Pick<GroupsAnswer, 'source' | 'exact' | 'error' | 'span' | 'stored_to'>

interface PanelProps<T extends Facts> {
  readonly title: string
  readonly answer: UseQueryResult<T>
  readonly menu: React.ReactNode
  /** Does it bring a heading of its own? */
  readonly headed?: boolean
  /** What else is to be said of what it shows; empty: nothing. */
  readonly foot?: string
  readonly children: (data: T) => React.ReactNode
}

/** One answer, or why there is none. The last good one stays while another is on its way. */
export function Panel<T extends Facts>({
  title,
  answer,
  menu,
  headed = false,
  foot = '',
  children,
}: PanelProps<T>): React.ReactNode {
  const { data, isError, error, isFetching, refetch } = answer
  const again = (): void => {
    refetch().catch(reportError)
  }
  return (
    <section className="panel overview-panel" aria-label={title} aria-busy={isFetching}>
      {!(headed && data !== undefined) && (
        <div className="panel-head">
          <h2>{title}</h2>
          {menu}
        </div>
      )}
      {data === undefined ? (
        isError ? (
          <ErrorState error={error} onRetry={again} />
        ) : (
          <Loading what={title.toLowerCase()} />
        )
      ) : (
        children(data)
      )}
      {data !== undefined && isError && (
        <p className="panel-foot bad" role="alert">
          {asRefused(error).message} Shown is the answer before.{' '}
          <button type="button" onClick={again}>
            Try again
          </button>
        </p>
      )}
      {data !== undefined && foot !== '' && <p className="panel-foot dim">{foot}</p>}
      {data !== undefined && !data.exact && (
        <p className="panel-foot dim">
          Each group may be short{data.error === undefined ? '' : ` by up to ${count(Number(data.error))}`}; the total
          is exact. A rollup has put small groups together.
        </p>
      )}
    </section>
  )
}
