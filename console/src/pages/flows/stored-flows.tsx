import { lazy, Suspense, useEffect, useState } from 'react'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { count, volume } from '../../parts/format.ts'
import { Grid } from '../../parts/grid.tsx'
import { ErrorState, Loading, LoadingChart, RefreshButton, StaleNotice } from '../../parts/states.tsx'
import { isMoving } from '../../state/range.ts'
import { volumePanel } from './board-panel.ts'
import { ColumnPicker } from './column-picker.tsx'
import { sortFields } from '../../parts/flows/columns.tsx'
import { ExportMenu } from './export-menu.tsx'
import { CompareSelect } from './compare-select.tsx'
import { GroupPicker } from './group-picker.tsx'
import { NoFlows } from './no-flows.tsx'
import { Cancelled, Running } from '../../parts/query-status.tsx'
import { OpenRecord } from './open-record.tsx'
import { sourceText } from './source-text.ts'
import { useRows, type RowsProps } from './rows.ts'
import { useEarlierVolume, useStoredRows, useTotals } from './stored.ts'
import { useRefresh } from '../../hooks/use-refresh.ts'
import { useStoredEnds } from './stored-ends.ts'
import { useAlertMarks, useMarksWith } from './alert-marks.ts'
import { useFlowMarks } from './marks.ts'
import { flowsText } from '../../parts/flows/text.ts'

const Volume = lazy(() => import('./volume.tsx'))

export default function StoredFlows(props: RowsProps): React.ReactNode {
  const { state, set, columns, tabs, chosen, fields, opened, onSort } = props
  const { filter, both, once, t } = state
  const { revision, again } = useRefresh(isMoving(t) ? state.refresh : 0)
  const order = sortFields(state.sort, columns)
  const stored = useStoredRows({ filter, both, once, from: t.from, to: t.to, fields, sort: order, revision })
  const { more, span, error, stale } = stored
  const reading = useRows(props, stored.fields)
  const totals = useTotals({ filter, both, once }, t, stale ? undefined : span)
  const ownTotals = totals?.stale === true ? undefined : totals
  const total = more ? ownTotals?.flows : stored.rows.length
  const earlier = useEarlierVolume({ filter, both, once }, totals?.series, state)
  const { rows, busy, next, ends } = useStoredEnds(stored, { filter, both, once, fields, sort: order, revision }, total)
  const changes = useFlowMarks(state, set, span, stored.source, 0)
  const alerts = useAlertMarks(filter, span, { enabled: state.marks && stored.source !== 'ring' })
  const marks = useMarksWith(changes, alerts, 'bytes')
  const [message, setMessage] = useState('')
  useEffect(() => {
    if (!busy && span !== undefined)
      setMessage(total === undefined ? flowsText.flowsAndMore(count(rows.length)) : flowsText.flowCount(count(total)))
  }, [busy, span, total, rows.length])
  const shown =
    span === undefined
      ? ''
      : flowsText.showingFlows(
          count(rows.length),
          total === undefined ? flowsText.more : count(total),
          ownTotals === undefined ? '' : ` · ${volume(ownTotals.bytes)}`,
          sourceText({ ...stored, span, stored_to: stored.storedTo }),
        )
  const sort = state.sort === '' ? '-time_received' : state.sort
  const page = { rows, total, sort, selected: state.sel, onSort, onEnd: next, ends }
  const grid = { label: flowsText.storedFlows, ...reading, ...page }
  return (
    <>
      <div className={stale ? 'page-line stale' : 'page-line'}>
        {tabs}
        <span className="number" title={shown}>
          {shown}
        </span>
        {busy && <Running onCancel={stored.cancel} />}
        <div className="end">
          <EndButtons of={ends} />
          <RefreshButton onClick={again} />
          <CompareSelect state={state} set={set} />
          <GroupPicker all={columns} group={state.group} onChange={(group) => set({ group, sel: '' })} />
          <ExportMenu
            flowQuery={state}
            columns={chosen}
            from={span?.from ?? t.from}
            to={span?.to ?? t.to}
            sort={order}
          />
          <ColumnPicker all={columns} chosen={state.cols} widths={state.w} onChange={set} />
        </div>
      </div>
      {error !== undefined && rows.length > 0 && <StaleNotice error={error} onRetry={stored.again} />}
      {/* Reserves the height, so that rows do not move. */}
      {totals === undefined && rows.length > 0 && <LoadingChart />}
      {totals !== undefined && rows.length > 0 && (
        <Suspense fallback={<LoadingChart />}>
          <Volume
            answer={totals.series}
            earlier={earlier}
            stale={stale || totals.stale}
            onSpan={(from, to) => set({ t: { from, to } })}
            marks={marks}
            menu={<AddToDashboard of={volumePanel(state)} as="mark" />}
          />
        </Suspense>
      )}
      <div className="page-body">
        <section className={stale ? 'panel table stale' : 'panel table'} aria-label={grid.label} aria-busy={busy}>
          {error !== undefined && rows.length === 0 ? (
            <ErrorState error={error} onRetry={stored.again} />
          ) : span === undefined ? (
            <NotRead busy={busy} onRun={again} />
          ) : rows.length === 0 && !busy ? (
            <NoFlows state={state} set={set} />
          ) : (
            <Grid {...grid} />
          )}
        </section>
        <OpenRecord
          sel={state.sel}
          opened={opened}
          columns={columns}
          onClose={() => set({ sel: '' })}
          onFilter={(q) => set({ q })}
          filter={state.q}
        />
      </div>
      <p className="spoken" role="status">
        {message}
      </p>
    </>
  )
}

function EndButtons({ of: ends }: { of: ReturnType<typeof useStoredEnds>['ends'] }) {
  return (
    <>
      {ends.isEnd && (
        <button type="button" onClick={ends.onFirst}>
          {flowsText.firstRows}
        </button>
      )}
      {ends.onLast !== undefined && (
        <button type="button" onClick={ends.onLast}>
          {flowsText.lastRows}
        </button>
      )}
    </>
  )
}

function NotRead({ busy, onRun }: { busy: boolean; onRun: () => void }) {
  return busy ? <Loading what={flowsText.flowsInText} /> : <Cancelled onRun={onRun} />
}
