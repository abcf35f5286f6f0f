import { useMemo, useState } from 'react'
import { asApiError } from '../../api/problem.ts'
import type { Change, Hidden } from '../../api/objects.ts'
import { useFields, useMe } from '../../api/queries.ts'
import { rangeCommands, useCommands } from '../../app/commands.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { useHold } from '../../live/use-hold.ts'
import { LoadingText } from '../../parts/read-progress.tsx'
import { LiveButton } from '../../parts/live-button.tsx'
import { FilterBox } from '../../parts/filter-box.tsx'
import { count, counted } from '../../parts/format.ts'
import { Grid } from '../../parts/grid.tsx'
import {
  ErrorState,
  Loading,
  LoadingChart,
  NoStore,
  RefreshButton,
  StaleNotice,
  UnreadNotice,
} from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { useFinest } from '../../hooks/use-finest.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { useChanges, useChangeSums, useClusters } from './queries.ts'
import { ChangeDrawer } from '../../parts/changes/change.tsx'
import { changeColumns } from './columns.tsx'
import { Filters } from './filters.tsx'
import { Gaps, useGapMarks, useGaps } from './gaps.tsx'
import { ChangesLive } from './live-bar.tsx'
import { NoChanges } from './no-changes.tsx'
import { changesCodec, groupings, noFilter, type ChangeFilter } from './state.ts'
import { Timeline } from './timeline.tsx'
import { Traffic } from './traffic.tsx'
import { useArrivals } from '../../hooks/use-arrivals.ts'
import '../../parts/changes/changes.css'
import { generalText } from '../../text/general.ts'
import { changesText } from '../../parts/changes/text.ts'

const posOf = ({ pos }: Change) => pos

export default function ChangesPage(): React.ReactNode {
  useTitle(generalText.changes)
  const { state, unread, set } = usePageState(changesCodec)
  const fields = useFields()
  const { q, uid, operation, kind, namespace, name, actor, cluster, noise, t } = state
  const filter = useMemo(
    (): ChangeFilter => ({ q, uid, operation, kind, namespace, name, actor, cluster, noise }),
    [q, uid, operation, kind, namespace, name, actor, cluster, noise],
  )
  const live = state.live && isMoving(t)
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const reading = useHold(element)
  const { arrivals, by: source } = useArrivals(live)
  const { revision, again } = useRefresh(!live && isMoving(t) ? state.refresh : 0)
  const changes = useChanges({ filter, t, revision, arrivals, hold: paused || reading })
  const [frozen, setFrozen] = useState(arrivals)
  if (!paused && frozen !== arrivals) setFrozen(arrivals)
  const { current: by, settle } = useFinest(state.by, groupings, JSON.stringify([filter, t]))
  const sums = useChangeSums(filter, t, by, `${revision} ${frozen}`)
  settle(sums.data?.by === by ? sums.data.groups.length : undefined)
  const { rows, more, busy, error, span } = changes
  const gaps = useGaps(cluster, sums.data?.span, `${revision} ${frozen}`)
  const gapMarks = useGapMarks(gaps)
  const total = sums.data === undefined ? undefined : Math.max(sums.data.total, rows.length)
  const hidden = noise ? undefined : sums.data?.hidden
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
  const noStore = error !== undefined && asApiError(error).code === 'WEIR_API_NO_STORE'
  return (
    <div className="page changes">
      <h1 className="spoken">{generalText.changes}</h1>
      <div className="page-bar">
        <FilterBox
          names="changes"
          example={changesText.filterExample}
          fields={fields.data?.views.changes ?? []}
          filter={q}
          range={t}
          onChange={(text) => set({ q: text, sel: '' })}
        />
        <TimeControl frame={state} onChange={set} />
        <LiveButton live={live} t={t} hint={changesText.liveHint} onClick={() => set({ live: !state.live })} />
        <Filters state={state} set={set} />
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      <div className="page-line">
        {live && (
          <ChangesLive
            changes={changes}
            by={source}
            paused={paused}
            reading={reading}
            onPause={setPaused}
            onRelease={() => {
              changes.release()
              setPaused(false)
              element?.scrollTo({ top: 0 })
            }}
          />
        )}
        <span className="number" role={live ? undefined : 'status'}>
          {span === undefined
            ? ''
            : total === undefined
              ? changesText.showingChanges(count(rows.length))
              : generalText.showing(count(rows.length), counted(total, 'change'))}
        </span>
        <Noise hidden={hidden} shown={noise} onChange={(shown) => set({ noise: shown, sel: '' })} />
        <Gaps of={gaps} onSpan={(from, to) => set({ t: { from, to }, live: false })} />
        {busy && !live && (
          <span className="dim asking" role="status">
            <LoadingText />
          </span>
        )}
        <div className="end">
          <button
            type="button"
            className="chip"
            aria-pressed={state.traffic}
            title={changesText.trafficHint}
            onClick={() => set({ traffic: !state.traffic }, 'replace')}
          >
            {changesText.traffic}
          </button>
          {!live && <RefreshButton onClick={again} />}
        </div>
      </div>
      {error !== undefined && rows.length > 0 && <StaleNotice error={error} onRetry={changes.again} />}
      {sums.data !== undefined && rows.length > 0 && (
        <Timeline
          sums={sums.data}
          marks={gapMarks}
          onBy={(grouping) => set({ by: grouping }, 'replace')}
          onSpan={(from, to) => set({ t: { from, to }, live: false })}
        />
      )}
      {sums.data !== undefined && rows.length > 0 && state.traffic && (
        <Traffic
          sums={sums.data}
          filter={filter}
          t={t}
          revision={revision}
          loaded={rows}
          onSpan={(from, to) => set({ t: { from, to }, live: false })}
          onOpen={(pos) => set({ sel: pos })}
          marksShown={state.marks}
          onMarks={(marks) => set({ marks }, 'replace')}
        />
      )}
      {sums.data === undefined && rows.length > 0 && <LoadingChart />}
      <div className="page-body">
        <section className="panel table" aria-label={generalText.changes} aria-busy={busy}>
          {noStore ? (
            <NoStore title={changesText.needsStore} />
          ) : error !== undefined && rows.length === 0 ? (
            <ErrorState error={error} onRetry={changes.again} />
          ) : span === undefined ? (
            <Loading what={generalText.changesInText} />
          ) : rows.length === 0 ? (
            busy ? (
              <Loading what={generalText.changesInText} />
            ) : (
              <NoChanges state={state} hidden={hidden?.total ?? 0} set={set} />
            )
          ) : (
            <Grid
              label={generalText.changesNewestFirst}
              columns={changeColumns}
              rows={rows}
              rowKey={posOf}
              total={more ? total : rows.length}
              selected={state.sel}
              onOpen={({ pos }) => set({ sel: pos })}
              onEnd={changes.next}
              onPlace={setElement}
            />
          )}
        </section>
        {state.sel !== '' && (
          <ChangeDrawer
            of={state.sel}
            known={rows.find(({ pos }) => pos === state.sel)}
            as={state.as}
            onAs={(as) => set({ as }, 'replace')}
            onClose={() => set({ sel: '' })}
          />
        )}
      </div>
    </div>
  )
}

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
  const clusters = useClusters(me.data?.namespaces === null)
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
