import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useMemo } from 'react'
import { request, type Query } from '../../../api/client.ts'
import type { Change, ChangePage } from '../../../api/objects.ts'
import { AddToDashboard } from '../../../parts/dashboards/add-button.tsx'
import { ActorLink } from '../../../parts/links/actor-link.tsx'
import { ResourceLink } from '../../../parts/links/resource-link.tsx'
import { conditionAmong } from '../../../parts/filter-text.ts'
import { count } from '../../../parts/format.ts'
import { Pending } from '../../../parts/states.tsx'
import { listText, readList } from '../../../state/parts.ts'
import type { Range } from '../../../state/range.ts'
import { useTraceSums } from '../../../api/trace-queries.ts'
import { facetName } from '../../../parts/audit/groupings.ts'
import { valueText } from '../../../parts/audit/values.ts'
import { ChangeItem } from '../../../parts/objects/change-item.tsx'
import { actorPageText } from './text.ts'
import { generalText } from '../../../text/general.ts'

type SectionProps = Readonly<{
  t: Range
  revision: string
}>

const parts = ['service', 'tenant', 'region', 'severity', 'address'] as const

export function SumsOf({
  of,
  question,
  t,
  revision,
}: SectionProps & Readonly<{ of: string; question: Query }>): React.ReactNode {
  const behind = useTraceSums(
    useMemo(() => ({ impersonated_by: listText([of]) }), [of]),
    t,
    { by: 'actor', limit: 20, buckets: 1, revision },
  )
  return (
    <section className="panel actor-sums" aria-label={actorPageText.client}>
      {parts.map((by) => (
        <Sums key={by} by={by} question={question} t={t} revision={revision} />
      ))}
      {(behind.data?.total ?? 0) > 0 && (
        <div>
          <h3>{actorPageText.actingOnBehalfOf}</h3>
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

function Sums({ by, question, t, revision }: SectionProps & Readonly<{ by: (typeof parts)[number]; question: Query }>) {
  const { data } = useTraceSums(question, t, { by, limit: 8, buckets: 1, revision })
  if (data === undefined || data.total === 0) return null
  return (
    <div>
      <h3>{actorPageText.clientName(facetName(by))}</h3>
      <ul className="neighbours">
        {data.groups.map(({ value, traces }) => (
          <li key={value}>
            <span className={value === null ? 'dim' : undefined}>
              {value === null ? generalText.unknown : valueText(value)}
            </span>
            <span className="number dim">{count(traces)}</span>
          </li>
        ))}
        {data.others.groups > 0 && (
          <li>
            <span className="dim">{generalText.remaining(count(data.others.groups))}</span>
            <span className="number dim">{count(data.others.traces)}</span>
          </li>
        )}
      </ul>
    </div>
  )
}

export function ChangesBy({
  of,
  t,
  revision,
  selected,
  onOpen,
}: SectionProps & Readonly<{ of: string; selected: string; onOpen: (change: Change) => void }>): React.ReactNode {
  const query = useQuery({
    queryKey: ['actor-changes', of, t, revision],
    staleTime: Infinity,
    gcTime: 60_000,
    queryFn: ({ signal }) =>
      request<ChangePage>('/api/v1/changes', {
        signal,
        query: { actor_ref: of, from: t.from, to: t.to, limit: 100, noise: 'shown' },
      }),
  })
  const { data } = query
  const filter = conditionAmong('actor_ref', readList(of))
  return (
    <section className="panel happened" aria-label={actorPageText.changesOfKubernetesObjects}>
      <h2>
        {actorPageText.changesOfKubernetesObjects}{' '}
        <Link
          to="/changes"
          search={{ v: '1', t: `${t.from}..${t.to}`, noise: '1', q: filter } as never}
          className="all"
        >
          {actorPageText.showAll}
        </Link>
        <AddToDashboard
          as="mark"
          of={{
            t,
            panel: {
              kind: 'changes',
              title: actorPageText.changesOfKubernetesObjects,
              view: 'list',
              filter,
              select: { noise: 'shown' },
              width: 4,
            },
          }}
        />
      </h2>
      {data === undefined ? (
        <Pending of={query} what={generalText.changesInText} />
      ) : data.changes.length === 0 ? (
        <p className="dim">{actorPageText.noChanges}</p>
      ) : (
        <ul tabIndex={0} aria-label={generalText.changesNewestFirst}>
          {data.changes.map((change) => (
            <ChangeItem key={change.pos} change={change} selected={selected} onOpen={onOpen}>
              <span className="says">
                <ResourceLink to={change.ref} at={change.time}>
                  {change.kind} {change.namespace === null ? '' : `${change.namespace}/`}
                  {change.name}
                </ResourceLink>{' '}
                <span className="dim">{change.cluster}</span>
              </span>
            </ChangeItem>
          ))}
        </ul>
      )}
      {data !== undefined && data.next !== null && (
        <p className="dim">{actorPageText.newest(count(data.changes.length))}</p>
      )}
    </section>
  )
}
