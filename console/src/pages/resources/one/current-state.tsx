import type { WholeResource } from '../../../api/objects.ts'
import { ResourceLink } from '../../../parts/links/resource-link.tsx'
import { Fact } from '../../../parts/drawer.tsx'
import { count, time } from '../../../parts/format.ts'
import { isWell, StatusText } from '../../../parts/objects/status.tsx'
import { contentAt } from './moments.ts'
import { resourceText } from './text.ts'
import { generalText } from '../../../text/general.ts'

export function CurrentState({
  of: { now, intervals, versions, state, at: effective },
  at,
}: {
  of: WholeResource
  at: string
}): React.ReactNode {
  if (now === null) return <PreviousState of={intervals} at={effective} />
  const { data } = now
  const when = at === 'now' ? {} : { at }
  const images = (state?.images ?? []).length > 0 ? (state?.images ?? []) : (data.images ?? [])
  const ids = new Map((data.images ?? []).map(({ container, id }) => [container, id]))
  const nodeRef = `k8s:${now.cluster}//Node//${now.node ?? ''}`
  return (
    <section className="panel" aria-label={at === 'now' ? resourceText.currentState : resourceText.stateThen}>
      <h2>{at === 'now' ? resourceText.currentState : resourceText.stateThen}</h2>
      <dl>
        {images.map(({ container, image }) => (
          <Fact key={container} name={resourceText.imageOf(container)}>
            <span className="mono" title={ids.get(container)}>
              {image}
            </span>
          </Fact>
        ))}
        {state !== null && state.replicas !== null && <Replicas of={state.replicas} />}
        {state !== null && state.strategy !== null && (
          <Fact name={resourceText.strategy}>
            <span className="mono">{state.strategy}</span>
          </Fact>
        )}
        <Conditions of={state?.conditions ?? []} />
        {(now.status ?? now.phase) !== null && (
          <Fact name={generalText.status}>
            <StatusText of={{ ...now, conditions: null }} />
          </Fact>
        )}
        {now.restarts !== null && <Fact name={resourceText.restarts}>{count(now.restarts)}</Fact>}
        {now.node !== null && (
          <Fact name={generalText.node}>
            <ResourceLink to={nodeRef} {...when}>
              {now.node}
            </ResourceLink>
          </Fact>
        )}
        {now.zone !== null && <Fact name={resourceText.zone}>{now.zone}</Fact>}
        <NetworkFacts of={data} />
        {now.labels !== null && Object.keys(now.labels).length > 0 && (
          <Fact name={resourceText.labels}>
            <Labels of={now.labels} />
          </Fact>
        )}
        {now.created !== null && (
          <Fact name={resourceText.created}>
            <span className="mono">{time(now.created)}</span>
          </Fact>
        )}
        <Origin of={now} content={contentAt(versions, now.uid, effective)} at={at} />
      </dl>
    </section>
  )
}

function PreviousState({ of, at }: { of: WholeResource['intervals']; at: string }) {
  const before = of.find(({ valid_from: from }) => from <= at)
  return (
    <section className="panel" aria-label={resourceText.previousState}>
      <h2>{before === undefined ? resourceText.notYet : resourceText.deleted}</h2>
      <p className="dim">
        {before === undefined ? resourceText.noState : resourceText.deletedSelectEarlier(time(before.valid_to))}
      </p>
    </section>
  )
}

function Conditions({ of }: { of: NonNullable<WholeResource['state']>['conditions'] }) {
  return of.map((condition) => {
    const { type, status, reason, message, since } = condition
    return (
      <Fact key={type} name={type}>
        <span className={isWell(condition) ? undefined : 'warning'} title={message ?? undefined}>
          {isWell(condition) ? '' : '▲ '}
          {status}
          {reason === null ? '' : resourceText.becauseOf(reason)}
        </span>{' '}
        {since !== null && <span className="dim mono">{resourceText.sinceTime(time(since))}</span>}
      </Fact>
    )
  })
}

type Now = NonNullable<WholeResource['now']>

function NetworkFacts({ of: data }: { of: Now['data'] }) {
  return (
    <>
      {(data.addresses ?? []).length > 0 && (
        <Fact name={resourceText.addresses}>
          <span className="mono">{(data.addresses ?? []).map(({ ip, as }) => `${ip} (${as})`).join(', ')}</span>
        </Fact>
      )}
      {(data.ports ?? []).length > 0 && (
        <Fact name={resourceText.ports}>
          <span className="mono">
            {(data.ports ?? [])
              .map(({ port, protocol, name, targetPort }) =>
                [`${port}/${protocol}`, name, targetPort === undefined ? undefined : `→ ${targetPort}`]
                  .filter((part) => part !== undefined)
                  .join(' '),
              )
              .join(', ')}
          </span>
        </Fact>
      )}
      {data.selector !== undefined && (
        <Fact name={resourceText.selector}>
          <Labels of={data.selector} />
        </Fact>
      )}
      {data.endpoints !== undefined && (
        <Fact name={resourceText.endpoints}>
          <span className="mono">
            {data.endpoints
              .map(
                ({ addresses, ready, name }) => `${name ?? addresses.join(' ')}${ready ? '' : resourceText.notReady}`,
              )
              .join(', ') || generalText.none}
          </span>
        </Fact>
      )}
    </>
  )
}

/** Since when the state is the same, and in which version and cluster. */
function Origin({
  of: now,
  content,
  at,
}: {
  of: Now
  content: WholeResource['versions'][number] | undefined
  at: string
}) {
  // The recorded fields of many kinds are not their content.
  const newer = content !== undefined && content.valid_from > now.valid_from ? content : now
  const version = newer.resource_version ?? now.resource_version
  const ends = [now.valid_to, newer.valid_to].filter((end) => end !== null).toSorted()
  const until = ends[0] ?? null
  return (
    <>
      <Fact name={at === 'now' ? resourceText.unchangedSince : resourceText.thenUnchangedSince}>
        <span className="mono">{time(newer.valid_from)}</span>
      </Fact>
      {until !== null && (
        <Fact name={resourceText.until}>
          <span className="mono">{time(until)}</span>
        </Fact>
      )}
      <Fact name={resourceText.uid}>
        <span className="mono">{now.uid}</span>
      </Fact>
      {version !== null && (
        <Fact name={resourceText.version}>
          <span className="mono">{version}</span>
        </Fact>
      )}
      <Fact name={generalText.cluster}>
        {now.cluster} {now.group !== '' && <span className="dim">{now.group}</span>}
      </Fact>
    </>
  )
}

function Replicas({
  of: { desired, ready, updated },
}: {
  of: NonNullable<NonNullable<WholeResource['state']>['replicas']>
}) {
  const isShort = ready !== null && desired !== null && ready < desired
  return (
    <>
      <Fact name={resourceText.replicas}>{count(desired)}</Fact>
      {ready !== null && (
        <Fact name={resourceText.ready}>
          <span className={isShort ? 'warning' : undefined}>
            {isShort ? '▲ ' : ''}
            {resourceText.readyOf(count(ready), count(desired))}
          </span>
        </Fact>
      )}
      {updated !== null && updated !== desired && <Fact name={resourceText.updated}>{count(updated)}</Fact>}
    </>
  )
}

function Labels({ of }: { of: Readonly<Record<string, string>> }) {
  return (
    <span className="mono">
      {Object.entries(of).map(([name, value]) => (
        <span key={name} className="label">
          {name}={value}
        </span>
      ))}
    </span>
  )
}
