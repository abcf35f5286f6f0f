import { useMemo } from 'react'
import type { Query } from '../../../api/client.ts'
import { asApiError } from '../../../api/problem.ts'
import type { Trace } from '../../../api/traces.ts'
import { TimeControl } from '../../../app/time-control.tsx'
import { useTitle } from '../../../app/use-title.ts'
import { counted } from '../../../parts/format.ts'
import { AddToDashboard } from '../../../parts/dashboards/add-button.tsx'
import type { AddedPanel } from '../../../parts/dashboards/adding.ts'
import { selectOf } from '../../../parts/dashboards/select.ts'
import { Grid } from '../../../parts/grid.tsx'
import { EmptyState, ErrorState, Loading, StaleNotice, UnreadNotice } from '../../../parts/states.tsx'
import { StatusLine } from '../../../parts/status-line.tsx'
import { listText } from '../../../state/parts.ts'
import { isMoving, rangeText } from '../../../state/range.ts'
import { actorText } from '../../../state/refs.ts'
import { usePageState, type PageState } from '../../../state/use-page-state.ts'
import { useTraces, useTraceSums } from '../../../api/trace-queries.ts'
import { traceColumns } from '../../../parts/audit/columns.tsx'
import { NewestTrace } from '../../../parts/audit/newest.tsx'
import { Timeline } from '../../../parts/timeline.tsx'
import { TracesChart } from '../../../parts/audit/chart.tsx'
import { facetName, groupings } from '../../../parts/audit/groupings.ts'
import { InvestigateLink } from '../../../parts/links/investigate-link.tsx'
import { RecordDrawer } from '../../../parts/record-drawer.tsx'
import { useRefresh } from '../../../hooks/use-refresh.ts'
import { ChangesBy, SumsOf } from './parts.tsx'
import { actorCodec, type ActorState } from './state.ts'
import '../../../parts/objects/objects.css'
import '../../../parts/audit/audit.css'
import './actor.css'
import { generalText } from '../../../text/general.ts'
import { actorPageText } from './text.ts'

const posOf = ({ pos }: Trace) => pos

export default function ActorPage(): React.ReactNode {
  const { state, unread, set } = usePageState(actorCodec)
  useTitle(state.of === '' ? generalText.actor : actorPageText.actorTitle(actorText(state.of)))
  if (state.of === '')
    return (
      <div className="page">
        <EmptyState title={actorPageText.noActorSelected} action={{ text: actorPageText.openAudit, to: '/audit' }}>
          {actorPageText.noActorHint}
        </EmptyState>
      </div>
    )
  return (
    <div className="page audit actor">
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      <Actor key={state.of} state={state} set={set} />
    </div>
  )
}

/** All rows are of the actor in the title. */
const columnsOfOne = traceColumns.filter(({ id }) => id !== 'actor')

function Actor({ state, set }: Pick<PageState<ActorState>, 'state' | 'set'>) {
  const { of, t } = state
  const { revision: refreshed, again } = useRefresh(isMoving(t) ? state.refresh : 0)
  const revision = String(refreshed)
  const { name, others } = useNamesakes(of, t, revision)
  const actors = listText(state.all ? [of, ...others] : [of])
  const question = useMemo((): Query => ({ actor: actors }), [actors])
  const traces = useTraces(question, t, revision)
  const sums = useTraceSums(question, t, { by: state.by, limit: 8, buckets: 150, revision })
  const { rows, error, span, busy } = traces
  const noStore = error !== undefined && asApiError(error).code === 'WEIR_API_NO_STORE'
  return (
    <>
      <div className="page-bar">
        <h1>
          {name} <span className="dim actor-ref">{of}</span>
        </h1>
        <TimeControl frame={state} onChange={set} />
        {others.length > 0 && <Namesakes others={others} state={state} set={set} />}
      </div>
      <StatusLine
        busy={busy}
        onRefresh={again}
        end={
          <>
            <AddToDashboard of={actorPanel(name, actors, state)} />
            <InvestigateLink of={of} t={t} />
          </>
        }
      >
        <span className="number" role="status">
          {traces.total === undefined ? '' : actorPageText.total(counted(traces.total, 'trace'), rangeText(t))}
        </span>
        {!noStore && <NewestTrace />}
      </StatusLine>
      {error !== undefined && rows.length > 0 && <StaleNotice error={error} onRetry={traces.again} />}
      {sums.data !== undefined && rows.length > 0 && (
        <Timeline
          chart={TracesChart}
          groupings={groupings}
          textOf={facetName}
          sums={sums.data}
          onBy={(by) => set({ by }, 'replace')}
          onSpan={(from, to) => set({ t: { from, to } })}
          menu={<AddToDashboard of={actorPanel(name, actors, state, sums.data.by)} as="mark" />}
        />
      )}
      <div className="page-body">
        {noStore ? (
          <EmptyState title={actorPageText.needsStore} action={{ text: generalText.seeEvents, to: '/events' }}>
            {actorPageText.noStore}
          </EmptyState>
        ) : error !== undefined && rows.length === 0 ? (
          <ErrorState error={error} onRetry={traces.again} />
        ) : span === undefined ? (
          <Loading what={actorPageText.actionsOverTime} />
        ) : (
          <div className="panel page-scroll actor-parts" tabIndex={0} role="region" aria-label={actorPageText.actions}>
            {rows.length > 0 && <SumsOf of={of} question={question} t={t} revision={revision} />}
            <section className="panel actor-traces table" aria-label={generalText.traces}>
              {rows.length === 0 ? (
                <NoTraces of={t} onLonger={() => set({ t: { from: 'now-4w', to: 'now' } })} />
              ) : (
                <Grid
                  label={generalText.tracesNewestFirst}
                  columns={state.all ? traceColumns : columnsOfOne}
                  rows={rows}
                  rowKey={posOf}
                  total={traces.total}
                  selected={state.trace}
                  onOpen={({ pos }) => set({ trace: pos, sel: '' })}
                  onEnd={traces.next}
                />
              )}
            </section>
            <ChangesBy
              of={actors}
              t={t}
              revision={revision}
              selected={state.sel}
              onOpen={({ pos }) => set({ sel: pos, trace: '' })}
            />
          </div>
        )}
        <RecordDrawer
          is={state.trace === '' ? 'change' : 'audit'}
          of={state.trace || state.sel}
          known={{ traces: rows }}
          as={state.as}
          onAs={(as) => set({ as }, 'replace')}
          onClose={() => set({ trace: '', sel: '' })}
        />
      </div>
    </>
  )
}

type NamesakesProps = Pick<PageState<ActorState>, 'state' | 'set'> & Readonly<{ others: readonly string[] }>

function Namesakes({ others, state, set }: NamesakesProps) {
  return (
    <button
      type="button"
      className="chip"
      aria-pressed={state.all}
      title={actorPageText.sameNameElsewhere(others.join(', '))}
      onClick={() => set({ all: !state.all })}
    >
      {actorPageText.others(counted(others.length, 'actor'))}
    </button>
  )
}

/** `by`: of the chart; absent: the list. */
function actorPanel(name: string, actors: string | undefined, { t }: ActorState, by?: string): AddedPanel {
  const common = { kind: 'audit' as const, title: name, select: selectOf({ actor: actors ?? '' }) }
  return { t, panel: by === undefined ? { ...common, view: 'list', limit: 20, width: 4 } : { ...common, group: by } }
}

/** The name of an actor, and the actors of other sources with the same name. */
function useNamesakes(of: string, t: ActorState['t'], revision: string) {
  const tracesOfActor = useTraces(
    useMemo(() => ({ actor: listText([of]) }), [of]),
    t,
    revision,
  )
  const name = tracesOfActor.rows[0]?.actor_name ?? actorText(of)
  const named = useTraceSums(
    useMemo(() => ({ text: name }), [name]),
    t,
    { by: 'actor', limit: 50, buckets: 1, revision },
  )
  const others = (named.data?.groups ?? []).flatMap(({ value }) =>
    value !== null && value !== of && actorText(value) === name ? [value] : [],
  )
  return { name, others }
}

function NoTraces({ of, onLonger }: { of: ActorState['t']; onLonger: () => void }) {
  return (
    <EmptyState title={actorPageText.noAuditEvents} action={{ text: actorPageText.showFourWeeks, onClick: onLonger }}>
      {actorPageText.noTraces(rangeText(of))}
    </EmptyState>
  )
}
