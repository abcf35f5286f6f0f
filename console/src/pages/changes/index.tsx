import { useMemo, useState } from 'react'
import { asRefused } from '../../api/problem.ts'
import type { Change, Hidden } from '../../api/objects.ts'
import { useFields, useMe } from '../../api/queries.ts'
import { useCommands } from '../../app/commands.ts'
import { PageLink } from '../../app/page-link.tsx'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { useHold } from '../../live/use-hold.ts'
import { FilterBox } from '../../parts/filter-box.tsx'
import { foundIn } from '../../parts/filter-text.ts'
import { count, counted } from '../../parts/format.ts'
import { Grid } from '../../parts/grid.tsx'
import { EmptyState, ErrorNotice, ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { isMoving, presets, rangeText } from '../../state/range.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { useChanges, useChangeSums, useClusters } from './ask.ts'
import { OneChange } from '../../parts/changes/change.tsx'
import { changeColumns } from './columns.tsx'
import { Filters } from './filters.tsx'
import { Gaps, useGapMarks, useGaps } from './gaps.tsx'
import { ChangesLive } from './live-bar.tsx'
import { NoChanges } from './no-changes.tsx'
import { changesCodec, noFilter, type ChangeFilter } from './state.ts'
import { Timeline } from './timeline.tsx'
import { Traffic } from './traffic.tsx'
import { useArrivals } from '../../hooks/use-arrivals.ts'
import '../../parts/changes/changes.css'

const posOf = ({ pos }: Change): string => pos

/** What was changed in clusters: over time, in a table, and each with old beside new. */
export default function ChangesPage(): React.ReactNode {
  useTitle('Changes')
  const { state, unread, set } = usePageState(changesCodec)
  const fields = useFields()
  const { q, uid, operation, kind, namespace, name, actor, cluster, noise, t, by } = state
  const filter = useMemo(
    (): ChangeFilter => ({ q, uid, operation, kind, namespace, name, actor, cluster, noise }),
    [q, uid, operation, kind, namespace, name, actor, cluster, noise],
  )
  // A span that has ended has nothing new.
  const live = state.live && isMoving(t)
  const [place, setPlace] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const reading = useHold(place)
  const { arrivals, by: source } = useArrivals(live)
  const { revision, again } = useRefresh(!live && isMoving(t) ? state.refresh : 0)
  const changes = useChanges({ filter, t, revision, arrivals, hold: paused || reading })
  const [frozen, setFrozen] = useState(arrivals)
  if (!paused && frozen !== arrivals) setFrozen(arrivals)
  const sums = useChangeSums(filter, t, by, `${revision} ${frozen}`)
  const { rows, more, busy, error, span } = changes
  const gaps = useGaps(cluster, sums.data?.span, `${revision} ${frozen}`)
  const gapMarks = useGapMarks(gaps)
  const total = sums.data === undefined ? undefined : Math.max(sums.data.total, rows.length)
  const hidden = noise ? undefined : sums.data?.hidden
  useCommands(
    useMemo(
      () => [
        {
          name: noise ? 'Hide noise' : 'Show noise',
          words: 'changes rules heartbeats status',
          run: () => set({ noise: !noise }),
        },
        { name: 'Clear the filter', words: 'changes', run: () => set({ ...noFilter, sel: '' }) },
        ...presets.map((range) => ({
          name: `Span: ${rangeText(range)}`,
          words: 'time range',
          run: () => set({ t: range }),
        })),
      ],
      [noise, set],
    ),
  )
  const noStore = error !== undefined && asRefused(error).code === 'WEIR_API_NO_STORE'
  return (
    <div className="page changes">
      <h1 className="spoken">Changes</h1>
      <div className="page-bar">
        <FilterBox
          names="changes"
          example="kind = Deployment and paths ~ image, or any words"
          fields={fields.data?.views.changes ?? []}
          filter={q}
          range={t}
          meant={foundIn}
          onChange={(text) => set({ q: text, sel: '' })}
        />
        <TimeControl frame={state} onChange={set} />
        <button
          type="button"
          aria-pressed={live}
          disabled={!isMoving(t)}
          title={isMoving(t) ? 'Show changes as they are seen' : 'This span has ended: nothing new comes'}
          onClick={() => set({ live: !state.live })}
        >
          <span aria-hidden="true">{live ? '● ' : '○ '}</span>Live
        </button>
        <Filters state={state} set={set} />
      </div>
      {unread.length > 0 && (
        <Notice onClose={() => set({}, 'replace')}>
          {unread.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
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
              place?.scrollTo({ top: 0 })
            }}
          />
        )}
        <span className="number" role={live ? undefined : 'status'}>
          {span === undefined
            ? ''
            : total === undefined
              ? `showing ${count(rows.length)} changes`
              : `showing ${count(rows.length)} of ${counted(total, 'change')}`}
        </span>
        <Noise hidden={hidden} shown={noise} onChange={(shown) => set({ noise: shown, sel: '' })} />
        <Gaps of={gaps} onSpan={(from, to) => set({ t: { from, to }, live: false })} />
        {busy && !live && (
          <span className="dim asking" role="status">
            asking …
          </span>
        )}
        <div className="end">
          <button
            type="button"
            className="chip"
            aria-pressed={state.traffic}
            title="What flowed meanwhile, under the changes"
            onClick={() => set({ traffic: !state.traffic }, 'replace')}
          >
            Traffic
          </button>
          {!live && (
            <button type="button" onClick={again}>
              Ask again
            </button>
          )}
        </div>
      </div>
      {error !== undefined && rows.length > 0 && (
        <ErrorNotice error={error} onRetry={changes.again}>
          What is shown is the answer before.
        </ErrorNotice>
      )}
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
          namespaces={namespace}
          rows={rows}
          onSpan={(from, to) => set({ t: { from, to }, live: false })}
        />
      )}
      {sums.data === undefined && rows.length > 0 && <div className="panel volume" aria-hidden="true" />}
      <div className="page-body">
        <section className="panel table" aria-label="Changes" aria-busy={busy}>
          {noStore ? (
            <EmptyState
              title="Changes are kept in the store"
              action={
                <PageLink to="/events" className="button">
                  See events as they arrive
                </PageLink>
              }
            >
              This Weir keeps no store, so that there is nothing to ask. Take “store: none” out of its configuration to
              keep changes.
            </EmptyState>
          ) : error !== undefined && rows.length === 0 ? (
            <ErrorState error={error} onRetry={changes.again} />
          ) : span === undefined ? (
            <Loading what="changes" />
          ) : rows.length === 0 ? (
            busy ? (
              <Loading what="changes" />
            ) : (
              <NoChanges state={state} hidden={hidden?.total ?? 0} set={set} />
            )
          ) : (
            <Grid
              label="Changes, newest first"
              columns={changeColumns}
              rows={rows}
              rowKey={posOf}
              total={more ? total : rows.length}
              selected={state.sel}
              onOpen={({ pos }) => set({ sel: pos })}
              onEnd={changes.next}
              onPlace={setPlace}
            />
          )}
        </section>
        {state.sel !== '' && (
          <OneChange
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

/** How much is hidden, by which rules, and what shows it. */
function Noise({
  hidden,
  shown,
  onChange,
}: {
  readonly hidden: Hidden | undefined
  readonly shown: boolean
  readonly onChange: (shown: boolean) => void
}): React.ReactNode {
  const me = useMe()
  const clusters = useClusters(me.data?.namespaces === null)
  const atSource = (clusters.data?.clusters ?? []).reduce((sum, each) => sum + each.hidden, 0)
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
        title="Changes that happen all the time without anything having happened"
        onClick={() => onChange(!shown)}
      >
        {shown ? 'Noise shown' : 'Show noise'}
      </button>
      {hidden !== undefined && (
        <span className="dim number">
          {hidden.total === 0
            ? 'nothing is hidden'
            : `${count(hidden.total)} hidden as noise: ${rules.join(', ')}${byRules > hidden.total ? ', some by several rules' : ''}`}
        </span>
      )}
      {atSource > 0 && (
        <span
          className="dim number"
          title="Rules of the source (noise.show, noise.hide in its configuration) keep these out of the journal; it counts them since its start"
        >
          {count(atSource)} left out at the source
        </span>
      )}
      {troubled.map(({ cluster, problem }) => (
        <span key={cluster} className="warning">
          ▲ {cluster} cannot be watched, so changes of it may be missing: {problem}
        </span>
      ))}
    </span>
  )
}
