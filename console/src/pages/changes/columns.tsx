import type { Change } from '../../api/objects.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { shortTime } from '../../parts/format.ts'
import type { GridColumn } from '../../parts/grid.tsx'
import { Operation } from '../../parts/changes/change.tsx'
import { inShort } from '../../parts/changes/diff.ts'

const shownSteps = 4

export const changeColumns: readonly GridColumn<Change>[] = [
  {
    id: 'time',
    title: 'Time',
    hint: 'When it was seen',
    width: 146,
    grow: 0,
    sortable: false,
    cell: ({ time: at }) => (
      <span className="mono" title={at}>
        {shortTime(at)}
      </span>
    ),
  },
  {
    id: 'operation',
    title: 'Operation',
    width: 96,
    grow: 0,
    sortable: false,
    cell: ({ operation }) => <Operation of={operation} />,
  },
  {
    id: 'kind',
    title: 'Kind',
    width: 120,
    grow: 1,
    sortable: false,
    cell: ({ kind, group }) => <span title={group === '' ? kind : `${kind} of ${group}`}>{kind}</span>,
  },
  {
    id: 'namespace',
    title: 'Namespace',
    width: 100,
    grow: 1,
    sortable: false,
    cell: ({ namespace }) => namespace ?? <span className="dim">whole cluster</span>,
  },
  {
    id: 'name',
    title: 'Name',
    width: 150,
    grow: 2,
    sortable: false,
    cell: ({ name }) => <span title={name}>{name}</span>,
  },
  {
    id: 'actor',
    title: 'Actor',
    hint: 'The user where the audit log tells, else the program that wrote it',
    width: 130,
    grow: 1,
    sortable: false,
    cell: ({ actor, actor_ref: user }) =>
      actor === null ? (
        <span className="dim">–</span>
      ) : user === null ? (
        <span title={`${actor}: a program, not a person`} className="dim">
          {actor}
        </span>
      ) : (
        <ActorLink to={user} name={actor} />
      ),
  },
  {
    id: 'what',
    title: 'What changed',
    hint: 'In short; open the row for old beside new',
    width: 240,
    grow: 4,
    sortable: false,
    cell: What,
  },
]

function What(change: Change): React.ReactNode {
  const said = inShort(change.operation, change.diff)
  const marks = [
    ...(change.initial ? ['at first look'] : []),
    ...(change.coalesced ? ['coalesced'] : []),
    ...(change.noise.length > 0 ? [`noise: ${change.noise.join(', ')}`] : []),
  ]
  return (
    <span title={[...said, ...marks].join('\n')}>
      {said.slice(0, shownSteps).join(' · ')}
      {said.length > shownSteps && <span className="beside">+{said.length - shownSteps}</span>}
      {marks.length > 0 && <span className="beside">{marks.join(' · ')}</span>}
    </span>
  )
}
