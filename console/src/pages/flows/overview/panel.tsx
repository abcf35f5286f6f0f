import type { UseQueryResult } from '@tanstack/react-query'
import { asApiError } from '../../../api/problem.ts'
import { ErrorState, Loading } from '../../../parts/states.tsx'
import { count } from '../../../parts/format.ts'
import { lostText } from '../source-text.ts'
import type { FlowGroups } from '../../../../../src/api/published.ts'
import { panelsText } from './text.ts'
import { generalText } from '../../../text/general.ts'

type Facts = Pick<FlowGroups, 'source' | 'exact' | 'error' | 'relative_error' | 'span' | 'stored_to' | 'lost'>

type PanelProps<T extends Facts> = Readonly<{
  title: string
  answer: UseQueryResult<T>
  menu: React.ReactNode
  headed?: boolean
  foot?: string
  children: (data: T) => React.ReactNode
}>

export function Panel<T extends Facts>({
  title,
  answer,
  menu,
  headed = false,
  foot = '',
  children,
}: PanelProps<T>): React.ReactNode {
  const { data, isError, error, isFetching, isPlaceholderData, refetch } = answer
  const again = () => {
    refetch().catch(reportError)
  }
  return (
    <section className="panel overview-panel" aria-label={title} aria-busy={isFetching || isPlaceholderData}>
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
          {panelsText.failedShowingPrevious(asApiError(error).message)}{' '}
          <button type="button" onClick={again}>
            {generalText.tryAgain}
          </button>
        </p>
      )}
      {data !== undefined && foot !== '' && <p className="panel-foot dim">{foot}</p>}
      {data?.lost !== undefined && <p className="panel-foot warning">{generalText.incomplete(lostText(data.lost))}</p>}
      {data?.relative_error !== undefined && (
        <p className="panel-foot dim">{panelsText.approximate((data.relative_error * 100).toFixed(1))}</p>
      )}
      {data !== undefined && mayBeShort(data) && (
        <p className="panel-foot dim">
          {panelsText.mayBeShort(data.error === undefined ? '' : panelsText.byUpTo(count(Number(data.error))))}
        </p>
      )}
    </section>
  )
}

function mayBeShort({ exact, error, relative_error: ofStatistics, lost }: Facts) {
  return !exact && ofStatistics === undefined && (error !== undefined || lost === undefined)
}
