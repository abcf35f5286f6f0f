import { useCallback, useMemo, useState } from 'react'
import type { EventRow } from '../../../../src/api/published.ts'
import { useArrivals } from '../../hooks/use-arrivals.ts'
import { usePaced } from '../../hooks/use-paced.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { TailBar } from '../../live/tail-bar.tsx'
import { useHold } from '../../live/use-hold.ts'
import { andFilter } from '../../parts/filter-text.ts'
import { count, counted } from '../../parts/format.ts'
import { ListTable } from '../../parts/list-page.tsx'
import { Cancelled, Running } from '../../parts/query-status.tsx'
import { LoadingChart, RefreshButton } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { eventsText } from '../../text/events.ts'
import { generalText } from '../../text/general.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { eventsPanel } from './board-panel.ts'
import { ColumnPicker } from './column-picker.tsx'
import { columnOf, defaultColumns, requestedOf } from '../../parts/events/columns.tsx'
import { ExportMenu } from './export-menu.tsx'
import { FieldList } from './field-list.tsx'
import { NoMatch } from './no-events.tsx'
import { sumsOf, useEvents, useEventSums } from './queries.ts'
import { EventDrawer } from './record.tsx'
import { filterOf, newestFirst, type EventsState } from './state.ts'
import { groupings, Timeline } from '../../parts/events/timeline.tsx'

type TableProps = Pick<PageState<EventsState>, 'state' | 'set'> & Readonly<{ live: boolean }>

/** Sums read all events of the range. */
const sumsMs = 5000
const posOf = ({ pos }: EventRow) => pos
const isWide = () => matchMedia('(min-width: 1100px)').matches

export function EventTable({ state, set, live }: TableProps): React.ReactNode {
  const { list, q, t, sort, sel } = state
  const filter = filterOf(state)
  const columns = state.cols.length === 0 ? defaultColumns[list] : state.cols
  const shown = useMemo(() => columns.map(columnOf), [columns])
  const requested = useMemo(() => requestedOf(columns), [columns])
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const reading = useHold(element)
  const { arrivals, by: source } = useArrivals(live, filter)
  const { revision, again } = useRefresh(!live && isMoving(t) ? state.refresh : 0)
  const [frozen, setFrozen] = useState(arrivals)
  if (!paused && frozen !== arrivals) setFrozen(arrivals)
  const events = useEvents({ filter, columns: requested, sort, t, revision, arrivals, hold: paused || reading })
  const by = state.by === '' ? groupings[list][0]! : state.by
  const pace = usePaced(frozen, sumsMs)
  const sums = useEventSums({ filter, t, by, limit: 8, buckets: 150, revision: `${revision} ${pace}` })
  const { rows, more, busy, stale, error, span } = events
  const isKnown = rows.length > 0 || !busy
  const noun = list === 'logs' ? 'line' : 'event'
  const ownSums = sums.data?.of === sumsOf(filter, t) ? sums.data : undefined
  const total = ownSums === undefined ? undefined : Math.max(ownSums.total, rows.length)
  const open = useCallback(({ pos, time }: EventRow) => set({ sel: pos, at: time }), [set])
  const close = () => set({ sel: '', at: '' })
  const acts = {
    onFilter: (condition: string) => set({ q: andFilter(q, condition) }),
    onColumn: (name: string) =>
      set({ cols: columns.includes(name) ? columns.filter((column) => column !== name) : [...columns, name] }),
    onChart: (name: string) => set({ by: name }, 'replace'),
  }
  const sortBy = (id: string) => {
    const next = sort === `-${id}` ? id : `-${id}`
    set({ sort: next, ...(next === newestFirst ? {} : { live: false }) })
  }
  const fieldsShown = state.fields === 'auto' ? isWide() : state.fields === 'shown'
  const release = () => {
    events.release()
    setPaused(false)
    element?.scrollTo({ top: 0 })
  }
  return (
    <ListTable
      of={{ rows: isKnown ? rows : undefined, error, busy, again: events.again, stale }}
      label={eventsText.lists[list]}
      panel="events-list"
      line={
        <>
          {live && (
            <TailBar
              tail={events}
              noun="newEvent"
              by={source}
              paused={paused}
              reading={reading}
              onPause={setPaused}
              onRelease={release}
            />
          )}
          <span className="number" role={live ? undefined : 'status'}>
            {stale
              ? busy
                ? eventsText.searching
                : generalText.showingPrevious
              : span === undefined
                ? ''
                : total === undefined
                  ? eventsText.showing(counted(rows.length, noun))
                  : generalText.showing(count(rows.length), counted(total, noun))}
          </span>
          {busy && (!live || stale) && <Running onCancel={events.cancel} />}
        </>
      }
      acts={
        <>
          <button
            type="button"
            className="chip"
            aria-pressed={fieldsShown}
            onClick={() => set({ fields: fieldsShown ? 'hidden' : 'shown' }, 'replace')}
          >
            {eventsText.fields}
          </button>
          <ColumnPicker
            chosen={columns}
            filter={filter}
            t={t}
            revision={revision}
            onChange={(cols) => set({ cols })}
            onReset={() => set({ cols: [] })}
          />
          <ExportMenu filter={filter} t={t} sort={sort} columns={columns} />
          <AddToDashboard of={eventsPanel(state, undefined)} />
          {!live && <RefreshButton onClick={again} />}
        </>
      }
      above={
        (rows.length > 0 || busy) &&
        (sums.data === undefined ? (
          <LoadingChart />
        ) : (
          <Timeline
            sums={sums.data}
            list={list}
            stale={ownSums === undefined}
            onBy={acts.onChart}
            onSpan={(from, to) => set({ t: { from, to }, live: false })}
            menu={<AddToDashboard of={eventsPanel(state, sums.data.by)} as="mark" />}
          />
        ))
      }
      loads={list === 'logs' ? eventsText.linesInText : eventsText.eventsInText}
      needsStore={eventsText.needsStore}
      empty={span === undefined || stale ? <Cancelled onRun={events.again} /> : <NoMatch state={state} set={set} />}
      grid={{
        label: eventsText.ordered(eventsText.lists[list], sort),
        widthsOf: `events ${list}`,
        columns: shown,
        rowKey: posOf,
        total: more ? total : rows.length,
        sort,
        onSort: sortBy,
        selected: sel,
        onOpen: open,
        onEnd: events.next,
        onPlace: setElement,
      }}
      drawer={
        <>
          {fieldsShown && (error === undefined || rows.length > 0) && (
            <FieldList
              filter={filter}
              isLogs={list !== 'events'}
              t={t}
              revision={revision}
              open={state.open}
              columns={columns}
              onOpen={(next) => set({ open: next }, 'replace')}
              {...acts}
            />
          )}
          {sel !== '' && (
            <EventDrawer
              key={sel}
              pos={sel}
              time={state.at}
              row={rows.find(({ pos }) => pos === sel)}
              columns={columns}
              onOpen={open}
              onClose={close}
              {...acts}
            />
          )}
        </>
      }
    />
  )
}
