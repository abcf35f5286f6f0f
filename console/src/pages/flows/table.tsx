import { useCallback, useEffect, useMemo, useState } from 'react'
import { asRefused } from '../../api/problem.ts'
import { isMoving } from '../../state/range.ts'
import { retryNow } from '../../live/tab.ts'
import { useHold } from '../../live/use-hold.ts'
import { useLink, useLiveRows } from '../../live/use-live.ts'
import type { Row } from '../../live/rows-model.ts'
import { count, plainText, time, volume } from '../../parts/format.ts'
import { Grid, type GridProps } from '../../parts/grid.tsx'
import { EmptyState, ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { ColumnPicker } from './column-picker.tsx'
import { fieldsOf, gridColumns, sortFields, type FlowColumn } from './columns.tsx'
import { ExportMenu } from './export-menu.tsx'
import { LiveBar } from './live-bar.tsx'
import { NoFlows } from './no-flows.tsx'
import { useOlder } from './older.ts'
import { Record } from './record.tsx'
import { useStoredRows, useTotals } from './stored.ts'
import { useTurn } from './use-turn.ts'
import type { FlowViewProps } from './views.ts'
import { Volume } from './volume.tsx'

/** Rows, live or stored, and beside them the record that is open. */
export default function FlowTable({ state, set, columns, tabs }: FlowViewProps): React.ReactNode {
  const chosen = useMemo(() => state.cols.flatMap((id) => columns.get(id) ?? []), [state.cols, columns])
  const unknown = state.cols.filter((id) => !columns.has(id))
  const fields = useMemo(() => fieldsOf(chosen), [chosen])
  const [opened, setOpened] = useState<ReadonlyMap<string, unknown>>(new Map())
  const open = useCallback((values: ReadonlyMap<string, unknown>) => {
    setOpened(values)
    set({ sel: plainText(values.get('_pos')) })
  }, [set])
  const sort = useCallback((id: string) => {
    const next = state.sort === `-${id}` ? id : state.sort === id ? '' : `-${id}`
    // Rows that arrive have no place in another order than their own.
    set({ sort: next, ...(next === '' ? {} : { live: false }) })
  }, [state.sort, set])
  const shared = { state, set, columns, tabs, chosen, fields, opened, onOpen: open, onSort: sort }
  return (
    <>
      {unknown.length > 0 && <Notice onClose={() => set({ cols: chosen.map(({ id }) => id) }, 'replace')}>There is no column {unknown.map((id) => `“${id}”`).join(', ')} here.</Notice>}
      {state.live ? <LiveFlows {...shared} /> : <StoredFlows {...shared} />}
    </>
  )
}

interface RowsProps extends FlowViewProps {
  readonly chosen: readonly FlowColumn[]
  /** Fields that the columns need. */
  readonly fields: readonly string[]
  /** Values of the row that was opened last, which may have left the table since. */
  readonly opened: ReadonlyMap<string, unknown>
  readonly onOpen: (values: ReadonlyMap<string, unknown>) => void
  readonly onSort: (id: string) => void
}

/** How the grid reads rows whose cells have these names. */
function useRows({ chosen, onOpen }: RowsProps, fields: readonly string[]): Pick<GridProps<Row>, 'columns' | 'rowKey' | 'onOpen'> {
  const at = fields.indexOf('_pos')
  return {
    columns: useMemo(() => gridColumns(chosen, fields), [chosen, fields]),
    rowKey: useCallback((row: Row) => plainText(row[at]), [at]),
    onOpen: useCallback((row: Row) => onOpen(new Map(fields.map((name, index) => [name, row[index]]))), [fields, onOpen]),
  }
}

function LiveFlows(props: RowsProps): React.ReactNode {
  const { state, set, columns, tabs, fields, opened, onSort } = props
  const reading = useRows(props, fields)
  const [place, setPlace] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const busy = useHold(place)
  const view = useMemo(() => ({ kind: 'rows', q: { stream: 'flows', ...(state.q === '' ? {} : { filter: state.q }) }, columns: fields }), [state.q, fields])
  const live = useLiveRows(view, paused || busy)
  const link = useLink()
  const older = useOlder(live.rows, { q: state.q, from: state.t.from, fields, begun: live.begun })
  const refused = link.state === 'refused'
  return (
    <>
      {state.both && <Notice tone="plain">Live shows the filter as it is written; stored flows are also looked at the other way round.</Notice>}
      <div className="page-line">
        {tabs}
        <LiveBar live={live} link={link} paused={paused} reading={busy} onPause={setPaused} shown={older.rows.length} span={spanOf(older.rows, fields)} />
        <div className="end"><ColumnPicker all={columns} chosen={state.cols} onChange={(cols) => set({ cols })} /></div>
      </div>
      <div className="page-body">
        <section className="panel table" aria-label="Newest flows">
          {refused && older.rows.length === 0
            ? <ErrorState error={new Error(link.detail)} onRetry={retryNow} />
            : live.begun && older.rows.length === 0 && !older.stored.busy ? <NoFlows filter={state.q} onStored={() => set({ live: false })} onClear={() => set({ q: '' })} />
              : older.rows.length > 0 ? <Grid label="Newest flows" {...reading} rows={older.rows} total={older.stored.more ? undefined : older.rows.length} selected={state.sel} onSort={onSort} onEnd={older.onEnd} onPlace={setPlace} />
                : <Loading what="the newest flows" />}
        </section>
        <Record sel={state.sel} opened={opened} columns={columns} onClose={() => set({ sel: '' })} onFilter={(q) => set({ q })} filter={state.q} />
      </div>
    </>
  )
}

/** From when to when the rows reach that are shown. */
function spanOf(rows: readonly Row[], fields: readonly string[]): readonly [oldest: string, newest: string] | undefined {
  const at = fields.indexOf('time_received')
  const [newest, oldest] = [rows[0]?.[at], rows.at(-1)?.[at]]
  return typeof newest === 'string' && typeof oldest === 'string' ? [oldest, newest] : undefined
}

function StoredFlows(props: RowsProps): React.ReactNode {
  const { state, set, columns, tabs, fields, opened, onSort } = props
  const { turn, again } = useTurn(isMoving(state.t) ? state.refresh : 0)
  const stored = useStoredRows({ q: state.q, both: state.both, from: state.t.from, to: state.t.to, fields, sort: sortFields(state.sort, columns), turn }, true)
  const { rows, more, span, busy, error, next } = stored
  const reading = useRows(props, stored.fields)
  const totals = useTotals(state.q, state.both, span)
  const total = more ? totals?.flows : rows.length
  const [said, setSaid] = useState('')
  useEffect(() => {
    if (!busy && span !== undefined) setSaid(total === undefined ? `${count(rows.length)} flows and more` : `${count(total)} flows`)
  }, [busy, span, total, rows.length])
  return (
    <>
      <div className="page-line">
        {tabs}
        <span className="number">
          {span === undefined ? '' : `showing ${count(rows.length)} of ${total === undefined ? 'more' : count(total)} flows${totals === undefined ? '' : ` · ${volume(totals.bytes)}`} · ${stored.source === 'ring' ? `there is no store: of the live memory, ${time(span.from)} – ${time(span.to)}` : 'stored, nothing left out'}`}
        </span>
        {busy && <span className="dim asking"><span role="status">asking …</span> <button type="button" className="quiet" onClick={stored.cancel}>Cancel</button></span>}
        <div className="end">
          <button type="button" onClick={again}>Ask again</button>
          <ExportMenu filter={state.q} both={state.both} fields={fields.filter((name) => (name !== '_pos' && name !== 'time_received') || state.cols.includes(name))} from={span?.from ?? state.t.from} to={span?.to ?? state.t.to} sort={sortFields(state.sort, columns)} />
          <ColumnPicker all={columns} chosen={state.cols} onChange={(cols) => set({ cols })} />
        </div>
      </div>
      {error !== undefined && rows.length > 0 && <Notice tone="bad">{asRefused(error).message} What is shown is the answer before.</Notice>}
      {totals !== undefined && rows.length > 0 && <Volume answer={totals.series} onSpan={(from, to) => set({ t: { from, to } })} />}
      <div className="page-body">
        <section className="panel table" aria-label="Stored flows" aria-busy={busy}>
          {error !== undefined && rows.length === 0 ? <ErrorState error={error} onRetry={stored.again} />
            : span === undefined ? (busy ? <Loading what="flows" /> : <EmptyState title="The question was cancelled" action={<button type="button" onClick={again}>Ask again</button>}>Nothing was answered yet.</EmptyState>)
              : rows.length === 0 && !busy ? <NoFlows filter={state.q} range={state.t} onWiden={() => set({ t: { from: 'now-1w', to: 'now' } })} onClear={() => set({ q: '' })} />
                : <Grid label="Stored flows" {...reading} rows={rows} total={total} sort={state.sort === '' ? '-time_received' : state.sort} selected={state.sel} onSort={onSort} onEnd={next} />}
        </section>
        <Record sel={state.sel} opened={opened} columns={columns} onClose={() => set({ sel: '' })} onFilter={(q) => set({ q })} filter={state.q} />
      </div>
      <p className="spoken" role="status">{said}</p>
    </>
  )
}
