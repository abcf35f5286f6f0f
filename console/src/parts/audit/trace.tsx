import type { Trace } from '../../api/traces.ts'
import { ActorLink } from '../links/actor-link.tsx'
import { ResourceLink } from '../links/resource-link.tsx'
import { asRefused } from '../../api/problem.ts'
import { Drawer, Fact } from '../drawer.tsx'
import { time } from '../format.ts'
import { ErrorState, Loading } from '../states.tsx'
import { useTrace } from '../../api/trace-queries.ts'
import { Severity } from './columns.tsx'

interface OneTraceProps {
  /** Position of the trace. */
  readonly of: string
  /** What the table shows of it. */
  readonly known: Trace | undefined
  readonly onClose: () => void
}

/** One trace: who, what, to what, from where, and all that was told. */
export function OneTrace({ of, known, onClose }: OneTraceProps): React.ReactNode {
  const { data, isError, error, refetch } = useTrace(of)
  const trace: Trace | undefined = data ?? known
  return (
    <Drawer
      of={of}
      name="Trace"
      title={
        trace === undefined ? (
          'Trace'
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
          <h3>All that was told</h3>
          <pre className="raw" tabIndex={0} aria-label="All that was told">
            {JSON.stringify(data.data, null, 2)}
          </pre>
        </>
      ) : isError ? (
        asRefused(error).status === 404 ? (
          <p className="pad dim">There is no such trace: perhaps it is older than the store keeps.</p>
        ) : (
          <ErrorState
            error={error}
            onRetry={() => {
              refetch().catch(reportError)
            }}
          />
        )
      ) : (
        <Loading what="all that was told" />
      )}
    </Drawer>
  )
}

function Facts({ trace }: { readonly trace: Trace }): React.ReactNode {
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
  return (
    <dl>
      <Fact name="How it went">
        <Severity of={severity} />
        {code !== null && <span className="dim">code {code}</span>}
      </Fact>
      <Fact name="Done">
        <span className="mono">{time(at)}</span>
      </Fact>
      <Fact name="Actor">
        <ActorLink to={actor} name={name} />
        {kind !== null && kind !== 'user' && <span className="dim">{kind}</span>}
        {domain !== null && <span className="dim">of {domain}</span>}
      </Fact>
      {by !== null && (
        <Fact name="Really by">
          <ActorLink to={by} />
        </Fact>
      )}
      {address !== null && (
        <Fact name="From">
          <span className="mono">{address}</span>
        </Fact>
      )}
      {(resource ?? called) !== null && (
        <Fact name="Resource">
          {type !== null && <span className="dim">{type}</span>}
          {resource === null ? (
            called
          ) : (
            <>
              <ResourceLink to={resource} at={at}>
                {called ?? resource}
              </ResourceLink>
            </>
          )}
        </Fact>
      )}
      {tenant !== null && <Fact name="Tenant">{tenant}</Fact>}
      {region !== null && <Fact name="Region">{region}</Fact>}
      {request !== null && (
        <Fact name="Request">
          <span className="mono">{request}</span>
        </Fact>
      )}
      <Fact name="Told by">{source}</Fact>
      <Fact name="Id">
        <span className="mono">{id}</span>
      </Fact>
    </dl>
  )
}
