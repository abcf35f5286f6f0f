import { useMemo, useState } from 'react'
import type { Import, QuickFilter } from '../../../../src/api/published.ts'
import { useFields, useMe } from '../../api/queries.ts'
import { TimeControl } from '../../app/time-control.tsx'
import { useTitle } from '../../app/use-title.ts'
import { useLoaded } from '../../hooks/use-loaded.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { AlertLink } from '../../parts/links/alert-link.tsx'
import { Loading, Notice, Pending, QueryError, UnreadNotice } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { fixedRange, isMoment, isMoving } from '../../state/range.ts'
import { serverNow } from '../../state/server-time.ts'
import { usePageState, type PageState } from '../../state/use-page-state.ts'
import { viewPanel } from './board-panel.ts'
import { alertMeasures } from './alert-measures.ts'
import { FilterOptions } from './filter-options.tsx'
import { flowColumns } from '../../parts/flows/columns.tsx'
import { FilterBox } from '../../parts/filter-box.tsx'
import { PageBar } from '../../parts/page-bar.tsx'
import { useMembers } from './members.ts'
import { PresetMenu } from './preset-menu.tsx'
import { useQuickFilters, wholeFilter } from './quick.ts'
import { flowsCodec, type FlowsState } from './state.ts'
import { useFlowCommands } from './use-flow-commands.ts'
import { flowTabs } from './views.ts'
import { generalText } from '../../text/general.ts'
import { Side } from './side.tsx'
import { whyText } from '../../parts/why/text.ts'
import { flowsText } from '../../parts/flows/text.ts'

const none: readonly QuickFilter[] = []

/** A moving range would change while it is read. */
function fixed({ live, t }: FlowsState): Partial<FlowsState> {
  return live || isMoving(t) ? { live: false, t: fixedRange(t, serverNow()) } : {}
}

export default function FlowsPage(): React.ReactNode {
  useTitle(generalText.flows)
  const { state, unread, set } = usePageState(flowsCodec)
  const fields = useFields()
  const members = useMembers(state)
  const columns = useMemo(
    () => (fields.data === undefined ? undefined : flowColumns(fields.data.views.flows, members)),
    [fields.data, members],
  )
  useFlowCommands(state, set)
  const [dropped, setDropped] = useState<Import['dropped']>([])
  const take = ({ filter, both_ways: both, from, to, dropped: left }: Import) => {
    setDropped(left)
    const t = from !== null && to !== null && isMoment(from) && isMoment(to) ? { t: { from, to } } : {}
    set({ q: filter, both, sel: '', live: false, ...t })
  }
  const shown = flowTabs.find(({ id }) => id === state.view) ?? flowTabs[0]
  const View = useLoaded(shown)
  const quick = useQuickFilters()
  const quickFilters = quick.data ?? none
  const mayAlert = useMe().data?.role === 'admin'
  const waits = quick.data === undefined && state.quick.length > 0
  const shownState = useMemo(
    () => ({ ...state, filter: wholeFilter(state.q, state.quick, quickFilters) }),
    [state, quickFilters],
  )
  const unknown =
    quick.data === undefined ? [] : state.quick.filter((name) => !quickFilters.some((filter) => filter.name === name))
  const several = flowTabs.length > 1
  return (
    <div className="page">
      <h1 className="spoken">{generalText.flows}</h1>
      <PageBar
        active={[state.q, state.quick, state.both ? flowsText.bothWays : '', state.once ? flowsText.eachFlowOnce : '']}
        filter={
          <FilterBox
            names="flows"
            example={flowsText.filterExample}
            fields={fields.data?.views.flows ?? []}
            filter={state.q}
            range={state.t}
            onChange={(q) => set({ q, sel: '' })}
            onImport={take}
          />
        }
        more={
          <>
            <PresetMenu state={state} set={set} />
            <FilterOptions state={state} set={set} quick={quickFilters} />
          </>
        }
      >
        <TimeControl frame={state} onChange={set} />
        <ModeButtons state={state} set={set} />
        <AddToDashboard of={viewPanel(shownState)} />
        {mayAlert && (
          <AlertLink
            of={{ filter: shownState.filter, measure: alertMeasures[state.view === 'overview' ? state.by : 'bytes'] }}
          />
        )}
      </PageBar>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      {unknown.length > 0 && (
        <Notice onClose={() => set({ quick: state.quick.filter((name) => !unknown.includes(name)) }, 'replace')}>
          {flowsText.noQuickFilter(unknown.map((name) => `“${name}”`).join(', '))}
        </Notice>
      )}
      <DroppedParts of={dropped} onClose={() => setDropped([])} />
      {columns === undefined || waits ? (
        fields.isError ? (
          <QueryError of={fields} />
        ) : (
          <Pending of={quick} what={flowsText.theFields} />
        )
      ) : (
        <div className="page-sides">
          <div
            id="flows-view"
            className="page-view"
            {...(several ? { role: 'tabpanel', 'aria-label': shown?.title } : {})}
          >
            {View === undefined || shown === undefined ? (
              <Loading what={flowsText.theView} />
            ) : (
              <View
                state={shownState}
                set={set}
                columns={columns}
                tabs={several && <ViewTabs chosen={shown.id} onView={(view) => set({ view })} />}
              />
            )}
          </div>
          <Side state={shownState} set={set} />
        </div>
      )}
    </div>
  )
}

type FlowView = (typeof flowTabs)[number]['id']

function ViewTabs({ chosen, onView }: Readonly<{ chosen: FlowView; onView: (view: FlowView) => void }>) {
  return <Tabs label={flowsText.views} tabs={flowTabs} chosen={chosen} controls="flows-view" onChange={onView} />
}

type ModeButtonsProps = Readonly<{ state: FlowsState; set: PageState<FlowsState>['set'] }>

function ModeButtons({ state, set }: ModeButtonsProps) {
  return (
    <>
      <button
        type="button"
        aria-pressed={state.live}
        title={state.live ? flowsText.liveOnHint : flowsText.liveOffHint}
        onClick={() => set({ live: !state.live, ...(state.live ? {} : { sort: '' }) })}
      >
        <span aria-hidden="true">{state.live ? '● ' : '○ '}</span>
        {generalText.live}
      </button>
      <button
        type="button"
        aria-pressed={state.why}
        title={whyText.hint}
        onClick={() => set(state.why ? { why: false } : { ...fixed(state), why: true, mark: '', sel: '' })}
      >
        {whyText.title}
      </button>
    </>
  )
}

function DroppedParts({ of, onClose }: { of: Import['dropped']; onClose: () => void }) {
  if (of.length === 0) return null
  return (
    <Notice onClose={onClose}>
      {of.map(({ part, reason }) => (
        <p key={part}>
          {flowsText.notImported} <code>{part}</code>. {reason}
        </p>
      ))}
    </Notice>
  )
}
