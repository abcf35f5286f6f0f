import type { WholeResource } from '../../api/objects.ts'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { Fact } from '../../parts/drawer.tsx'
import { time } from '../../parts/format.ts'
import { resourceText } from '../../text/resource.ts'
import { generalText } from '../../text/general.ts'

export function CurrentState({
  of: { now, intervals, at: effective },
  at,
}: {
  of: WholeResource
  at: string
}): React.ReactNode {
  if (now === null) {
    const before = intervals.find(({ valid_from: from }) => from <= effective)
    return (
      <section className="panel" aria-label={resourceText.previousState}>
        <h2>{before === undefined ? resourceText.notYet : resourceText.deleted}</h2>
        <p className="dim">
          {before === undefined ? resourceText.noState : resourceText.deletedSelectEarlier(time(before.valid_to))}
        </p>
      </section>
    )
  }
  const { data } = now
  const when = at === 'now' ? {} : { at }
  const nodeRef = `k8s:${now.cluster}//Node//${now.node ?? ''}`
  return (
    <section className="panel" aria-label={resourceText.stateThen}>
      <h2>{at === 'now' ? resourceText.currentState : resourceText.stateThen}</h2>
      <dl>
        {now.phase !== null && <Fact name={resourceText.phase}>{now.phase}</Fact>}
        {now.node !== null && (
          <Fact name={generalText.node}>
            <ResourceLink to={nodeRef} {...when}>
              {now.node}
            </ResourceLink>
          </Fact>
        )}
        {now.zone !== null && <Fact name={resourceText.zone}>{now.zone}</Fact>}
        {(data.addresses ?? []).length > 0 && (
          <Fact name={resourceText.addresses}>
            <span className="mono">{(data.addresses ?? []).map(({ ip, as }) => `${ip} (${as})`).join(', ')}</span>
          </Fact>
        )}
        {(data.images ?? []).map(({ container, image, id }) => (
          <Fact key={container} name={resourceText.imageOf(container)}>
            <span className="mono" title={id}>
              {image}
            </span>
          </Fact>
        ))}
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
        <Fact name={at === 'now' ? resourceText.unchangedSince : resourceText.thenUnchangedSince}>
          <span className="mono">{time(now.valid_from)}</span>
        </Fact>
        {now.valid_to !== null && (
          <Fact name={resourceText.until}>
            <span className="mono">{time(now.valid_to)}</span>
          </Fact>
        )}
        <Fact name={resourceText.uid}>
          <span className="mono">{now.uid}</span>
        </Fact>
        {now.resource_version !== null && (
          <Fact name={resourceText.version}>
            <span className="mono">{now.resource_version}</span>
          </Fact>
        )}
        <Fact name={generalText.cluster}>
          {now.cluster} {now.group !== '' && <span className="dim">{now.group}</span>}
        </Fact>
      </dl>
    </section>
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
