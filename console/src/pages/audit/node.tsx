import { useState } from 'react'
import { useTraceSums } from '../../api/trace-queries.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { Drawer } from '../../parts/drawer.tsx'
import { count, counted } from '../../parts/format.ts'
import { Pending } from '../../parts/states.tsx'
import type { Range } from '../../state/range.ts'
import { traceQuery } from './queries.ts'
import { nameOf } from './graph-layout.ts'
import { only, type Facet, type TraceFilter } from './state.ts'
import { useGraphRefs, Ways } from './paths.tsx'
import { auditText } from '../../parts/audit/text.ts'
import { generalText } from '../../text/general.ts'

type OneNodeProps = Readonly<{
  column: Column
  value: string | null
  filter: TraceFilter
  t: Range
  revision: string
  from: string
  onFrom: (ref: string) => void
  onOnly: () => void
  onLeaveOut: () => void
  onOpen: (column: Column, value: string | null) => void
  onClose: () => void
}>

export const graphColumns = ['actor', 'action', 'resource', 'tenant', 'region'] as const satisfies readonly Facet[]
export type Column = (typeof graphColumns)[number]

export function NodeDrawer({
  column,
  value,
  filter,
  t,
  revision,
  from,
  onFrom,
  onOnly,
  onLeaveOut,
  onOpen,
  onClose,
}: OneNodeProps): React.ReactNode {
  const name = nameOf(column, value, null)
  const at = graphColumns.indexOf(column)
  const refs = useGraphRefs(column, value, t)
  const beside = graphColumns.filter((_, index) => Math.abs(index - at) === 1)
  return (
    <Drawer
      of={`${column}:${value ?? ''}`}
      name={generalText.node}
      title={
        <>
          <span className="dim">{column} </span>
          {name}
        </>
      }
      onClose={onClose}
    >
      <p className="node-acts">
        <button type="button" onClick={onOnly}>
          {auditText.onlyThis}
        </button>{' '}
        <button type="button" onClick={onLeaveOut}>
          {auditText.exclude}
        </button>
        {refs.map((ref) => (
          <button
            key={ref}
            type="button"
            aria-pressed={from === ref}
            title={auditText.pathsHint}
            onClick={() => onFrom(from === ref ? '' : ref)}
          >
            {auditText.pathsFromHere(refs.length > 1 ? auditText.pathsDomain(domainOf(ref)) : '')}
          </button>
        ))}
        {column === 'actor' && value !== null && <ActorLink to={value} name={auditText.actorPage} />}
        {column === 'resource' && value !== null && <ResourceLink to={value}>{auditText.theResource}</ResourceLink>}
      </p>
      {from !== '' &&
        !refs.includes(from) &&
        refs.map((ref) => <Ways key={`${from} ${ref}`} from={from} to={ref} t={t} />)}
      {beside.map((neighbour) => (
        <Neighbours
          key={`${column} ${value ?? ''} ${neighbour}`}
          of={neighbour}
          filter={{ ...filter, [column]: only(value) }}
          t={t}
          revision={revision}
          onOpen={(name) => onOpen(neighbour, name)}
        />
      ))}
    </Drawer>
  )
}

const domainOf = (ref: string) => decodeURIComponent(/^tenant:([^/]*)/.exec(ref)?.[1] ?? '') || auditText.noDomain

const step = 25

interface NeighboursProps extends Pick<OneNodeProps, 'filter' | 't' | 'revision'> {
  readonly of: Column
  readonly onOpen: (value: string | null) => void
}

function Neighbours({ of, filter, t, revision, onOpen }: NeighboursProps) {
  const [limit, setLimit] = useState(step)
  const query = useTraceSums(traceQuery(filter), t, { by: of, limit, buckets: 1, revision })
  const { data } = query
  if (data === undefined) return <Pending of={query} what={auditText.neighboursInText} />
  const { groups, others } = data
  return (
    <section aria-label={auditText.neighbours(of)}>
      <h3>{counted(groups.length + others.groups, of)}</h3>
      <ul className="neighbours">
        {groups.map(({ value, traces }) => (
          <li key={value}>
            <button type="button" className="link-like" onClick={() => onOpen(value)}>
              {nameOf(of, value, null)}
            </button>
            <span className="number dim">{count(traces)}</span>
          </li>
        ))}
      </ul>
      {others.groups > 0 && (
        <p className="dim">
          {auditText.moreHave(count(others.groups), counted(others.traces, 'trace'))}{' '}
          {limit < 1000 && (
            <button type="button" onClick={() => setLimit(limit + step)}>
              {auditText.nextGroups(Math.min(step, others.groups))}
            </button>
          )}
        </p>
      )}
    </section>
  )
}
