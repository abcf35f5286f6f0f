import type { CloudFacets, CloudRow, InventoryFacet } from '../../parts/cloud/requests.ts'
import { useFields } from '../../api/queries.ts'
import { useTitle } from '../../app/use-title.ts'
import { findingText, typeText } from '../../parts/cloud/texts.tsx'
import { CopyButton } from '../../parts/copy-button.tsx'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { ExportRows } from '../../parts/export-rows.tsx'
import { FilterBox } from '../../parts/filter-box.tsx'
import { count, counted } from '../../parts/format.ts'
import { ListPage, ListTable } from '../../parts/list-page.tsx'
import { money } from '../../parts/money.ts'
import { Facets, Picker } from '../../parts/picker.tsx'
import { EmptyState, RefreshButton } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { usePageState, type PageState } from '../../state/use-page-state.ts'
import { generalText } from '../../text/general.ts'
import { inventoryText } from '../../parts/cloud/text.ts'
import { columns } from '../../parts/cloud/columns.tsx'
import { inventoryPanel } from './board-panel.ts'
import { Comparison } from './comparison.tsx'
import { Details } from './details.tsx'
import { readAll, useFacets, useInventory } from './queries.ts'
import { inventoryCodec, isFiltered, lists, noFilter, type InventoryState } from './state.ts'
import './inventory.css'

const titles: Readonly<Record<InventoryFacet, string>> = {
  provider: inventoryText.provider,
  account: inventoryText.account,
  region: generalText.region,
  type: generalText.type,
  state: inventoryText.state,
  finding: inventoryText.finding,
}
const labels: Readonly<Partial<Record<InventoryFacet, (value: string) => string>>> = {
  type: typeText,
  finding: findingText,
}
const asItIs = (value: string): string => value
const listName = 'inventory-list'
const range = { from: 'now-1h', to: 'now' }
const keyOf = ({ ref }: CloudRow): string => ref

type Set = PageState<InventoryState>['set']

export default function InventoryPage(): React.ReactNode {
  useTitle(inventoryText.inventory)
  const { state, unread, set } = usePageState(inventoryCodec)
  const fields = useFields()
  const facets = useFacets(state)
  const inventory = useInventory(state)
  const { list } = state
  const details = state.sel !== '' && (
    <Details
      of={state.sel}
      known={inventory.rows?.find(({ ref }) => ref === state.sel)}
      onOpen={(sel) => set({ sel })}
      onClose={() => set({ sel: '' })}
    />
  )
  const tabs = (
    <Tabs
      label={inventoryText.list}
      tabs={lists.map((id) => ({ id, title: inventoryText[id] }))}
      chosen={list}
      controls={listName}
      onChange={(next) => set({ list: next, sel: '' })}
    />
  )
  return (
    <ListPage
      title={inventoryText.inventory}
      className="inventory"
      unread={unread}
      onRead={() => set({}, 'replace')}
      bar={{
        active: [state.q, ...Object.keys(titles).map((facet) => state[facet as InventoryFacet])],
        filter: (
          <FilterBox
            names="inventory"
            example={inventoryText.filterExample}
            fields={fields.data?.views.inventory ?? []}
            filter={state.q}
            range={range}
            onChange={(q) => set({ q, sel: '' })}
          />
        ),
        more: (
          <div className="quick">
            <Facets titles={titles} chosen={state} labelOf={(value) => typeText(findingText(value))}>
              {(facet) => <Values facet={facet} of={facets.data} error={facets.error} state={state} set={set} />}
            </Facets>
          </div>
        ),
      }}
    >
      {list === 'comparison' ? (
        <Comparison
          place={listName}
          state={state}
          onTimes={(between) => set({ between, sel: '' })}
          onOpen={(sel) => set({ sel })}
          tabs={tabs}
        >
          {details}
        </Comparison>
      ) : (
        <Rows list={list} of={inventory} facets={facets} state={state} set={set} tabs={tabs} drawer={details} />
      )}
    </ListPage>
  )
}

type RowsProps = Readonly<{
  list: Exclude<InventoryState['list'], 'comparison'>
  of: ReturnType<typeof useInventory>
  facets: ReturnType<typeof useFacets>
  state: InventoryState
  set: Set
  tabs: React.ReactNode
  drawer: React.ReactNode
}>

function Rows({ list, of, facets, state, set, tabs, drawer }: RowsProps) {
  const { rows, pages, error, busy, stale, more, next, again } = of
  const total = pages?.[0]?.total
  const refresh = (): void => {
    again()
    facets.refetch().catch(reportError)
  }
  const { costs = [] } = facets.data ?? {}
  return (
    <ListTable
      of={{ rows, error, busy, stale, again: refresh }}
      label={inventoryText[list]}
      panel={listName}
      line={
        <>
          {tabs}
          <span className="number" role="status">
            {total === undefined || rows === undefined
              ? ''
              : generalText.showing(count(rows.length), counted(total, 'resource'))}
          </span>
          {costs.length > 0 && (
            <span className="dim number">
              {inventoryText.totalPrice(costs.map(({ currency, per_hour: sum }) => money(sum, currency)).join(' + '))}
            </span>
          )}
        </>
      }
      acts={
        <>
          <ExportRows name={inventoryText.inventory} columns={columns[list]} read={() => readAll(state)} />
          <AddToDashboard of={inventoryPanel(state, list)} />
          <RefreshButton onClick={refresh} />
        </>
      }
      loads={inventoryText.inventory}
      needsStore={inventoryText.needsStore}
      empty={<Nothing state={state} set={set} />}
      grid={{
        columns: columns[list],
        rowKey: keyOf,
        total: more ? total : rows?.length,
        selected: state.sel,
        onOpen: ({ ref }) => set({ sel: ref }),
        onEnd: next,
      }}
      drawer={drawer}
    />
  )
}

function Values({
  facet,
  of,
  error,
  state,
  set,
}: Readonly<{
  facet: InventoryFacet
  of: CloudFacets | undefined
  error: unknown
  state: InventoryState
  set: Set
}>): React.ReactNode {
  return (
    <Picker
      facet={facet}
      of="resource"
      chosen={state[facet]}
      labelOf={labels[facet] ?? asItIs}
      error={error}
      others={undefined}
      values={of?.facets[facet].map(({ value, resources }) => [value, resources])}
      onChange={(values) => set({ [facet]: values, sel: '' })}
    />
  )
}

function Nothing({ state, set }: Readonly<{ state: InventoryState; set: Set }>): React.ReactNode {
  if (isFiltered(state))
    return (
      <EmptyState
        title={inventoryText.nothingMatches}
        action={{ text: generalText.clearFilter, onClick: () => set(noFilter) }}
      >
        {inventoryText.nothingMatchesHint}
      </EmptyState>
    )
  if (state.list === 'findings')
    return (
      <EmptyState
        title={inventoryText.noFindings}
        action={{ text: inventoryText.showResources, onClick: () => set({ list: 'resources' }) }}
      >
        {inventoryText.noFindingsHint}
      </EmptyState>
    )
  return (
    <EmptyState
      title={inventoryText.noResources}
      action={<CopyButton text={inventoryText.recipe}>{generalText.copyConfiguration}</CopyButton>}
    >
      <p>{inventoryText.configureHint}</p>
      <pre>{inventoryText.recipe}</pre>
      <p>
        {generalText.thenRun} <code>{generalText.killHup}</code>
        {inventoryText.reload}
      </p>
    </EmptyState>
  )
}
