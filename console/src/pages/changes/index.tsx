import { useMemo, useState } from 'react'
import type { Change, Hidden } from '../../api/objects.ts'
import { useFields, useMe } from '../../api/queries.ts'
import { rangeCommands, useCommands } from '../../app/commands.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { TailBar } from '../../live/tail-bar.tsx'
import { useHold } from '../../live/use-hold.ts'
import { LoadingText } from '../../parts/read-progress.tsx'
import { LiveButton } from '../../parts/live-button.tsx'
import { FilterBox } from '../../parts/filter-box.tsx'
import { count, counted } from '../../parts/format.ts'
import { ListPage, ListTable } from '../../parts/list-page.tsx'
import { LoadingChart, RefreshButton } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import { usePageState, type PageState } from '../../state/use-page-state.ts'
import { useFinest } from '../../hooks/use-finest.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { useChanges, useChangeSums, useClusters } from './queries.ts'
import { ChangeDrawer } from '../../parts/objects/change.tsx'
import { AdminAlertLink } from '../../parts/links/alert-link.tsx'
import { facetFilter } from '../../parts/links/facet-filter.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { changesPanel } from './board-panel.ts'
import { changeColumns } from './columns.tsx'
import { Filters } from './filters.tsx'
import { Gaps, useGapMarks, useGaps } from './gaps.tsx'
import { NoChanges } from './no-changes.tsx'
import { changesCodec, noFilter, type ChangeFilter, type ChangesState } from './state.ts'
import { groupings } from './groupings.ts'
import { Timeline } from '../../parts/timeline.tsx'
import { ChangesChart } from './chart.tsx'
import { Traffic } from './traffic.tsx'
import { useArrivals } from '../../hooks/use-arrivals.ts'
import '../../parts/objects/objects.css'
import './changes.css'
import { generalText } from '../../text/general.ts'
import { changesText } from './text.ts'

const posOf = ({ pos }: Change) => pos

export default function ChangesPage(): React.ReactNode {
  useTitle(generalText.changes)
  const { state, unread, set } = usePageState(changesCodec)
  const fields = useFields()
  const { q, noise, t } = state
  const live = state.live && isMoving(t)
  useCommands(
    useMemo(
      () => [
        {
          name: noise ? changesText.hideNoise : changesText.showNoise,
          words: changesText.noiseWords,
          run: () => set({ noise: !noise }),
        },
        { name: generalText.clearFilter, words: 'changes', run: () => set({ ...noFilter, sel: '' }) },
        ...rangeCommands((range) => set({ t: range })),
      ],
      [noise, set],
    ),
  )
  return (
    <ListPage
      title={generalText.changes}
      className="changes"
      unread={unread}
      onRead={() => set({}, 'replace')}
      bar={{
        active: [q, state.operation, state.kind, state.namespace, state.actor, state.cluster, state.name, state.uid],
        filter: (
          <FilterBox
            names="changes"
            example={changesText.filterExample}
            fields={fields.data?.views.changes ?? []}
            filter={q}
            range={t}
            onChange={(text) => set({ q: text, sel: '' })}
          />
        ),
        more: <Filters state={state} set={set} />,
        children: (
          <>
            <TimeControl frame={state} onChange={set} />
            <LiveButton live={live} t={t} hint={changesText.liveHint} onClick={() => set({ live: !state.live })} />
          </>
        ),
      }}
    >
      <ChangesTable state={state} set={set} live={live} />
    </ListPage>
  )
}

type ChangesTableProps = Pick<PageState<ChangesState>, 'state' | 'set'> & Readonly<{ live: boolean }>

function ChangesTable({ state, set, live }: ChangesTableProps) {
  const { noise, sel } = state
  const read = useReadChanges(state, { live })
  const { filter, changes, sums, gaps, source, revision, again, paused, reading } = read
  const { rows, more, busy, error, span, stale } = changes
  const isOwnTotal = !sums.stale && (live || !sums.isPlaceholderData)
  const total = sums.data !== undefined && isOwnTotal ? Math.max(sums.data.total, rows.length) : undefined
  const hidden = noise ? undefined : sums.data?.hidden
  const onSpan = (from: string, to: string) => set({ t: { from, to }, live: false })
  const release = () => {
    changes.release()
    read.setPaused(false)
    read.element?.scrollTo({ top: 0 })
  }
  const isKnown = span !== undefined && (rows.length > 0 || !busy)
  return (
    <ListTable
      of={{ rows: isKnown ? rows : undefined, error, busy, again: changes.again, stale }}
      label={generalText.changes}
      line={
        <>
          {live && (
            <TailBar
              tail={changes}
              noun="newChange"
              by={source}
              paused={paused}
              reading={reading}
              onPause={read.setPaused}
              onRelease={release}
            />
          )}
          <span className="number" role={live ? undefined : 'status'}>
            {span === undefined ? '' : numberText(rows.length, total)}
          </span>
          <Noise hidden={hidden} shown={noise} onChange={(shown) => set({ noise: shown, sel: '' })} />
          <Gaps of={gaps} onSpan={onSpan} />
          {busy && !live && (
            <span className="dim asking" role="status">
              <LoadingText />
            </span>
          )}
        </>
      }
      acts={
        <>
          <TrafficButton shown={state.traffic} onChange={(traffic) => set({ traffic }, 'replace')} />
          <AddToDashboard of={changesPanel(state, undefined)} />
          <AdminAlertLink of={{ on: 'changes', filter: alertFilter(state), measure: 'count' }} />
          {!live && <RefreshButton onClick={again} />}
        </>
      }
      above={
        rows.length > 0 && (
          <Charts
            sums={sums.data}
            stale={stale || sums.stale}
            gaps={gaps}
            rows={rows}
            state={state}
            set={set}
            filter={filter}
            revision={revision}
            onSpan={onSpan}
          />
        )
      }
      loads={generalText.changesInText}
      needsStore={changesText.needsStore}
      empty={<NoChanges state={state} hidden={hidden?.total ?? 0} set={set} />}
      grid={{
        label: generalText.changesNewestFirst,
        columns: changeColumns,
        rowKey: posOf,
        total: more ? total : rows.length,
        selected: sel,
        onOpen: ({ pos }) => set({ sel: pos }),
        onEnd: changes.next,
        onPlace: read.setElement,
      }}
      drawer={
        sel !== '' && (
          <ChangeDrawer
            of={sel}
            known={rows.find(({ pos }) => pos === sel)}
            as={state.as}
            onAs={(as) => set({ as }, 'replace')}
            onClose={() => set({ sel: '' })}
          />
        )
      }
    />
  )
}

function alertFilter({ q, operation, kind, namespace, name, actor, cluster }: ChangesState) {
  return facetFilter(q, { operation, kind, namespace, name, actor, cluster })
}

/** The changes of a view, their sums, and the times without a watch. */
function useReadChanges(state: ChangesState, { live }: Readonly<{ live: boolean }>) {
  const { t } = state
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const reading = useHold(element)
  const { arrivals, by: source } = useArrivals('family = change', { live })
  const { revision, again } = useRefresh(!live && isMoving(t) ? state.refresh : 0)
  const filter = useFilter(state)
  const changes = useChanges({ filter, t, revision, arrivals, hold: paused || reading })
  const [frozen, setFrozen] = useState(arrivals)
  if (!paused && frozen !== arrivals) setFrozen(arrivals)
  const { current: by, settle } = useFinest(state.by, groupings, JSON.stringify([filter, t]))
  const sums = useChangeSums(filter, t, by, `${revision} ${frozen}`)
  settle(sums.data?.by === by ? sums.data.groups.length : undefined)
  const gaps = useGaps(state.cluster, sums.data?.span, `${revision} ${frozen}`)
  return {
    filter,
    changes,
    sums,
    gaps,
    source,
    revision,
    again,
    paused,
    setPaused,
    reading,
    element,
    setElement,
  }
}

function useFilter({ q, uid, operation, kind, namespace, name, actor, cluster, noise }: ChangesState): ChangeFilter {
  return useMemo(
    () => ({ q, uid, operation, kind, namespace, name, actor, cluster, noise }),
    [q, uid, operation, kind, namespace, name, actor, cluster, noise],
  )
}

type ChartsProps = Omit<ChangesTableProps, 'live'> &
  Readonly<{
    sums: ReturnType<typeof useChangeSums>['data']
    stale: boolean
    gaps: ReturnType<typeof useGaps>
    rows: readonly Change[]
    filter: ChangeFilter
    revision: ReturnType<typeof useRefresh>['revision']
    onSpan: (from: string, to: string) => void
  }>

function Charts({ sums, stale, gaps, rows, state, set, filter, revision, onSpan }: ChartsProps) {
  const marks = useGapMarks(gaps)
  if (sums === undefined) return <LoadingChart />
  return (
    <>
      <Timeline
        chart={ChangesChart}
        groupings={groupings}
        sums={sums}
        marks={marks}
        stale={stale}
        onBy={(by) => set({ by }, 'replace')}
        onSpan={onSpan}
        menu={<AddToDashboard of={changesPanel(state, sums.by)} as="mark" />}
      />
      {state.traffic && (
        <Traffic
          sums={sums}
          filter={filter}
          t={state.t}
          revision={revision}
          loaded={rows}
          onSpan={onSpan}
          onOpen={(pos) => set({ sel: pos })}
          marksShown={state.marks}
          onMarks={(marksShown) => set({ marks: marksShown }, 'replace')}
        />
      )}
    </>
  )
}

function TrafficButton({ shown, onChange }: Readonly<{ shown: boolean; onChange: (shown: boolean) => void }>) {
  return (
    <button
      type="button"
      className="chip"
      aria-pressed={shown}
      title={changesText.trafficHint}
      onClick={() => onChange(!shown)}
    >
      {changesText.traffic}
    </button>
  )
}

/** The rows may be newer than their total. */
const numberText = (shown: number, total: number | undefined): string =>
  total === undefined
    ? changesText.showingChanges(count(shown))
    : generalText.showing(count(shown), counted(Math.max(shown, total), 'change'))

function Noise({
  hidden,
  shown,
  onChange,
}: {
  hidden: Hidden | undefined
  shown: boolean
  onChange: (shown: boolean) => void
}) {
  const me = useMe()
  const clusters = useClusters({ enabled: me.data?.namespaces === null })
  const atSource = (clusters.data?.clusters ?? []).reduce((sum, cluster) => sum + cluster.hidden, 0)
  const troubled = (clusters.data?.clusters ?? []).filter(({ problem }) => problem !== undefined)
  const byRules = Object.values(hidden?.rules ?? {}).reduce((sum, n) => sum + n, 0)
  const rules = Object.entries(hidden?.rules ?? {})
    .toSorted(([, a], [, b]) => b - a)
    .map(([rule, n]) => `${rule} ${count(n)}`)
  return (
    <span className="noise">
      <button
        type="button"
        className="chip"
        aria-pressed={shown}
        title={changesText.noiseHint}
        onClick={() => onChange(!shown)}
      >
        {shown ? changesText.noiseShown : changesText.showNoise}
      </button>
      {hidden !== undefined && (
        <span className="dim number">
          {hidden.total === 0
            ? changesText.noChangesHidden
            : changesText.hiddenAsNoise(
                count(hidden.total),
                rules.join(', '),
                byRules > hidden.total ? changesText.someByRules : '',
              )}
        </span>
      )}
      {atSource > 0 && (
        <span className="dim number" title={changesText.excludedHint}>
          {changesText.excludedAtSource(count(atSource))}
        </span>
      )}
      {troubled.map(({ cluster, problem }) => (
        <span key={cluster} className="warning">
          {changesText.cannotWatch(cluster, problem ?? '')}
        </span>
      ))}
    </span>
  )
}
