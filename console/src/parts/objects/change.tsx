import type { Change, WholeChange } from '../../api/objects.ts'
import { ActorLink } from '../links/actor-link.tsx'
import { InvestigateLink } from '../links/investigate-link.tsx'
import { ResourceLink } from '../links/resource-link.tsx'
import { Drawer, Fact } from '../drawer.tsx'
import { time } from '../format.ts'
import { Pending } from '../states.tsx'
import { Tabs } from '../tabs.tsx'
import { TrafficLink } from '../why/traffic-link.tsx'
import { useChange } from './queries.ts'
import { DiffView } from './diff-view.tsx'
import { RawView } from './raw-view.tsx'
import type { ChangeView } from '../../state/open-change.ts'
import { generalText } from '../../text/general.ts'
import { objectsText } from './text.ts'

type ChangeDrawerProps = Readonly<{
  of: string
  known: Change | undefined
  as: ChangeView
  onAs: (as: ChangeView) => void
  onClose: () => void
}>

const signs: Readonly<Record<string, readonly [sign: string, tone: string]>> = {
  created: ['+', 'good'],
  updated: ['~', ''],
  deleted: ['−', 'bad'],
}

export function Operation({ of }: { of: string | null }): React.ReactNode {
  const [sign, tone] = signs[of ?? ''] ?? ['?', 'dim']
  return (
    <span className={`operation ${tone}`}>
      <span aria-hidden="true">{sign}</span> {of ?? generalText.unknown}
    </span>
  )
}

export function ChangeDrawer({ of, known, as, onAs, onClose }: ChangeDrawerProps): React.ReactNode {
  const query = useChange(of)
  const { data } = query
  const change = data ?? known
  return (
    <Drawer
      of={of}
      name={objectsText.change}
      title={
        change === undefined ? (
          objectsText.change
        ) : (
          <>
            {change.kind} {change.namespace !== null && <span className="dim">{change.namespace}/</span>}
            {change.name}
          </>
        )
      }
      onClose={onClose}
    >
      {change !== undefined && <Facts change={change} />}
      {data === undefined ? (
        <Pending of={query} what={objectsText.bothVersions} notFound={objectsText.noSuchChange} />
      ) : (
        <Both change={data} as={as} onAs={onAs} />
      )}
    </Drawer>
  )
}

function Both({ change, as, onAs }: { readonly change: WholeChange } & Pick<ChangeDrawerProps, 'as' | 'onAs'>) {
  const whole = as === 'before' ? change.old : as === 'after' ? change.new : null
  const tabs = [
    {
      id: 'diff',
      title:
        change.operation === 'created'
          ? objectsText.createdObject
          : change.operation === 'deleted'
            ? objectsText.lastState
            : objectsText.changedFields,
    },
    ...(change.old === null ? [] : [{ id: 'before', title: objectsText.before } as const]),
    ...(change.new === null ? [] : [{ id: 'after', title: objectsText.after } as const]),
  ] as const
  const chosen = whole === null ? 'diff' : as
  return (
    <>
      <Tabs label={objectsText.theChange} tabs={tabs} chosen={chosen} controls="change-view" onChange={onAs} />
      <div id="change-view" role="tabpanel" aria-label={tabs.find(({ id }) => id === chosen)?.title}>
        {whole === null ? (
          <DiffView before={change.old} after={change.new} patch={change.diff ?? []} />
        ) : (
          <RawView of={whole} what={as === 'before' ? objectsText.theObjectBefore : objectsText.theObjectAfter} />
        )}
      </div>
    </>
  )
}

function Facts({ change }: { change: Change }) {
  const {
    operation,
    time: at,
    ref,
    actor,
    actor_kind: is,
    actor_ref: user,
    manager,
    audit_id: audit,
    cluster,
    group,
    noise,
    coalesced,
    initial,
    resource_version: version,
  } = change
  return (
    <dl>
      <Fact name={generalText.operation}>
        <Operation of={operation} />
      </Fact>
      <Fact name={objectsText.received}>
        <span className="mono">{time(at)}</span>
      </Fact>
      <Fact name={generalText.actor}>
        {actor === null ? (
          <span className="dim">{generalText.unknown}</span>
        ) : (
          <>
            {user === null ? actor : <ActorLink to={user} name={actor} />}{' '}
            {is === 'manager' && <span className="dim">{objectsText.programHint}</span>}
          </>
        )}
      </Fact>
      {is === 'user' && manager !== null && <Fact name={objectsText.client}>{manager}</Fact>}
      {audit !== null && (
        <Fact name={objectsText.auditID}>
          <span className="mono">{audit}</span>
        </Fact>
      )}
      <Fact name={objectsText.object}>
        <ResourceLink to={ref} at={at}>
          {objectsText.asItWasThen}
        </ResourceLink>{' '}
        <ResourceLink to={ref}>{objectsText.currentState}</ResourceLink> <TrafficLink of={change} />{' '}
        <InvestigateLink of={ref} at={at} />
      </Fact>
      <Fact name={generalText.cluster}>
        {cluster} {group !== '' && <span className="dim">{group}</span>}
      </Fact>
      {version !== null && (
        <Fact name={objectsText.version}>
          <span className="mono">{version}</span>
        </Fact>
      )}
      {noise.length > 0 && <Fact name={objectsText.noise}>{objectsText.hiddenByDefault(noise.join(', '))}</Fact>}
      {coalesced && <Fact name={objectsText.incomplete}>{objectsText.combined}</Fact>}
      {initial && <Fact name={objectsText.firstState}>{objectsText.firstSeen}</Fact>}
    </dl>
  )
}
