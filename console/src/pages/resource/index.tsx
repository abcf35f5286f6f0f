import { useParams } from '@tanstack/react-router'
import { asRefused } from '../../api/problem.ts'
import type { Change, WholeResource } from '../../api/objects.ts'
import { ActorLink } from '../../parts/links/actor-link.tsx'
import { PageLink } from '../../app/page-link.tsx'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { useTitle } from '../../app/use-title.ts'
import { time } from '../../parts/format.ts'
import { EmptyState, ErrorNotice, ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { cloudId, isCloudRef, parseRef, refOfPath, type ObjectRef } from '../../state/refs.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { OneChange } from '../../parts/changes/change.tsx'
import { AsOf } from './as-of.tsx'
import { useResource } from './ask.ts'
import { Belongs } from './belongs.tsx'
import { FlowsOf } from './flows.tsx'
import { ChangesOf, EventsOf } from './happened.tsx'
import { resourceCodec } from './state.ts'
import { TracesOf } from './traces.tsx'
import { Versions } from './versions.tsx'
import { What } from './what.tsx'
import '../../parts/changes/changes.css'
import './resource.css'

/** One object of a cluster: what it is and was, whose it is, and what happened to it. */
export default function ResourcePage(): React.ReactNode {
  const { _splat: path = '' } = useParams({ strict: false }) as { _splat?: string }
  const ref = refOfPath(path)
  const parts = parseRef(ref)
  useTitle(parts === undefined ? (isCloudRef(ref) ? cloudId(ref) : 'Resource') : `${parts.kind} ${parts.name}`)
  const { state, unread, set } = usePageState(resourceCodec)
  const { data, error, isError, refetch, isPlaceholderData } = useResource(ref, state.at)
  const again = (): void => {
    refetch().catch(reportError)
  }
  return (
    <div className="page resource">
      <div className="page-bar">
        <h1>
          {parts === undefined ? (
            isCloudRef(ref) ? (
              <>
                {cloudId(ref)} <span className="dim">{ref}</span>
              </>
            ) : (
              'Resource'
            )
          ) : (
            <>
              {parts.kind} <span className="dim">{parts.namespace === '' ? '' : `${parts.namespace}/`}</span>
              {parts.name}
            </>
          )}
        </h1>
        {data !== undefined && parts !== undefined && <Crumbs of={data} parts={parts} />}
      </div>
      {unread.length > 0 && (
        <Notice onClose={() => set({}, 'replace')}>
          {unread.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
      {isError && data !== undefined && (
        <ErrorNotice error={error} onRetry={again}>
          What is shown is from before.
        </ErrorNotice>
      )}
      {parts === undefined && isCloudRef(ref) ? (
        <div className="page-body">
          <div className="panel page-scroll resource-parts" tabIndex={0} role="region" aria-label="What is told of it">
            <TracesOf of={ref} at={state.at} />
          </div>
        </div>
      ) : parts === undefined ? (
        <EmptyState
          title="That names no object"
          action={
            <PageLink to="/resources" className="button">
              Look for one
            </PageLink>
          }
        >
          <code>{path}</code> is not of the form k8s:cluster/group/Kind/namespace/name, where the group of the core is
          written core and no namespace a dash.
        </EmptyState>
      ) : data === undefined ? (
        isError ? (
          <Failed error={error} name={ref} onRetry={again} />
        ) : (
          <Loading what="the object" />
        )
      ) : (
        <>
          <AsOf key={ref} of={data} at={state.at} onChange={(at) => set({ at }, 'replace')} />
          <div className="page-body">
            <div
              className="panel page-scroll resource-parts"
              aria-busy={isPlaceholderData}
              tabIndex={0}
              role="region"
              aria-label="What is told of it"
            >
              <What of={data} at={state.at} />
              <Belongs of={data} at={state.at} />
              <Versions of={data} onAt={(at) => set({ at })} />
              <ChangesOf of={data} selected={state.sel} onOpen={({ pos }: Change) => set({ sel: pos })} />
              <TracesOf of={ref} at={state.at} />
              <EventsOf events={data.events} />
              <FlowsOf of={data} />
            </div>
            {state.sel !== '' && (
              <OneChange
                of={state.sel}
                known={data.changes.find(({ pos }) => pos === state.sel)}
                as={state.as}
                onAs={(as) => set({ as }, 'replace')}
                onClose={() => set({ sel: '' })}
              />
            )}
          </div>
        </>
      )}
    </div>
  )
}

/** Where it is, and whether it still is. */
function Crumbs({
  of: { now, intervals, changes },
  parts,
}: {
  readonly of: WholeResource
  readonly parts: ObjectRef
}): React.ReactNode {
  const newest = intervals[0]
  const deleted = changes.find(({ operation }) => operation === 'deleted')
  const gone = newest?.valid_to ?? (intervals.length === 0 ? (deleted?.time ?? null) : null)
  return (
    <p className="crumbs">
      <span>cluster {parts.cluster}</span>
      {parts.namespace !== '' && (
        <span>
          namespace{' '}
          <ResourceLink to={`k8s:${parts.cluster}//Namespace//${parts.namespace}`}>{parts.namespace}</ResourceLink>
        </span>
      )}
      {gone !== null && now === null ? (
        <span className="bad">
          ✕ gone since {time(gone)}
          {deleted?.actor != null && (
            <>
              , deleted by{' '}
              {deleted.actor_ref === null ? (
                `${deleted.actor} (a program)`
              ) : (
                <ActorLink to={deleted.actor_ref} name={deleted.actor} />
              )}
            </>
          )}
        </span>
      ) : gone !== null ? (
        <span className="warning">▲ it is no more today: gone since {time(gone)}</span>
      ) : (
        <span className="good">● it is there</span>
      )}
    </p>
  )
}

function Failed({
  error,
  name,
  onRetry,
}: {
  readonly error: unknown
  readonly name: string
  readonly onRetry: () => void
}): React.ReactNode {
  const { status, code } = asRefused(error)
  if (code === 'WEIR_API_NO_STORE')
    return (
      <EmptyState
        title="Objects are kept in the store"
        action={
          <PageLink to="/events" className="button">
            See events as they arrive
          </PageLink>
        }
      >
        This Weir keeps no store, so that there is nothing to ask. Take “store: none” out of its configuration to keep
        what clusters tell.
      </EmptyState>
    )
  if (status !== 404) return <ErrorState error={error} onRetry={onRetry} />
  return (
    <EmptyState
      title="Nothing is known of it"
      action={
        <PageLink to="/resources" className="button">
          Look for another
        </PageLink>
      }
    >
      Of <code>{name}</code> no watched cluster told anything that the store still keeps, or it belongs to a namespace
      that is not shown to you.
    </EmptyState>
  )
}
