import type { Trace } from '../../api/traces.ts'
import { ActorLink } from '../links/actor-link.tsx'
import { InvestigateLink } from '../links/investigate-link.tsx'
import { ResourceLink } from '../links/resource-link.tsx'
import { TrafficAround, TrafficLink } from '../why/traffic-link.tsx'
import { isCloudRef, parseRef } from '../../state/refs.ts'
import { Drawer, Fact } from '../drawer.tsx'
import { time } from '../format.ts'
import { Pending } from '../states.tsx'
import { useTrace } from '../../api/trace-queries.ts'
import { Severity } from './columns.tsx'
import { auditText } from './text.ts'
import { generalText } from '../../text/general.ts'

type TraceDrawerProps = Readonly<{
  of: string
  known: Trace | undefined
  onClose: () => void
}>

export function TraceDrawer({ of, known, onClose }: TraceDrawerProps): React.ReactNode {
  const query = useTrace(of)
  const { data } = query
  const trace = data ?? known
  return (
    <Drawer
      of={of}
      name={auditText.trace}
      title={
        trace === undefined ? (
          auditText.trace
        ) : (
          <>
            {trace.service !== null && <span className="dim">{trace.service} </span>}
            {trace.action}
          </>
        )
      }
      onClose={onClose}
    >
      {trace !== undefined && <Facts trace={trace} />}
      {data !== undefined ? (
        <>
          <h3>{auditText.allFields}</h3>
          <pre className="raw" tabIndex={0} aria-label={auditText.allFields}>
            {JSON.stringify(data.data, null, 2)}
          </pre>
        </>
      ) : (
        <Pending of={query} what={auditText.theTrace} notFound={auditText.noSuchTrace} />
      )}
    </Drawer>
  )
}

function Facts({ trace }: { trace: Trace }) {
  const {
    time: at,
    actor,
    actor_name: name,
    actor_kind: kind,
    actor_domain: domain,
    impersonated_by: by,
    address,
    resource,
    resource_name: called,
    resource_type: type,
    tenant,
    region,
    severity,
    code,
    request_id: request,
    source,
    id,
  } = trace
  const object = resource === null ? undefined : parseRef(resource)
  return (
    <dl>
      <Fact name={auditText.outcome}>
        <Severity of={severity} />
        {code !== null && <span className="dim">{auditText.codeIs(code)}</span>}
      </Fact>
      <Fact name={generalText.time}>
        <span className="mono">{time(at)}</span>
      </Fact>
      <Fact name={generalText.actor}>
        <ActorLink to={actor} name={name} />
        {kind !== null && kind !== 'user' && <span className="dim">{kind}</span>}
        {domain !== null && <span className="dim">{auditText.ofDomain(domain)}</span>}
      </Fact>
      {by !== null && (
        <Fact name={auditText.actingUser}>
          <ActorLink to={by} />
        </Fact>
      )}
      {address !== null && (
        <Fact name={auditText.address}>
          <span className="mono">{address}</span>{' '}
          {/^[\da-f.:]+$/i.test(address) && <TrafficAround filter={`either(addr = ${address})`} time={at} />}
        </Fact>
      )}
      {(resource ?? called) !== null && (
        <Fact name={generalText.resource}>
          {type !== null && <span className="dim">{type}</span>}
          {resource === null ? (
            called
          ) : (
            <>
              <ResourceLink to={resource} at={at}>
                {called ?? resource}
              </ResourceLink>{' '}
              {object !== undefined && <TrafficLink of={{ ...object, time: at }} />}{' '}
              {(object !== undefined || isCloudRef(resource)) && <InvestigateLink of={resource} at={at} />}
            </>
          )}
        </Fact>
      )}
      {tenant !== null && <Fact name={generalText.tenant}>{tenant}</Fact>}
      {region !== null && <Fact name={generalText.region}>{region}</Fact>}
      {request !== null && (
        <Fact name={auditText.request}>
          <span className="mono">{request}</span>
        </Fact>
      )}
      <Fact name={generalText.source}>{source}</Fact>
      <Fact name={auditText.id}>
        <span className="mono">{id}</span>
      </Fact>
    </dl>
  )
}
