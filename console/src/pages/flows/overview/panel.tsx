import { asRefused } from '../../../api/problem.ts'
import { ErrorState, Loading } from '../../../parts/states.tsx'
import type { GroupedAnswer } from './ask.ts'
import type { GroupsAnswer } from './sums.ts'

/** What all answers say beside their rows. */
type Facts = Pick<GroupsAnswer, 'source' | 'exact' | 'span' | 'stored_to'>

interface PanelProps<T extends Facts> {
  readonly title: string
  readonly answer: GroupedAnswer<T>
  readonly menu: React.ReactNode
  /** Does it bring a heading of its own? */
  readonly headed?: boolean
  /** What else is to be said of what it shows; empty: nothing. */
  readonly foot?: string
  readonly children: (data: T) => React.ReactNode
}

/** One answer, or why there is none. The last good one stays while another is on its way. */
export function Panel<T extends Facts>({ title, answer, menu, headed = false, foot = '', children }: PanelProps<T>): React.ReactNode {
  const { data, isError, error, isFetching, refetch, refining = false } = answer
  const again = (): void => { refetch().catch(reportError) }
  return (
    <section className="panel overview-panel" aria-label={title} aria-busy={isFetching}>
      {!(headed && data !== undefined) && <div className="panel-head"><h2>{title}</h2>{menu}</div>}
      {data === undefined ? (isError ? <ErrorState error={error} onRetry={again} /> : <Loading what={title.toLowerCase()} />) : children(data)}
      {data !== undefined && isError && <p className="panel-foot bad" role="alert">{asRefused(error).message} Shown is the answer before. <button type="button" onClick={again}>Try again</button></p>}
      {data !== undefined && foot !== '' && <p className="panel-foot dim">{foot}</p>}
      {data !== undefined && <Caveats exact={data.exact} refining={refining} />}
    </section>
  )
}

/** What the answer says of itself; that it is of the live memory stands over all panels. */
function Caveats({ exact, refining }: { readonly exact: boolean; readonly refining: boolean }): React.ReactNode {
  return exact ? null : <p className="panel-foot dim">Groups may be short of what a rollup has put together{refining ? ': they are being read from the flows. The' : '; the'} total is exact.</p>
}
