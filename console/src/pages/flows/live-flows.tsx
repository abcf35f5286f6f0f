import { useMemo, useState } from 'react'
import { linkError } from '../../live/link-error.ts'
import { retryNow } from '../../live/tab.ts'
import { useHold } from '../../live/use-hold.ts'
import { useLink, useLiveRows } from '../../live/use-live.ts'
import { Grid } from '../../parts/grid.tsx'
import { ErrorState, Loading } from '../../parts/states.tsx'
import { ColumnPicker } from './column-picker.tsx'
import { GroupPicker } from './group-picker.tsx'
import { LiveBar } from '../../live/live-bar.tsx'
import { NoFlows } from './no-flows.tsx'
import { useOlder } from './older.ts'
import { liveQuestion } from './flow-filter.ts'
import { OpenRecord } from './open-record.tsx'
import { spanOf, useRows, type RowsProps } from './rows.ts'
import { flowsText } from '../../parts/flows/text.ts'

export function LiveFlows(props: RowsProps): React.ReactNode {
  const { state, set, columns, tabs, fields, opened, onSort } = props
  const { filter, both, once } = state
  const reading = useRows(props, fields)
  const [element, setElement] = useState<HTMLElement | null>(null)
  const [paused, setPaused] = useState(false)
  const busy = useHold(element)
  const view = useMemo(
    () => ({ kind: 'rows', q: liveQuestion({ filter, both, once }), columns: fields }),
    [filter, both, once, fields],
  )
  const live = useLiveRows(view, { held: paused || busy })
  const link = useLink()
  const older = useOlder(live.rows, {
    filter,
    both,
    once,
    from: state.t.from,
    fields,
    begun: live.begun,
    upTo: live.upTo,
  })
  const catchUp = () => {
    live.catchUp()
    setPaused(false)
    element?.scrollTo({ top: 0 })
  }
  const refused = link.state === 'refused' && older.rows.length === 0
  return (
    <>
      <div className="page-line">
        {tabs}
        <LiveBar
          live={live}
          link={link}
          errorShown={refused}
          paused={paused}
          reading={busy}
          onPause={setPaused}
          onCatchUp={catchUp}
          shown={older.rows.length}
          span={spanOf(older.rows, fields)}
        />
        <div className="end">
          <GroupPicker all={columns} group={state.group} onChange={(group) => set({ group, sel: '' })} />
          <ColumnPicker all={columns} chosen={state.cols} widths={state.w} onChange={set} />
        </div>
      </div>
      <div className="page-body">
        <section className="panel table" aria-label={flowsText.newestFlows}>
          {refused ? (
            <ErrorState error={linkError(link)} onRetry={retryNow} />
          ) : live.begun && older.rows.length === 0 && !older.stored.busy ? (
            <NoFlows state={state} set={set} />
          ) : older.rows.length > 0 ? (
            <Grid
              label={flowsText.newestFlows}
              {...reading}
              rows={older.rows}
              total={older.stored.more ? undefined : older.rows.length}
              selected={state.sel}
              onSort={onSort}
              onEnd={older.onEnd}
              onPlace={setElement}
            />
          ) : (
            <Loading what={flowsText.theNewestFlows} />
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
    </>
  )
}
