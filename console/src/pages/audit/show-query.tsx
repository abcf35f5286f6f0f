import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ask, type Query } from '../../api/client.ts'
import type { Span } from '../../api/objects.ts'
import { useMe } from '../../api/queries.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Popover } from '../../parts/popover.tsx'
import { ErrorState, Loading } from '../../parts/states.tsx'
import type { AuditView } from './state.ts'

interface ShowQueryProps {
  readonly view: AuditView
  readonly question: Query
  /** Of the answer that is seen. */
  readonly span: Span
}

/** What is seen, as a statement that can be asked elsewhere. */
export function ShowQuery(props: ShowQueryProps): React.ReactNode {
  return (
    <Popover
      name="The query"
      className="show-query"
      label={
        <>
          Show query <span aria-hidden="true">▾</span>
        </>
      }
    >
      {() => <Statement {...props} />}
    </Popover>
  )
}

function Statement({ view, question, span: { from, to } }: ShowQueryProps): React.ReactNode {
  const me = useMe()
  const asked = { ...question, from, to, of: view === 'graph' ? 'columns' : view }
  const { data, isError, error, refetch } = useQuery({
    queryKey: ['trace-query', asked],
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: ({ signal }) => ask<{ readonly sql: string }>('/api/v1/audit/query', { signal, query: asked }),
  })
  if (data === undefined)
    return isError ? (
      <ErrorState
        error={error}
        onRetry={() => {
          refetch().catch(reportError)
        }}
      />
    ) : (
      <Loading what="the query" />
    )
  return (
    <>
      <pre tabIndex={0} aria-label="The query in SQL">
        {data.sql}
      </pre>
      <div className="show-query-acts">
        <CopyButton text={data.sql} />
        {me.data?.role === 'admin' ? (
          <Link to="/sql" search={{ v: '1', q: data.sql } as never} className="button">
            Open on page SQL
          </Link>
        ) : (
          <span className="dim">Only admins may ask SQL here.</span>
        )}
      </div>
    </>
  )
}
