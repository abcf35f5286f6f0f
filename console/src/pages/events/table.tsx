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
import { eventsText } from '../../parts/events/text.ts'
import { generalText } from '../../text/general.ts'
import { AdminAlertLink } from '../../parts/links/alert-link.tsx'
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
import { EventsChart } from '../../parts/events/chart.tsx'
import { Timeline } from '../../parts/timeline.tsx'
import { groupings } from '../../parts/events/lists.ts'

type TableProps = Pick<PageState<EventsState>, 'state' | 'set'> & Readonly<{ live: boolean }>

/** Sums read all events of the range. */
const sumsMs = 5000
const posOf = ({ pos }: EventRow) => pos
const isWide = () => matchMedia('(min-width: 1100px)').matches

export function EventTable({ state, set, live }: TableProps): React.ReactNode {
  const { list, t, sort, sel } = state
  const read = useReadEvents(state, { live })
  const { filter, columns, events, sums, ownSums, revision, again } = read
  const shown = useMemo(() => columns.map(columnOf), [columns])
  const { rows, more, busy, stale, error, span } = events
  const isKnown = rows.length > 0 || !busy
  const noun = list === 'logs' ? 'line' : 'event'
  const total = ownSums === undefined ? undefined : Math.max(ownSums.total, rows.length)
  const open = useCallback(({ pos, time }: EventRow) => set({ sel: pos, at: time }), [set])
  const { onSort, ...fieldActs } = actsOf({ state, set }, columns)
  const fieldsShown = state.fields === 'auto' ? isWide() : state.fields === 'shown'
  return (
    <ListTable
      of={{ rows: isKnown ? rows : undefined, error, busy, again: events.again, stale }}
      label={eventsText.lists[list]}
      panel="events-list"
      line={<EventLine of={read} noun={noun} total={total} live={live} />}
      acts={
        <>
          <FieldsButton shown={fieldsShown} set={set} />
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
          <AdminAlertLink of={{ on: 'events', filter: filterOf(state), measure: 'count' }} />
          {!live && <RefreshButton onClick={again} />}
        </>
      }
      above={
        (rows.length > 0 || busy) &&
        (sums.data === undefined ? (
          <LoadingChart />
        ) : (
          <Timeline
            chart={EventsChart}
            groupings={groupings[list]}
            sums={sums.data}
            label={list === 'logs' ? eventsText.lines : eventsText.events}
            stale={ownSums === undefined}
            onBy={fieldActs.onChart}
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
        onSort: onSort,
        selected: sel,
        onOpen: open,
        onEnd: events.next,
        onPlace: read.setElement,
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
              {...fieldActs}
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
              onClose={() => set({ sel: '', at: '' })}
              {...fieldActs}
            />
          )}
        </>
      }
    />
  )
}

/** The events of a view and their sums. `ownSums`: of the same filter and range. */
function useReadEvents(state: EventsState, { live }: Readonly<{ live: boolean }>) {
  const { list, t, sort } = state
  const filter = filterOf(state)
  const columns = state.cols.length === 0 ? defaultColumns[list] : state.cols
  const requested = useMemo(() => requestedOf(columns), [columns])
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const reading = useHold(element)
  const { arrivals, by: source } = useArrivals(filter, { live })
  const { revision, again } = useRefresh(!live && isMoving(t) ? state.refresh : 0)
  const [frozen, setFrozen] = useState(arrivals)
  if (!paused && frozen !== arrivals) setFrozen(arrivals)
  const events = useEvents({ filter, columns: requested, sort, t, revision, arrivals, hold: paused || reading })
  const by = state.by === '' ? groupings[list][0]! : state.by
  const pace = usePaced(frozen, sumsMs)
  const sums = useEventSums({ filter, t, by, limit: 8, buckets: 150, revision: `${revision} ${pace}` })
  const ownSums = sums.data?.of === sumsOf(filter, t) ? sums.data : undefined
  return {
    filter,
    columns,
    events,
    sums,
    ownSums,
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

function actsOf({ state, set }: Omit<TableProps, 'live'>, columns: readonly string[]) {
  const { q, sort } = state
  return {
    onFilter: (condition: string) => set({ q: andFilter(q, condition) }),
    onColumn: (name: string) =>
      set({ cols: columns.includes(name) ? columns.filter((column) => column !== name) : [...columns, name] }),
    onChart: (name: string) => set({ by: name }, 'replace'),
    onSort: (id: string) => {
      const next = sort === `-${id}` ? id : `-${id}`
      set({ sort: next, ...(next === newestFirst ? {} : { live: false }) })
    },
  }
}

function FieldsButton({ shown, set }: { shown: boolean; set: TableProps['set'] }) {
  return (
    <button
      type="button"
      className="chip"
      aria-pressed={shown}
      onClick={() => set({ fields: shown ? 'hidden' : 'shown' }, 'replace')}
    >
      {eventsText.fields}
    </button>
  )
}

type EventLineProps = Readonly<{
  of: ReturnType<typeof useReadEvents>
  noun: Shown['noun']
  total: number | undefined
  live: boolean
}>

function EventLine({ of, noun, total, live }: EventLineProps) {
  const { busy, stale } = of.events
  const release = () => {
    of.events.release()
    of.setPaused(false)
    of.element?.scrollTo({ top: 0 })
  }
  return (
    <>
      {live && (
        <TailBar
          tail={of.events}
          noun="newEvent"
          by={of.source}
          paused={of.paused}
          reading={of.reading}
          onPause={of.setPaused}
          onRelease={release}
        />
      )}
      <span className="number" role={live ? undefined : 'status'}>
        {numberText({ ...of.events, noun, total })}
      </span>
      {busy && (!live || stale) && <Running onCancel={of.events.cancel} />}
    </>
  )
}

type Shown = Pick<ReturnType<typeof useEvents>, 'rows' | 'busy' | 'stale' | 'span'> &
  Readonly<{ noun: 'line' | 'event'; total: number | undefined }>

function numberText({ rows, busy, stale, span, noun, total }: Shown) {
  if (stale) return busy ? eventsText.searching : generalText.showingPrevious
  if (span === undefined) return ''
  return total === undefined
    ? eventsText.showing(counted(rows.length, noun))
    : generalText.showing(count(rows.length), counted(total, noun))
}
