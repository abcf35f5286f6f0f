import type { WholeResource } from '../../api/objects.ts'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { Fact } from '../../parts/drawer.tsx'
import { time } from '../../parts/format.ts'

/** What it was at the time of the page. */
export function What({
  of: { now, intervals, at: told },
  at,
}: {
  readonly of: WholeResource
  readonly at: string
}): React.ReactNode {
  if (now === null) {
    const before = intervals.find(({ valid_from: from }) => from <= told)
    return (
      <section className="panel" aria-label="What it was">
        <h2>{before === undefined ? 'It was not there yet' : 'It is no more'}</h2>
        <p className="dim">
          {before === undefined
            ? 'Nothing is known of it at that time.'
            : `Since ${time(before.valid_to)}. Choose a time before to see what it was.`}
        </p>
      </section>
    )
  }
  const { data } = now
  const when = at === 'now' ? {} : { at }
  const nodeRef = `k8s:${now.cluster}//Node//${now.node ?? ''}`
  return (
    <section className="panel" aria-label="What it was">
      <h2>{at === 'now' ? 'What it is' : 'What it was'}</h2>
      <dl>
        {now.phase !== null && <Fact name="Phase">{now.phase}</Fact>}
        {now.node !== null && (
          <Fact name="Node">
            <ResourceLink to={nodeRef} {...when}>
              {now.node}
            </ResourceLink>
          </Fact>
        )}
        {now.zone !== null && <Fact name="Zone">{now.zone}</Fact>}
        {(data.addresses ?? []).length > 0 && (
          <Fact name="Addresses">
            <span className="mono">{(data.addresses ?? []).map(({ ip, as }) => `${ip} (${as})`).join(', ')}</span>
          </Fact>
        )}
        {(data.images ?? []).map(({ container, image, id }) => (
          <Fact key={container} name={`Image of ${container}`}>
            <span className="mono" title={id}>
              {image}
            </span>
          </Fact>
        ))}
        {(data.ports ?? []).length > 0 && (
          <Fact name="Ports">
            <span className="mono">
              {(data.ports ?? [])
                .map(
                  ({ port, protocol, name, targetPort }) =>
                    `${port}/${protocol}${name === undefined ? '' : ` ${name}`}${targetPort === undefined ? '' : ` → ${targetPort}`}`,
                )
                .join(', ')}
            </span>
          </Fact>
        )}
        {data.selector !== undefined && (
          <Fact name="Selects">
            <Labels of={data.selector} />
          </Fact>
        )}
        {data.endpoints !== undefined && (
          <Fact name="Endpoints">
            <span className="mono">
              {data.endpoints
                .map(({ addresses, ready, name }) => `${name ?? addresses.join(' ')}${ready ? '' : ' (not ready)'}`)
                .join(', ') || 'none'}
            </span>
          </Fact>
        )}
        {now.labels !== null && Object.keys(now.labels).length > 0 && (
          <Fact name="Labels">
            <Labels of={now.labels} />
          </Fact>
        )}
        {now.created !== null && (
          <Fact name="Created">
            <span className="mono">{time(now.created)}</span>
          </Fact>
        )}
        <Fact name={at === 'now' ? 'Like this since' : 'Like that since'}>
          <span className="mono">{time(now.valid_from)}</span>
        </Fact>
        {now.valid_to !== null && (
          <Fact name="Until">
            <span className="mono">{time(now.valid_to)}</span>
          </Fact>
        )}
        <Fact name="Uid">
          <span className="mono">{now.uid}</span>
        </Fact>
        {now.resource_version !== null && (
          <Fact name="Version">
            <span className="mono">{now.resource_version}</span>
          </Fact>
        )}
        <Fact name="Cluster">
          {now.cluster} {now.group !== '' && <span className="dim">{now.group}</span>}
        </Fact>
      </dl>
    </section>
  )
}

function Labels({ of }: { readonly of: Readonly<Record<string, string>> }): React.ReactNode {
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
