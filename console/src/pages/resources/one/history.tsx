import { Link } from '@tanstack/react-router'
import type { Change, ClusterEvent, WholeResource } from '../../../api/objects.ts'
import { AddToDashboard } from '../../../parts/dashboards/add-button.tsx'
import { selectOf } from '../../../parts/dashboards/select.ts'
import { ActorLink } from '../../../parts/links/actor-link.tsx'
import { count, shortTime } from '../../../parts/format.ts'
import { parseRef } from '../../../state/refs.ts'
import { ChangeItem } from '../../../parts/objects/change-item.tsx'
import { allOf, conditionFor } from '../../../parts/filter-text.ts'
import { inShort } from '../../../parts/objects/diff.ts'
import { generalText } from '../../../text/general.ts'
import { resourceText } from './text.ts'

type ChangesProps = Readonly<{
  of: WholeResource
  selected: string
  onOpen: (change: Change) => void
}>

export function ChangesOf({ of: { ref, changes }, selected, onOpen }: ChangesProps): React.ReactNode {
  const parts = parseRef(ref)
  const search =
    parts === undefined
      ? {}
      : {
          v: '1',
          t: 'now-1w..now',
          noise: '1',
          kind: parts.kind,
          name: parts.name,
          cluster: parts.cluster,
          ...(parts.namespace === '' ? {} : { namespace: parts.namespace }),
        }
  if (changes.length === 0) return <p className="dim">{resourceText.noChangesUntilThen}</p>
  return (
    <section className="panel happened" aria-label={generalText.changes}>
      <h2>
        {generalText.changes}{' '}
        <Link to="/changes" search={search as never} className="all">
          {resourceText.showAll}
        </Link>
        {parts !== undefined && (
          <AddToDashboard
            as="mark"
            of={{
              panel: {
                kind: 'changes',
                title: `${generalText.changes}: ${parts.kind} ${parts.name}`,
                view: 'list',
                select: selectOf({
                  kind: [parts.kind],
                  name: [parts.name],
                  namespace: parts.namespace === '' ? [] : [parts.namespace],
                  cluster: [parts.cluster],
                  noise: 'shown',
                }),
              },
            }}
          />
        )}
      </h2>
      <ul tabIndex={0} aria-label={generalText.changesNewestFirst}>
        {changes.map((change) => (
          <ChangeItem key={change.pos} change={change} selected={selected} onOpen={onOpen}>
            <span className="says">{inShort(change.operation, change.diff).slice(0, 3).join(' · ')}</span>
            {change.actor_ref === null ? (
              <span className="who dim" title={change.actor === null ? undefined : resourceText.aProgramNotAPerson}>
                {change.actor ?? '–'}
              </span>
            ) : (
              <span className="who">
                <ActorLink to={change.actor_ref} name={change.actor} />
              </span>
            )}
          </ChangeItem>
        ))}
      </ul>
    </section>
  )
}

type EventsProps = Readonly<{ of: string; name: string; events: readonly ClusterEvent[] }>

export function EventsOf({ of, name, events }: EventsProps): React.ReactNode {
  if (events.length === 0) return <p className="dim">{resourceText.noEventsUntilThen}</p>
  return (
    <section className="panel happened" aria-label={resourceText.clusterEvents}>
      <h2>
        {resourceText.clusterEvents}
        <AddToDashboard
          as="mark"
          of={{
            panel: {
              kind: 'events',
              title: `${resourceText.clusterEvents}: ${name}`,
              view: 'list',
              filter: allOf([conditionFor('family', 'k8s-event'), conditionFor('ref', of)]),
              limit: 20,
              width: 4,
            },
          }}
        />
      </h2>
      <ul tabIndex={0} aria-label={resourceText.eventsNewestFirst}>
        {events.map(({ pos, time, type, reason, message, count: times, reporter }) => (
          <li key={pos}>
            <span className="mono" title={time}>
              {shortTime(time)}
            </span>
            <span className={type === 'Warning' ? 'warning' : 'dim'}>
              <span aria-hidden="true">{type === resourceText.warning ? '▲ ' : '● '}</span>
              {reason ?? type}
            </span>
            <span className="says">
              {message}
              {times !== null && times > 1 ? resourceText.timesCount(count(times)) : ''}
            </span>
            <span className="who dim">{reporter}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}
