import { useMemo, useState } from 'react'
import type { QuickFilter } from '../../../../src/api/published.ts'
import { useFields } from '../../api/queries.ts'
import { useCommands } from '../../app/commands.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { ErrorState, Loading, Notice } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { isMoment, presets, rangeText } from '../../state/range.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { Asking } from './asking.tsx'
import { flowColumns } from './columns.tsx'
import { FilterBox, type Imported } from '../../parts/filter-box.tsx'
import { usualGroups } from './groups.ts'
import { useQuickFilters, wholeFilter } from './quick.ts'
import { flowsCodec } from './state.ts'
import { flowTabs, useFlowView } from './views.ts'

const none: readonly QuickFilter[] = []

/** Flows: one filter, and everything below answers it. */
export default function FlowsPage(): React.ReactNode {
  useTitle('Flows')
  const { state, unread, set } = usePageState(flowsCodec)
  const fields = useFields()
  const columns = useMemo(
    () => (fields.data === undefined ? undefined : flowColumns(fields.data.views.flows)),
    [fields.data],
  )
  useCommands(
    useMemo(
      () => [
        { name: state.live ? 'Show stored flows' : 'Show flows live', run: () => set({ live: !state.live, sort: '' }) },
        { name: 'Single flows', words: 'table group ungroup', run: () => set({ view: 'table', group: [] }) },
        ...usualGroups.map(({ title, fields: group }) => ({
          name: `Group by: ${title}`,
          words: 'table aggregate sums',
          run: () => set({ view: 'table', group, sel: '' }),
        })),
        {
          name: state.both ? 'One way only' : 'Both ways',
          words: 'source destination reverse',
          run: () => set({ both: !state.both, sel: '' }),
        },
        {
          name: state.once ? 'Every report of a flow' : 'Each flow once',
          words: 'duplicates reporters',
          run: () => set({ once: !state.once, sel: '' }),
        },
        { name: 'Clear the filter', words: 'quick filters', run: () => set({ q: '', quick: [], sel: '' }) },
        ...presets.map((t) => ({ name: `Span: ${rangeText(t)}`, words: 'time range', run: () => set({ t }) })),
      ],
      [state.live, state.both, state.once, set],
    ),
  )
  const [dropped, setDropped] = useState<Imported['dropped']>([])
  const take = ({ filter, both_ways: both, from, to, dropped: left }: Imported): void => {
    setDropped(left)
    const t = from !== null && to !== null && isMoment(from) && isMoment(to) ? { t: { from, to } } : {}
    set({ q: filter, both, sel: '', live: false, ...t })
  }
  const shown = flowTabs.find(({ id }) => id === state.view) ?? flowTabs[0]
  const View = useFlowView(shown)
  const quick = useQuickFilters()
  const known = quick.data ?? none
  // What a name stands for must be known before anything is asked.
  const waits = quick.data === undefined && state.quick.length > 0
  const shownState = useMemo(() => ({ ...state, filter: wholeFilter(state.q, state.quick, known) }), [state, known])
  const unknown =
    quick.data === undefined ? [] : state.quick.filter((name) => !known.some((each) => each.name === name))
  const several = flowTabs.length > 1
  return (
    <div className="page">
      <h1 className="spoken">Flows</h1>
      <div className="page-bar">
        <FilterBox
          names="flows"
          example="src.ns = shop and dst_port in (5432, 6379)"
          fields={fields.data?.views.flows ?? []}
          filter={state.q}
          range={state.t}
          onChange={(q) => set({ q, sel: '' })}
          onImport={take}
        />
        <TimeControl frame={state} onChange={set} />
        <button
          type="button"
          aria-pressed={state.live}
          title={state.live ? 'Rows are shown as they arrive; press for what is stored' : 'Show rows as they arrive'}
          onClick={() => set({ live: !state.live, ...(state.live ? {} : { sort: '' }) })}
        >
          <span aria-hidden="true">{state.live ? '● ' : '○ '}</span>Live
        </button>
        <Asking state={state} set={set} quick={known} />
      </div>
      {unread.length > 0 && (
        <Notice onClose={() => set({}, 'replace')}>
          {unread.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
      {unknown.length > 0 && (
        <Notice onClose={() => set({ quick: state.quick.filter((name) => !unknown.includes(name)) }, 'replace')}>
          There is no quick filter {unknown.map((name) => `“${name}”`).join(', ')} here, so it has no effect.
        </Notice>
      )}
      {dropped.length > 0 && (
        <Notice onClose={() => setDropped([])}>
          {dropped.map(({ part, reason }) => (
            <p key={part}>
              Not taken over: <code>{part}</code>. {reason}
            </p>
          ))}
        </Notice>
      )}
      {columns === undefined || waits ? (
        fields.isError ? (
          <ErrorState
            error={fields.error}
            onRetry={() => {
              fields.refetch().catch(reportError)
            }}
          />
        ) : quick.isError ? (
          <ErrorState
            error={quick.error}
            onRetry={() => {
              quick.refetch().catch(reportError)
            }}
          />
        ) : (
          <Loading what="the fields" />
        )
      ) : (
        <div
          id="flows-view"
          className="page-view"
          {...(several ? { role: 'tabpanel', 'aria-label': shown?.title } : {})}
        >
          {View === undefined || shown === undefined ? (
            <Loading what="the view" />
          ) : (
            <View
              state={shownState}
              set={set}
              columns={columns}
              tabs={
                several && (
                  <Tabs
                    label="Views"
                    tabs={flowTabs}
                    chosen={shown.id}
                    controls="flows-view"
                    onChange={(view) => set({ view })}
                  />
                )
              }
            />
          )}
        </div>
      )}
    </div>
  )
}
