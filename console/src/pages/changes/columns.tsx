import type { Change } from '../../api/objects.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { shortTime } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { Operation } from '../../parts/objects/change.tsx'
import { inShort } from '../../parts/objects/diff.ts'
import { objectsText } from '../../parts/objects/text.ts'
import { generalText } from '../../text/general.ts'
import { changesText } from './text.ts'

const shownSteps = 4

export const changeColumns: readonly GridColumn<Change>[] = [
  {
    id: 'time',
    line: 2,
    title: generalText.time,
    hint: changesText.timeHint,
    width: 146,
    cell: ({ time: at }) => (
      <span className="mono" title={at}>
        {shortTime(at)}
      </span>
    ),
  },
  {
    id: 'operation',
    line: 1,
    title: generalText.operation,
    width: 96,
    cell: ({ operation }) => <Operation of={operation} />,
  },
  {
    id: 'kind',
    line: 1,
    title: generalText.kind,
    width: 120,
    grow: 1,
    cell: ({ kind, group }) => <span title={group === '' ? kind : changesText.kindOfGroup(kind, group)}>{kind}</span>,
  },
  {
    id: 'namespace',
    title: generalText.namespace,
    width: 118,
    grow: 1,
    cell: ({ namespace }) => namespace ?? <span className="dim">{generalText.clusterScoped}</span>,
  },
  {
    id: 'name',
    line: 1,
    title: generalText.name,
    width: 150,
    grow: 2,
    cell: ({ name }) => <span title={name}>{name}</span>,
  },
  {
    id: 'actor',
    line: 2,
    title: generalText.actor,
    hint: changesText.actorHint,
    width: 192,
    grow: 1,
    cell: ({ actor, actor_ref: user }) =>
      actor === null ? (
        <span className="dim">–</span>
      ) : user === null ? (
        <span title={changesText.programActor(actor)} className="dim">
          {actor}
        </span>
      ) : (
        <ActorLink to={user} name={actor} />
      ),
    csv: ({ actor }) => actor,
  },
  {
    id: 'what',
    line: 2,
    title: objectsText.changedFields,
    hint: changesText.changedHint,
    width: 240,
    grow: 4,
    cell: ChangeSummary,
  },
]

function ChangeSummary(change: Change) {
  const steps = inShort(change.operation, change.diff)
  const marks = [
    ...(change.initial ? [changesText.atStart] : []),
    ...(change.coalesced ? ['coalesced'] : []),
    ...(change.noise.length > 0 ? [changesText.noiseIs(change.noise.join(', '))] : []),
  ]
  return (
    <span title={[...steps, ...marks].join('\n')}>
      {steps.slice(0, shownSteps).join(' · ')}
      {steps.length > shownSteps && <span className="beside">+{steps.length - shownSteps}</span>}
      {marks.length > 0 && <span className="beside">{marks.join(' · ')}</span>}
    </span>
  )
}
