import { useMemo } from 'react'
import type { Query } from '../../api/client.ts'
import { asRefused } from '../../api/problem.ts'
import type { Trace } from '../../api/traces.ts'
import { PageLink } from '../../app/page-link.tsx'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { counted } from '../../parts/format.ts'
import { Grid } from '../../parts/grid.tsx'
import { EmptyState, ErrorNotice, ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { listText } from '../../state/parts.ts'
import { isMoving, rangeText } from '../../state/range.ts'
import { actorText } from '../../state/refs.ts'
import { usePageState, type PageState } from '../../state/use-page-state.ts'
import { useTraces, useTraceSums } from '../../api/trace-queries.ts'
import { traceColumns } from '../../parts/audit/columns.tsx'
import { NewestTrace } from '../../parts/audit/newest.tsx'
import { Timeline } from '../../parts/audit/timeline.tsx'
import { OneTrace } from '../../parts/audit/trace.tsx'
import { OneChange } from '../../parts/changes/change.tsx'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { ChangesBy, SumsOf } from './parts.tsx'
import { actorCodec, type ActorState } from './state.ts'
import '../../parts/changes/changes.css'
import '../../parts/audit/audit.css'
import './actor.css'

const posOf = ({ pos }: Trace): string => pos

/** Everything that an actor did, in every cloud and every cluster. */
export default function ActorPage(): React.ReactNode {
  const { state, unread, set } = usePageState(actorCodec)
  useTitle(state.of === '' ? 'Actor' : `Actor ${actorText(state.of)}`)
  if (state.of === '')
    return (
      <div className="page">
        <EmptyState
          title="No actor is named"
          action={
            <PageLink to="/audit" className="button">
              Look who did what
            </PageLink>
          }
        >
          The address of this page names one: links on the page Audit lead here.
        </EmptyState>
      </div>
    )
  return (
    <div className="page audit actor">
      {unread.length > 0 && (
        <Notice onClose={() => set({}, 'replace')}>
          {unread.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
      <Actor key={state.of} state={state} set={set} />
    </div>
  )
}

function Actor({ state, set }: Pick<PageState<ActorState>, 'state' | 'set'>): React.ReactNode {
  const { of, t } = state
  const { revision: asked, again } = useRefresh(isMoving(t) ? state.refresh : 0)
  const revision = String(asked)
  const own = useTraces(
    useMemo(() => ({ actor: listText([of]) }), [of]),
    t,
    revision,
  )
  const name = own.rows[0]?.actor_name ?? actorText(of)
  const named = useTraceSums(
    useMemo(() => ({ text: name }), [name]),
    t,
    { by: 'actor', limit: 50, buckets: 1, revision },
  )
  // Whoever is found by the name in another part of a trace is another.
  const others = (named.data?.groups ?? []).flatMap(({ value }) =>
    value !== null && value !== of && actorText(value) === name ? [value] : [],
  )
  const actors = listText(state.all ? [of, ...others] : [of])
  const question = useMemo((): Query => ({ actor: actors }), [actors])
  const traces = useTraces(question, t, revision)
  const sums = useTraceSums(question, t, { by: state.by, limit: 8, buckets: 150, revision })
  const { rows, error, span, busy } = traces
  const noStore = error !== undefined && asRefused(error).code === 'WEIR_API_NO_STORE'
  return (
    <>
      <div className="page-bar">
        <h1>
          {name} <span className="dim actor-ref">{of}</span>
        </h1>
        <TimeControl frame={state} onChange={set} />
        {others.length > 0 && (
          <button
            type="button"
            className="chip"
            aria-pressed={state.all}
            title={`${others.join(', ')}. Whether it is the same person, a name alone does not say`}
            onClick={() => set({ all: !state.all })}
          >
            and {counted(others.length, 'actor')} of the same name elsewhere
          </button>
        )}
      </div>
      <div className="page-line">
        <span className="number" role="status">
          {traces.total === undefined ? '' : `${counted(traces.total, 'trace')} in “${rangeText(t)}”`}
        </span>
        {!noStore && <NewestTrace />}
        {busy && <span className="dim asking">asking …</span>}
        <div className="end">
          <button type="button" onClick={again}>
            Ask again
          </button>
        </div>
      </div>
      {error !== undefined && rows.length > 0 && (
        <ErrorNotice error={error} onRetry={traces.again}>
          What is shown is the answer before.
        </ErrorNotice>
      )}
      {sums.data !== undefined && rows.length > 0 && (
        <Timeline
          sums={sums.data}
          onBy={(by) => set({ by }, 'replace')}
          onSpan={(from, to) => set({ t: { from, to } })}
        />
      )}
      <div className="page-body">
        {noStore ? (
          <EmptyState
            title="Traces are kept in the store"
            action={
              <PageLink to="/events" className="button">
                See events as they arrive
              </PageLink>
            }
          >
            This Weir keeps no store, so that there is nothing to ask.
          </EmptyState>
        ) : error !== undefined && rows.length === 0 ? (
          <ErrorState error={error} onRetry={traces.again} />
        ) : span === undefined ? (
          <Loading what="what was done" />
        ) : (
          <div className="panel page-scroll actor-parts" tabIndex={0} role="region" aria-label="What the actor did">
            {rows.length > 0 && <SumsOf of={of} question={question} t={t} revision={revision} />}
            <section className="panel actor-traces table" aria-label="Traces">
              {rows.length === 0 ? (
                <EmptyState
                  title="Nothing was told"
                  action={
                    <button type="button" onClick={() => set({ t: { from: 'now-4w', to: 'now' } })}>
                      Look at the last four weeks
                    </button>
                  }
                >
                  In “{rangeText(t)}” no cloud and no audit log of a cluster told of this actor. They tell late: see
                  “newest” above.
                </EmptyState>
              ) : (
                <Grid
                  label="Traces, newest first"
                  columns={traceColumns}
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
        {state.trace !== '' && (
          <OneTrace
            of={state.trace}
            known={rows.find(({ pos }) => pos === state.trace)}
            onClose={() => set({ trace: '' })}
          />
        )}
        {state.sel !== '' && (
          <OneChange
            of={state.sel}
            known={undefined}
            as={state.as}
            onAs={(as) => set({ as }, 'replace')}
            onClose={() => set({ sel: '' })}
          />
        )}
      </div>
    </>
  )
}
