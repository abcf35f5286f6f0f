import { useParams } from '@tanstack/react-router'
import { asApiError } from '../../../api/problem.ts'
import type { Change, WholeResource } from '../../../api/objects.ts'
import { ActorLink } from '../../../parts/links/actor-link.tsx'
import { ResourceLink } from '../../../parts/links/resource-link.tsx'
import { InvestigateLink } from '../../../parts/links/investigate-link.tsx'
import { useTitle } from '../../../app/use-title.ts'
import { time } from '../../../parts/format.ts'
import { EmptyState, ErrorState, Loading, NoStore, StaleNotice, UnreadNotice } from '../../../parts/states.tsx'
import { cloudId, isCloudRef, parseRef, refOfPath, refText, type ObjectRef } from '../../../state/refs.ts'
import { usePageState, type PageState } from '../../../state/use-page-state.ts'
import { ChangeDrawer } from '../../../parts/objects/change.tsx'
import { AsOf } from './as-of.tsx'
import { CloudParts } from './cloud.tsx'
import { CostOf } from './cost.tsx'
import { useResource } from './queries.ts'
import { ProblemsOf } from './problems.tsx'
import { Relations } from './relations.tsx'
import { FlowsOf } from './flows.tsx'
import { ChangesOf, EventsOf } from './history.tsx'
import { resourceCodec, type ResourceViewState } from './state.ts'
import { TracesOf } from './traces.tsx'
import { Versions } from './versions.tsx'
import { CurrentState } from './current-state.tsx'
import '../../../parts/objects/objects.css'
import './resource.css'
import { generalText } from '../../../text/general.ts'
import { resourceText } from './text.ts'

export default function ResourcePage(): React.ReactNode {
  const { _splat: path = '' } = useParams({ strict: false }) as { _splat?: string }
  const ref = refOfPath(path)
  const parts = parseRef(ref)
  useTitle(
    parts === undefined ? (isCloudRef(ref) ? cloudId(ref) : generalText.resource) : `${parts.kind} ${parts.name}`,
  )
  const { state, unread, set } = usePageState(resourceCodec)
  const { data, error, isError, refetch, isPlaceholderData } = useResource(ref, state.at)
  const again = () => {
    refetch().catch(reportError)
  }
  return (
    <div className="page resource">
      <div className="page-bar">
        <h1>
          <Title of={ref} parts={parts} />
        </h1>
        {data !== undefined && parts !== undefined && <Crumbs of={data} parts={parts} />}
        {(parts !== undefined || isCloudRef(ref)) && (
          <InvestigateLink of={ref} {...(state.at === 'now' ? {} : { at: state.at })} />
        )}
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {isError && data !== undefined && <StaleNotice error={error} onRetry={again} />}
      {parts === undefined && isCloudRef(ref) ? (
        <div className="page-body">
          <div
            className="panel page-scroll resource-parts"
            tabIndex={0}
            role="region"
            aria-label={resourceText.historyAndRelations}
          >
            <CloudParts of={ref} at={state.at} />
          </div>
        </div>
      ) : parts === undefined ? (
        <EmptyState
          title={resourceText.invalidObjectReference}
          action={{ text: resourceText.searchForAnObject, to: '/resources' }}
        >
          <code>{path}</code> {resourceText.invalidReference}
        </EmptyState>
      ) : data === undefined ? (
        isError ? (
          <Failed error={error} name={ref} onRetry={again} />
        ) : (
          <Loading what={resourceText.theObject} />
        )
      ) : (
        <>
          <AsOf key={ref} of={data} at={state.at} onChange={(at) => set({ at }, 'replace')} />
          <ResourceBody of={data} refOf={ref} state={state} set={set} busy={isPlaceholderData} />
        </>
      )}
    </div>
  )
}

function Title({ of, parts }: { of: string; parts: ObjectRef | undefined }) {
  if (parts !== undefined)
    return (
      <>
        {parts.kind} <span className="dim">{parts.namespace === '' ? '' : `${parts.namespace}/`}</span>
        {parts.name}
      </>
    )
  return isCloudRef(of) ? (
    <>
      {cloudId(of)} <span className="dim">{of}</span>
    </>
  ) : (
    generalText.resource
  )
}

type ResourceBodyProps = Pick<PageState<ResourceViewState>, 'state' | 'set'> &
  Readonly<{ of: WholeResource; refOf: string; busy: boolean }>

function ResourceBody({ of: data, refOf, state, set, busy }: ResourceBodyProps) {
  return (
    <div className="page-body">
      <div
        className="panel page-scroll resource-parts"
        aria-busy={busy}
        tabIndex={0}
        role="region"
        aria-label={resourceText.historyAndRelations}
      >
        {data.now !== null && (
          <FlowsOf
            of={data}
            onMark={({ pos = '' }) => set({ sel: pos })}
            marksShown={state.marks}
            onMarks={(marks) => set({ marks }, 'replace')}
          />
        )}
        <div className="resource-cards">
          <CurrentState of={data} at={state.at} />
          <ChangesOf of={data} selected={state.sel} onOpen={({ pos }: Change) => set({ sel: pos })} />
          <Relations of={data} at={state.at} />
          <ProblemsOf of={data} at={state.at} />
          <CostOf of={refOf} at={state.at} />
          <EventsOf of={refOf} name={refText(refOf)} events={data.events} />
          <Versions of={data} onAt={(at) => set({ at })} />
          <TracesOf of={refOf} at={state.at} />
        </div>
      </div>
      {state.sel !== '' && (
        <ChangeDrawer
          of={state.sel}
          known={data.changes.find(({ pos }) => pos === state.sel)}
          as={state.as}
          onAs={(as) => set({ as }, 'replace')}
          onClose={() => set({ sel: '' })}
        />
      )}
    </div>
  )
}

function Crumbs({ of: { now, intervals, changes }, parts }: { of: WholeResource; parts: ObjectRef }) {
  const newest = intervals[0]
  const deleted = changes.find(({ operation }) => operation === 'deleted')
  const gone = newest?.valid_to ?? (intervals.length === 0 ? (deleted?.time ?? null) : null)
  return (
    <p className="crumbs">
      <span>{resourceText.clusterName(parts.cluster)}</span>
      {parts.namespace !== '' && (
        <span>
          {resourceText.namespaceWord}{' '}
          <ResourceLink to={`k8s:${parts.cluster}//Namespace//${parts.namespace}`}>{parts.namespace}</ResourceLink>
        </span>
      )}
      {gone !== null && now === null ? (
        <span className="bad">
          {resourceText.deletedSince(time(gone))}
          {deleted?.actor != null && (
            <>
              {resourceText.deletedBy}{' '}
              {deleted.actor_ref === null ? (
                resourceText.programActor(deleted.actor)
              ) : (
                <ActorLink to={deleted.actor_ref} name={deleted.actor} />
              )}
            </>
          )}
        </span>
      ) : gone !== null ? (
        <span className="warning">{resourceText.existedThen(time(gone))}</span>
      ) : (
        <span className="good">{resourceText.exists}</span>
      )}
    </p>
  )
}

function Failed({ error, name, onRetry }: { error: unknown; name: string; onRetry: () => void }) {
  const { status, code } = asApiError(error)
  if (code === 'WEIR_API_NO_STORE') return <NoStore title={resourceText.needsStore} />
  if (status !== 404) return <ErrorState error={error} onRetry={onRetry} />
  return (
    <EmptyState title={resourceText.objectNotFound} action={{ text: resourceText.searchForAnother, to: '/resources' }}>
      {resourceText.notFound} <code>{name}</code> {resourceText.notFoundHint}
    </EmptyState>
  )
}
