import { Link } from '@tanstack/react-router'
import type { Change, ClusterEvent, WholeResource } from '../../api/objects.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { count, shortTime } from '../../parts/format.ts'
import { parseRef } from '../../state/refs.ts'
import { Operation } from '../../parts/changes/change.tsx'
import { inShort } from '../../parts/changes/diff.ts'

interface ChangesProps {
  readonly of: WholeResource
  readonly selected: string
  readonly onOpen: (change: Change) => void
}

/** What was changed in it until the time of the page. */
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
  return (
    <section className="panel happened" aria-label="Changes">
      <h2>
        Changes{' '}
        <Link to="/changes" search={search as never} className="all">
          all of them
        </Link>
      </h2>
      {changes.length === 0 ? (
        <p className="dim">Until then none was told.</p>
      ) : (
        <ul tabIndex={0} aria-label="Changes, newest first">
          {changes.map((change) => (
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
              <span className="says">{inShort(change.operation, change.diff).slice(0, 3).join(' · ')}</span>
              {change.actor_ref === null ? (
                <span className="who dim" title={change.actor === null ? undefined : 'A program, not a person'}>
                  {change.actor ?? '–'}
                </span>
              ) : (
                <span className="who">
                  <ActorLink to={change.actor_ref} name={change.actor} />
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

/** What the cluster itself reported of it until the time of the page. */
export function EventsOf({ events }: { readonly events: readonly ClusterEvent[] }): React.ReactNode {
  return (
    <section className="panel happened" aria-label="Events of the cluster">
      <h2>Events of the cluster</h2>
      {events.length === 0 ? (
        <p className="dim">Until then none was told.</p>
      ) : (
        <ul tabIndex={0} aria-label="Events, newest first">
          {events.map(({ pos, time, type, reason, message, count: times, reporter }) => (
            <li key={pos}>
              <span className="mono" title={time}>
                {shortTime(time)}
              </span>
              <span className={type === 'Warning' ? 'warning' : 'dim'}>
                <span aria-hidden="true">{type === 'Warning' ? '▲ ' : '● '}</span>
                {reason ?? type}
              </span>
              <span className="says">
                {message}
                {times !== null && times > 1 ? ` (${count(times)} times)` : ''}
              </span>
              <span className="who dim">{reporter}</span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
