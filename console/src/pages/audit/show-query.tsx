import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { AuditStatement } from '../../../../src/topics/audit/schema.ts'
import { request, type Query } from '../../api/client.ts'
import type { Span } from '../../api/objects.ts'
import { useMe } from '../../api/queries.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { Popover } from '../../parts/popover.tsx'
import { Pending } from '../../parts/states.tsx'
import type { AuditView } from './state.ts'
import { auditText } from '../../parts/audit/text.ts'

type ShowQueryProps = Readonly<{
  view: AuditView
  question: Query
  span: Span
}>

export function ShowQuery(props: ShowQueryProps): React.ReactNode {
  return (
    <Popover
      name={auditText.query}
      className="show-query"
      label={
        <>
          {auditText.showQuery} <span aria-hidden="true">▾</span>
        </>
      }
    >
      {() => <Statement {...props} />}
    </Popover>
  )
}

function Statement({ view, question, span: { from, to } }: ShowQueryProps) {
  const me = useMe()
  const parameters = { ...question, from, to, of: view === 'graph' ? 'columns' : view }
  const query = useQuery({
    queryKey: ['trace-query', parameters],
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: ({ signal }) => request<AuditStatement>('/api/v1/audit/query', { signal, query: parameters }),
  })
  const { data } = query
  if (data === undefined) return <Pending of={query} what={auditText.theQuery} />
  return (
    <>
      <pre tabIndex={0} aria-label={auditText.theQueryInSql}>
        {data.sql}
      </pre>
      <div className="show-query-acts">
        <CopyButton text={data.sql} />
        {me.data?.role === 'admin' ? (
          <Link to="/sql" search={{ v: '1', q: data.sql } as never} className="button">
            {auditText.openOnPageSql}
          </Link>
        ) : (
          <span className="dim">{auditText.onlyAdminsCanRunSql}</span>
        )}
      </div>
    </>
  )
}
