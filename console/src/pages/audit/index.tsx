import { useMemo, useState } from 'react'
import { asApiError } from '../../api/problem.ts'
import { useTraces, useTraceSums } from '../../api/trace-queries.ts'
import type { Trace } from '../../api/traces.ts'
import { rangeCommands, useCommands } from '../../app/commands.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useStale } from '../../api/use-stale.ts'
import { useTitle } from '../../app/use-title.ts'
import { LinkState } from '../../live/bar-parts.tsx'
import { useHold } from '../../live/use-hold.ts'
import { useLink } from '../../live/use-live.ts'
import { LoadingText } from '../../parts/read-progress.tsx'
import { LiveButton } from '../../parts/live-button.tsx'
import { useFields } from '../../api/queries.ts'
import { FilterBox } from '../../parts/filter-box.tsx'
import { count, counted } from '../../parts/format.ts'
import { ListPage, ListTable } from '../../parts/list-page.tsx'
import { LoadingChart, Pending, RefreshButton } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { isMoving, type Range } from '../../state/range.ts'
import { refText } from '../../state/refs.ts'
import { usePageState, type PageState } from '../../state/use-page-state.ts'
import { useArrivals } from '../../hooks/use-arrivals.ts'
import { useFinest } from '../../hooks/use-finest.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { facetName, groupings } from '../../parts/audit/groupings.ts'
import { traceQuery, useColumns, useFirsts, useLogins } from './queries.ts'
import { traceColumns } from '../../parts/audit/columns.tsx'
import { facets, Filters } from './filters.tsx'
import { Graph } from './graph.tsx'
import { FailedLogins, FirstOccurrences } from '../../parts/audit/lists.tsx'
import { NewestTrace } from '../../parts/audit/newest.tsx'
import { graphColumns, NodeDrawer } from './node.tsx'
import { NoTraces } from './no-traces.tsx'
import { ShowQuery } from './show-query.tsx'
import { auditCodec, noFilter, only, without, type AuditState, type TraceFilter } from './state.ts'
import { AdminAlertLink } from '../../parts/links/alert-link.tsx'
import { facetFilter } from '../../parts/links/facet-filter.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { tracesPanel } from './board-panel.ts'
import { Timeline } from '../../parts/timeline.tsx'
import { TracesChart } from '../../parts/audit/chart.tsx'
import { TraceDrawer } from '../../parts/audit/trace.tsx'
import '../../parts/objects/objects.css'
import '../../parts/audit/audit.css'
import { generalText } from '../../text/general.ts'
import { auditText } from '../../parts/audit/text.ts'

const posOf = ({ pos }: Trace) => pos
const tabs = [
  { id: 'traces', title: generalText.traces },
  { id: 'graph', title: auditText.activity },
  { id: 'first-seen', title: auditText.firstOccurrences },
  { id: 'logins', title: auditText.failedLogins },
] as const

export default function AuditPage(): React.ReactNode {
  useTitle(auditText.audit)
  const { state, unread, set } = usePageState(auditCodec)
  const { t } = state
  const fields = useFields()
  const live = state.live && isMoving(t)
  useCommands(
    useMemo(
      () => [
        { name: generalText.clearFilter, words: 'audit', run: () => set({ ...noFilter, sel: '', node: '' }) },
        ...rangeCommands((range) => set({ t: range })),
      ],
      [set],
    ),
  )
  return (
    <ListPage
      title={auditText.audit}
      className="audit"
      unread={unread}
      onRead={() => set({}, 'replace')}
      bar={{
        active: [state.q, ...facets.map((facet) => state[facet])],
        filter: (
          <FilterBox
            names="audit"
            example={auditText.filterExample}
            fields={fields.data?.views['audit'] ?? []}
            filter={state.q}
            range={t}
            onChange={(text) => set({ q: text, sel: '' })}
          />
        ),
        more: <Filters state={state} set={set} />,
        children: (
          <>
            <TimeControl frame={state} onChange={set} />
            <LiveButton live={live} t={t} hint={auditText.liveHint} onClick={() => set({ live: !state.live })} />
          </>
        ),
      }}
    >
      <Traces state={state} set={set} live={live} />
    </ListPage>
  )
}

type TracesProps = Pick<PageState<AuditState>, 'state' | 'set'> & Readonly<{ live: boolean }>

function Traces({ state, set, live }: TracesProps) {
  const { t, view, sel } = state
  const filter = useFilter(state)
  const question = useMemo(() => traceQuery(filter), [filter])
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const reading = useHold(element)
  const { arrivals } = useArrivals('family = audit', { live })
  const { revision: refreshed, again } = useRefresh(!live && isMoving(t) ? state.refresh : 0)
  const [frozen, setFrozen] = useState(arrivals)
  if (!paused && !reading && frozen !== arrivals) setFrozen(arrivals)
  const revision = `${refreshed} ${frozen}`
  const traces = useTraces(question, t, revision)
  const { current: by, settle } = useFinest(state.by, groupings, JSON.stringify([question, t]))
  const sums = useTraceSums(question, t, { by, limit: 8, buckets: 150, revision })
  const staleSums = useStale([question, t], sums, sums.data)
  settle(sums.data?.by === by ? sums.data?.groups.length : undefined)
  const { rows, busy, error, span, total, stale } = traces
  const noStore = error !== undefined && asApiError(error).code === 'WEIR_API_NO_STORE'
  return (
    <ListTable
      of={{ rows: span === undefined ? undefined : rows, error, busy, again: traces.again, stale }}
      label={tabs.find(({ id }) => id === view)?.title ?? ''}
      panel="audit-view"
      line={
        <>
          {live && <LiveState paused={paused} onPause={setPaused} />}
          <span className="number" role="status">
            {span === undefined ? '' : shownText(rows.length, total)}
          </span>
          {!noStore && <NewestTrace />}
          {busy && !live && (
            <span className="dim asking">
              <LoadingText />
            </span>
          )}
        </>
      }
      acts={
        <>
          {span !== undefined && <ShowQuery view={view} question={question} span={span} />}
          <AddToDashboard of={tracesPanel(state, undefined)} />
          <AdminAlertLink
            of={{
              on: 'audit',
              filter: facetFilter(state.q, Object.fromEntries(facets.map((facet) => [facet, state[facet]]))),
              measure: 'count',
            }}
          />
          {!live && <RefreshButton onClick={again} />}
        </>
      }
      above={
        <>
          {sums.data !== undefined && rows.length > 0 && (
            <Timeline
              chart={TracesChart}
              groupings={groupings}
              textOf={facetName}
              sums={sums.data}
              onBy={(next) => set({ by: next }, 'replace')}
              onSpan={(from, to) => set({ t: { from, to }, live: false })}
              stale={stale || staleSums}
              menu={<AddToDashboard of={tracesPanel(state, sums.data.by)} as="mark" />}
            />
          )}
          {sums.data === undefined && rows.length > 0 && <LoadingChart />}
          {!noStore && <Views chosen={view} onChange={(chosen) => set({ view: chosen })} />}
        </>
      }
      loads={generalText.tracesInText}
      needsStore={auditText.needsStore}
      empty={<NoTraces state={state} set={set} />}
      instead={
        view === 'traces' ? undefined : (
          <About view={view} question={question} t={t} revision={revision} state={state} set={set} />
        )
      }
      grid={{
        label: generalText.tracesNewestFirst,
        columns: traceColumns,
        rowKey: posOf,
        total,
        selected: sel,
        onOpen: ({ pos }) => set({ sel: pos }),
        onEnd: traces.next,
        onPlace: setElement,
      }}
      drawer={
        <>
          {sel !== '' && view === 'traces' && (
            <TraceDrawer of={sel} known={rows.find(({ pos }) => pos === sel)} onClose={() => set({ sel: '' })} />
          )}
          {view === 'graph' && <OpenNode state={state} filter={filter} revision={revision} set={set} />}
        </>
      }
    />
  )
}

/** The rows may be newer than their total. */
const shownText = (rows: number, total: number | undefined) =>
  total === undefined
    ? auditText.showingTraces(count(rows))
    : generalText.showing(count(rows), counted(Math.max(rows, total), 'trace'))

type FilterState = Pick<AuditState, keyof TraceFilter>

function useFilter(state: FilterState): TraceFilter {
  const { q, actor, action, service, severity, address, resource, tenant, region } = state
  return useMemo(
    () => ({ q, actor, action, service, severity, address, resource, tenant, region }),
    [q, actor, action, service, severity, address, resource, tenant, region],
  )
}

function LiveState({ paused, onPause }: Readonly<{ paused: boolean; onPause: (paused: boolean) => void }>) {
  const link = useLink()
  return (
    <>
      <LinkState link={link} paused={paused} status={undefined} meanwhile={auditText.heldNotLost} />
      <button type="button" onClick={() => onPause(!paused)}>
        {paused ? auditText.resume : generalText.pause}
      </button>
    </>
  )
}

type ViewsProps = Readonly<{ chosen: AuditState['view']; onChange: (view: AuditState['view']) => void }>

function Views({ chosen, onChange }: ViewsProps) {
  return (
    <div className="audit-tabs">
      <Tabs label={auditText.views} tabs={tabs} chosen={chosen} controls="audit-view" onChange={onChange} />
    </div>
  )
}

type AboutProps = Readonly<{
  view: AuditState['view']
  question: ReturnType<typeof traceQuery>
  t: Range
  revision: string
  state: AuditState
  set: (change: Partial<AuditState>, how?: 'replace') => void
}>

function About({ view, ...rest }: AboutProps) {
  return (
    <div className="audit-part" tabIndex={0} role="region" aria-label={auditText.results}>
      {view === 'graph' ? <WhoDidWhat {...rest} /> : view === 'first-seen' ? <First {...rest} /> : <Failed {...rest} />}
    </div>
  )
}

type ViewProps = Omit<AboutProps, 'view'>

function First({ question, t, revision }: ViewProps) {
  return <FirstOccurrences of={useFirsts(question, t, revision)} />
}

function Failed({ question, t, revision }: ViewProps) {
  return <FailedLogins of={useLogins(question, t, revision)} />
}

function WhoDidWhat({ question, t, revision, state, set }: ViewProps) {
  const query = useColumns(question, t, revision)
  const { data } = query
  if (data === undefined) return <Pending of={query} what={auditText.theActivity} />
  return (
    <>
      <p>
        <span className="dim">
          {auditText.columnsAddUp(counted(data.total, 'trace'))}{' '}
          <span className="good" aria-hidden="true">
            ●
          </span>{' '}
          {auditText.normal}{' '}
          <span className="warning" aria-hidden="true">
            ▲
          </span>{' '}
          {auditText.someFailed}{' '}
          <span className="bad" aria-hidden="true">
            ■
          </span>{' '}
          {auditText.incidents}
        </span>{' '}
        <button
          type="button"
          className="chip"
          aria-pressed={state.table}
          onClick={() => set({ table: !state.table }, 'replace')}
        >
          {auditText.showAsTable}
        </button>
        {state.from !== '' && (
          <button
            type="button"
            className="chip"
            aria-pressed="true"
            title={auditText.stopSearchingForPaths}
            onClick={() => set({ from: '' })}
          >
            {auditText.pathsFrom(refText(state.from))}
          </button>
        )}
      </p>
      <Graph
        of={data}
        asTable={state.table}
        open={state.node}
        onOpen={(node) => set({ node })}
        onLeaveOut={(column, value) => {
          const name = graphColumns[column]
          if (name !== undefined) set({ [name]: without(state[name], value), node: '' })
        }}
      />
    </>
  )
}

function OpenNode({
  state,
  filter,
  revision,
  set,
}: {
  state: AuditState
  filter: TraceFilter
  revision: string
  set: AboutProps['set']
}) {
  const column = graphColumns.find((graphColumn) => state.node.startsWith(`${graphColumn}:`))
  if (column === undefined) return null
  const value = state.node.slice(column.length + 1) || null
  return (
    <NodeDrawer
      column={column}
      value={value}
      filter={filter}
      t={state.t}
      revision={revision}
      from={state.from}
      onFrom={(from) => set({ from })}
      onClose={() => set({ node: '' })}
      onOpen={(to, name) => set({ node: `${to}:${name ?? ''}` })}
      onOnly={() => set({ [column]: only(value), node: '' })}
      onLeaveOut={() => set({ [column]: without(state[column], value), node: '' })}
    />
  )
}
