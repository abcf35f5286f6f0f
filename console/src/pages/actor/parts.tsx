import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { ask, type Query } from '../../api/client.ts'
import type { Change, ChangePage } from '../../api/objects.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { conditionAmong } from '../../parts/filter-text.ts'
import { count, shortTime } from '../../parts/format.ts'
import { ErrorState, Loading } from '../../parts/states.tsx'
import { listText, readList } from '../../state/parts.ts'
import type { Range } from '../../state/range.ts'
import { useTraceSums } from '../../api/trace-queries.ts'
import { valueText } from '../../parts/audit/values.ts'
import { Operation } from '../../parts/changes/change.tsx'

interface Asked {
  readonly t: Range
  readonly revision: string
}

const parts = ['service', 'tenant', 'region', 'severity', 'address'] as const

/** How much of what the actor did. */
export function SumsOf({
  of,
  question,
  t,
  revision,
}: Asked & { readonly of: string; readonly question: Query }): React.ReactNode {
  const behind = useTraceSums(
    useMemo(() => ({ impersonated_by: listText([of]) }), [of]),
    t,
    { by: 'actor', limit: 20, buckets: 1, revision },
  )
  return (
    <section className="panel actor-sums" aria-label="By what">
      {parts.map((by) => (
        <Sums key={by} by={by} question={question} t={t} revision={revision} />
      ))}
      {(behind.data?.total ?? 0) > 0 && (
        <div>
          <h3>With the rights of others</h3>
          <ul className="neighbours">
            {behind.data?.groups.map(({ value, traces }) => (
              <li key={value}>
                <ActorLink to={value} />
                <span className="number dim">{count(traces)}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </section>
  )
}

function Sums({
  by,
  question,
  t,
  revision,
}: Asked & { readonly by: (typeof parts)[number]; readonly question: Query }): React.ReactNode {
  const { data } = useTraceSums(question, t, { by, limit: 8, buckets: 1, revision })
  if (data === undefined || data.total === 0) return null
  return (
    <div>
      <h3>By {by}</h3>
      <ul className="neighbours">
        {data.groups.map(({ value, traces }) => (
          <li key={value}>
            <span className={value === null ? 'dim' : undefined}>{value === null ? 'not told' : valueText(value)}</span>
            <span className="number dim">{count(traces)}</span>
          </li>
        ))}
        {data.others.groups > 0 && (
          <li>
            <span className="dim">{count(data.others.groups)} others</span>
            <span className="number dim">{count(data.others.traces)}</span>
          </li>
        )}
      </ul>
    </div>
  )
}

/** What the actors changed in clusters, by the audit logs of these. `of`: their references, as the API reads a list. */
export function ChangesBy({
  of,
  t,
  revision,
  selected,
  onOpen,
}: Asked & {
  readonly of: string
  readonly selected: string
  readonly onOpen: (change: Change) => void
}): React.ReactNode {
  const { data, isError, error, refetch } = useQuery({
    queryKey: ['actor-changes', of, t, revision],
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: ({ signal }) =>
      ask<ChangePage>('/api/v1/changes', {
        signal,
        query: { actor_ref: of, from: t.from, to: t.to, limit: 100, noise: 'shown' },
      }),
  })
  return (
    <section className="panel happened" aria-label="Changes of objects of clusters">
      <h2>
        Changes of objects of clusters{' '}
        <Link
          to="/changes"
          search={
            { v: '1', t: `${t.from}..${t.to}`, noise: '1', q: conditionAmong('actor_ref', readList(of)) } as never
          }
          className="all"
        >
          all of them
        </Link>
      </h2>
      {data === undefined ? (
        isError ? (
          <ErrorState
            error={error}
            onRetry={() => {
              refetch().catch(reportError)
            }}
          />
        ) : (
          <Loading what="changes" />
        )
      ) : data.changes.length === 0 ? (
        <p className="dim">No audit log of a cluster says that a change of this span is of this actor.</p>
      ) : (
        <ul tabIndex={0} aria-label="Changes, newest first">
          {data.changes.map((change) => (
            <li key={change.pos} className={change.pos === selected ? 'chosen' : undefined}>
              <button
                type="button"
                className="link-like"
                onClick={() => onOpen(change)}
                aria-label={`${change.operation ?? 'change'} at ${shortTime(change.time)}: before and after`}
              >
                <span className="mono" title={change.time}>
                  {shortTime(change.time)}
                </span>
              </button>
              <Operation of={change.operation} />
              <span className="says">
                <ResourceLink to={change.ref} at={change.time}>
                  {change.kind} {change.namespace === null ? '' : `${change.namespace}/`}
                  {change.name}
                </ResourceLink>{' '}
                <span className="dim">{change.cluster}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {data !== undefined && data.next !== null && (
        <p className="dim">The newest {count(data.changes.length)} of this span.</p>
      )}
    </section>
  )
}
