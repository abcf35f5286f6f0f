import type { Trace } from '../../api/traces.ts'
import { ActorLink } from '../links/actor-link.tsx'
import { ResourceLink } from '../links/resource-link.tsx'
import { shortTime } from '../format.ts'
import type { GridColumn } from '../grid.tsx'
import { parseRef, refText } from '../../state/refs.ts'
import { generalText } from '../../text/general.ts'
import { auditText } from './text.ts'

const marks: Readonly<Record<string, readonly [sign: string, tone: string, says: string]>> = {
  normal: ['●', '', auditText.normal],
  warning: ['▲', 'warning', auditText.failedInText],
  incident: ['■', 'bad', auditText.incident],
}

export function Severity({ of }: { of: string | null }): React.ReactNode {
  const [sign, tone, message] = marks[of ?? ''] ?? ['?', 'dim', generalText.unknown]
  return (
    <span className={`severity ${tone}`}>
      <span aria-hidden="true">{sign}</span> {message}
    </span>
  )
}

const none = <span className="dim">–</span>

export const traceColumns: readonly GridColumn<Trace>[] = [
  {
    id: 'time',
    line: 2,
    title: generalText.time,
    hint: auditText.timeHint,
    width: 146,
    cell: ({ time: at }) => (
      <span className="mono" title={at}>
        {shortTime(at)}
      </span>
    ),
  },
  {
    id: 'severity',
    line: 1,
    title: auditText.outcome,
    hint: auditText.outcomeHint,
    width: 92,
    cell: ({ severity }) => <Severity of={severity} />,
  },
  {
    id: 'actor',
    line: 1,
    title: generalText.actor,
    width: 140,
    grow: 2,
    cell: Actor,
    csv: ({ actor, actor_name: name }) => name ?? actor,
  },
  {
    id: 'action',
    line: 1,
    title: generalText.action,
    width: 130,
    grow: 2,
    cell: ({ action, service }) => (
      <span title={`${service ?? ''} ${action ?? ''}`}>
        {service !== null && <span className="dim">{service} </span>}
        {action ?? none}
      </span>
    ),
  },
  { id: 'resource', line: 2, title: generalText.resource, width: 170, grow: 3, cell: Resource },
  {
    id: 'tenant',
    title: generalText.tenant,
    width: 100,
    grow: 1,
    cell: ({ tenant }) => tenant ?? none,
  },
  {
    id: 'region',
    title: generalText.region,
    width: 80,
    cell: ({ region }) => region ?? none,
  },
  {
    id: 'address',
    title: auditText.address,
    hint: auditText.addressHint,
    width: 120,
    cell: ({ address }) => (address === null ? none : <span className="mono">{address}</span>),
  },
]

function Actor({ actor, actor_name: name, impersonated_by: by }: Trace) {
  return (
    <span>
      <ActorLink to={actor} name={name} />
      {by !== null && (
        <span className="beside">
          {generalText.by} <ActorLink to={by} />
        </span>
      )}
    </span>
  )
}

function Resource({ resource, resource_name: name, resource_type: type }: Trace) {
  const text = name ?? (resource === null ? null : refText(resource))
  if (text === null) return none
  return (
    <span title={resource ?? text}>
      {type !== null && (name !== null || parseRef(resource ?? '') === undefined) && (
        <span className="dim">{type} </span>
      )}
      {resource === null ? text : <ResourceLink to={resource}>{text}</ResourceLink>}
    </span>
  )
}
