import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { request } from '../../../api/client.ts'
import { AddToDashboard } from '../../../parts/dashboards/add-button.tsx'
import { selectOf } from '../../../parts/dashboards/select.ts'
import type { TracePage } from '../../../api/traces.ts'
import { ActorLink } from '../../../parts/links/actor-link.tsx'
import { count, shortTime } from '../../../parts/format.ts'
import { Pending } from '../../../parts/states.tsx'
import { listText } from '../../../state/parts.ts'
import { Severity } from '../../../parts/audit/columns.tsx'
import { resourceText } from './text.ts'
import { generalText } from '../../../text/general.ts'

const days = 30

type TracesProps = Readonly<{
  of: string
  at: string
  /** Replaces the condition on the reference. */
  filter?: string
  /** A part of its page even without traces. */
  alone?: boolean
}>

export function TracesOf({ of, at, filter, alone = false }: TracesProps): React.ReactNode {
  const selected = filter === undefined ? { resource: listText([of]) } : { filter }
  // The page names it `q`.
  const linked = filter === undefined ? selected : { q: filter }
  const query = useQuery({
    queryKey: ['resource-traces', selected, at],
    staleTime: 5000,
    refetchInterval: at === 'now' ? 15_000 : false,
    queryFn: ({ signal }) =>
      request<TracePage>('/api/v1/audit', {
        signal,
        query: { ...selected, from: sinceOf(at), to: at, limit: 50 },
      }),
  })
  const { data } = query
  if (data?.traces.length === 0 && !alone) return <p className="dim">{resourceText.noTraces(days)}</p>
  return (
    <section className="panel happened" aria-label={resourceText.auditEvents}>
      <h2>
        {resourceText.auditEvents}{' '}
        <Link to="/audit" search={{ v: '1', t: `now-${days}d..now`, ...linked } as never} className="all">
          {resourceText.showAll}
        </Link>
        <AddToDashboard
          as="mark"
          of={{
            panel: {
              kind: 'audit',
              title: resourceText.auditEvents,
              view: 'list',
              filter: filter ?? '',
              select: selectOf(filter === undefined ? { resource: [of] } : {}),
            },
          }}
        />
      </h2>
      {data === undefined ? (
        <Pending of={query} what={generalText.tracesInText} />
      ) : data.traces.length === 0 ? (
        <p className="dim">{resourceText.noTraces(days)}</p>
      ) : (
        <>
          <ul tabIndex={0} aria-label={generalText.tracesNewestFirst}>
            {data.traces.map(({ pos, time, severity, actor, actor_name: name, action, address }) => (
              <li key={pos}>
                <Link
                  to="/audit"
                  search={{ v: '1', t: `now-${days}d..now`, ...linked, sel: pos } as never}
                  className="mono"
                  title={time}
                >
                  {shortTime(time)}
                </Link>
                <Severity of={severity} />
                <span className="says">
                  {resourceText.actionBy(action ?? '')} <ActorLink to={actor} name={name} />
                </span>
                <span className="who dim">{address}</span>
              </li>
            ))}
          </ul>
          {data.total !== undefined && data.total > data.traces.length && (
            <p className="dim">{resourceText.newestOf(count(data.traces.length), count(data.total))}</p>
          )}
        </>
      )}
    </section>
  )
}

function sinceOf(at: string) {
  const moment = Date.parse(at)
  return Number.isNaN(moment) ? `now-${days}d` : new Date(moment - days * 86_400_000).toISOString()
}
