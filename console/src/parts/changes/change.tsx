import { asRefused } from '../../api/problem.ts'
import type { Change, WholeChange } from '../../api/objects.ts'
import { ActorLink } from '../links/actor-link.tsx'
import { ResourceLink } from '../links/resource-link.tsx'
import { Drawer, Fact } from '../drawer.tsx'
import { time } from '../format.ts'
import { ErrorState, Loading } from '../states.tsx'
import { Tabs } from '../tabs.tsx'
import { useChange } from '../../api/change-queries.ts'
import { DiffView } from './diff-view.tsx'
import { RawView } from './raw-view.tsx'
import type { ChangeView } from '../../state/open-change.ts'

interface OneChangeProps {
  /** Position of the change. */
  readonly of: string
  /** What the table shows of it. */
  readonly known: Change | undefined
  readonly as: ChangeView
  readonly onAs: (as: ChangeView) => void
  readonly onClose: () => void
}

const signs: Readonly<Record<string, readonly [sign: string, tone: string]>> = {
  created: ['+', 'good'],
  updated: ['~', 'warning'],
  deleted: ['−', 'bad'],
}

/** What was done, by its shape, its word and its colour. */
export function Operation({ of }: { readonly of: string | null }): React.ReactNode {
  const [sign, tone] = signs[of ?? ''] ?? ['?', 'dim']
  return (
    <span className={`operation ${tone}`}>
      <span aria-hidden="true">{sign}</span> {of ?? 'not told'}
    </span>
  )
}

/** One change: the object before beside the object after, and who it was. */
export function OneChange({ of, known, as, onAs, onClose }: OneChangeProps): React.ReactNode {
  const { data, isError, error, refetch } = useChange(of)
  const change: Change | undefined = data ?? known
  return (
    <Drawer
      of={of}
      name="Change"
      title={
        change === undefined ? (
          'Change'
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
        isError ? (
          asRefused(error).status === 404 ? (
            <p className="pad dim">There is no such change: perhaps it is older than the store keeps.</p>
          ) : (
            <ErrorState
              error={error}
              onRetry={() => {
                refetch().catch(reportError)
              }}
            />
          )
        ) : (
          <Loading what="both states" />
        )
      ) : (
        <Both change={data} as={as} onAs={onAs} />
      )}
    </Drawer>
  )
}

function Both({
  change,
  as,
  onAs,
}: { readonly change: WholeChange } & Pick<OneChangeProps, 'as' | 'onAs'>): React.ReactNode {
  const whole = as === 'before' ? change.old : as === 'after' ? change.new : null
  const tabs = [
    {
      id: 'diff',
      title:
        change.operation === 'created'
          ? 'What was made'
          : change.operation === 'deleted'
            ? 'What it was at last'
            : 'What changed',
    },
    ...(change.old === null ? [] : [{ id: 'before', title: 'Before' } as const]),
    ...(change.new === null ? [] : [{ id: 'after', title: 'After' } as const]),
  ] as const
  const chosen = whole === null ? 'diff' : as
  return (
    <>
      <Tabs label="The change" tabs={tabs} chosen={chosen} controls="change-view" onChange={onAs} />
      <div id="change-view" role="tabpanel" aria-label={tabs.find(({ id }) => id === chosen)?.title}>
        {whole === null ? (
          <DiffView before={change.old} after={change.new} patch={change.diff ?? []} />
        ) : (
          <RawView of={whole} what={as === 'before' ? 'The object before' : 'The object after'} />
        )}
      </div>
    </>
  )
}

function Facts({ change }: { readonly change: Change }): React.ReactNode {
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
      <Fact name="Operation">
        <Operation of={operation} />
      </Fact>
      <Fact name="Seen">
        <span className="mono">{time(at)}</span>
      </Fact>
      <Fact name="Who">
        {actor === null ? (
          <span className="dim">not told</span>
        ) : (
          <>
            {user === null ? actor : <ActorLink to={user} name={actor} />}{' '}
            {is === 'manager' && <span className="dim">a program: no audit log says which person</span>}
          </>
        )}
      </Fact>
      {is === 'user' && manager !== null && <Fact name="By">{manager}</Fact>}
      {audit !== null && (
        <Fact name="Audit id">
          <span className="mono">{audit}</span>
        </Fact>
      )}
      <Fact name="Object">
        <ResourceLink to={ref} at={at}>
          as it was then
        </ResourceLink>{' '}
        <ResourceLink to={ref}>as it is now</ResourceLink>
      </Fact>
      <Fact name="Cluster">
        {cluster} {group !== '' && <span className="dim">{group}</span>}
      </Fact>
      {version !== null && (
        <Fact name="Version">
          <span className="mono">{version}</span>
        </Fact>
      )}
      {noise.length > 0 && <Fact name="Noise">{noise.join(', ')}: usually hidden</Fact>}
      {coalesced && <Fact name="Not all seen">several changes may be in this one</Fact>}
      {initial && <Fact name="First look">it was there when Weir first looked</Fact>}
    </dl>
  )
}
