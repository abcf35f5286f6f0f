import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import type { ResourceState } from '../../api/objects.ts'
import { useFields } from '../../api/queries.ts'
import { useTitle } from '../../app/use-title.ts'
import { useArrivals } from '../../hooks/use-arrivals.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { FilterBox } from '../../parts/filter-box.tsx'
import { count, counted, momentAt } from '../../parts/format.ts'
import { ListPage, ListTable } from '../../parts/list-page.tsx'
import { EmptyState, RefreshButton } from '../../parts/states.tsx'
import { pathOfRef } from '../../state/refs.ts'
import { usePageState, type PageState } from '../../state/use-page-state.ts'
import { generalText } from '../../text/general.ts'
import '../../parts/objects/objects.css'
import { resourcesPanel } from './board-panel.ts'
import { clustersIn, columnsAt } from './columns.tsx'
import { objectKey, useResources } from './queries.ts'
import { commonKinds, resourcesCodec, type ResourcesState } from './state.ts'
import { resourcesText } from './text.ts'

export default function ResourcesPage(): React.ReactNode {
  useTitle(resourcesText.resources)
  const { state, unread, set } = usePageState(resourcesCodec)
  const { q, at } = state
  const fields = useFields()
  const { arrivals } = useArrivals('family = resource', { live: at === 'now' })
  const resources = useResources(state, arrivals)
  const { rows, total, more, next, again } = resources
  const ofClusters = useMemo(() => clustersIn(rows ?? []), [rows])
  const columns = useMemo(
    () => columnsAt(at, Date.parse(resources.asOf ?? ''), { ofClusters }),
    [at, resources.asOf, ofClusters],
  )
  const open = useOpening(at)
  return (
    <ListPage
      title={resourcesText.resources}
      className="changes"
      unread={unread}
      onRead={() => set({}, 'replace')}
      bar={{
        active: [q, state.kind, state.namespace],
        filter: (
          <FilterBox
            names="resources"
            example={resourcesText.filterExample}
            fields={fields.data?.views.resources ?? []}
            filter={q}
            range={{ from: 'now-1h', to: at }}
            onChange={(text) => set({ q: text })}
          />
        ),
        more: <Chips state={state} set={set} />,
      }}
    >
      <ListTable
        of={resources}
        label={resourcesText.objects}
        line={
          <span className="number" role="status">
            {total === undefined ? '' : generalText.showing(count(rows?.length ?? 0), counted(total, 'object'))}
          </span>
        }
        acts={
          <>
            <AddToDashboard of={resourcesPanel(state)} />
            <RefreshButton onClick={again} />
          </>
        }
        loads={resourcesText.objectsInText}
        needsStore={resourcesText.needsStore}
        empty={<Nothing state={state} set={set} />}
        grid={{
          columns,
          rowKey: objectKey,
          total: more ? total : rows?.length,
          onOpen: open,
          onEnd: next,
        }}
      />
    </ListPage>
  )
}

function useOpening(at: string): (row: ResourceState) => void {
  const navigate = useNavigate()
  return useCallback(
    ({ ref }: ResourceState) => {
      navigate({
        to: '/resource/$',
        params: { _splat: pathOfRef(ref) } as never,
        search: (at === 'now' ? {} : { v: '1', at }) as never,
      }).catch(reportError)
    },
    [navigate, at],
  )
}

type Part = Readonly<{ state: ResourcesState; set: PageState<ResourcesState>['set'] }>

function Chips({ state: { kind, namespace, at, old }, set }: Part) {
  const toggle = (toggled: string) =>
    set({ kind: kind.includes(toggled) ? kind.filter((chosen) => chosen !== toggled) : [...kind, toggled] })
  return (
    <div className="quick">
      <div role="group" aria-label={resourcesText.kinds}>
        {[...commonKinds, ...kind.filter((name) => !commonKinds.some((usual) => usual === name))].map((name) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={kind.includes(name)}
            onClick={() => toggle(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="group" aria-label={resourcesText.moreFilters}>
        <button
          type="button"
          className="chip"
          aria-pressed={old}
          title={resourcesText.oldReplicaSetsHint}
          onClick={() => set({ old: !old })}
        >
          {resourcesText.oldReplicaSets}
        </button>
        {namespace.map((name) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed="true"
            onClick={() => set({ namespace: namespace.filter((chosen) => chosen !== name) })}
          >
            {resourcesText.namespaceFilter(name)}
          </button>
        ))}
        {at !== 'now' && (
          <button
            type="button"
            className="chip"
            aria-pressed="true"
            title={resourcesText.showCurrent}
            onClick={() => set({ at: 'now' })}
          >
            {resourcesText.asOf(at.startsWith('now') ? at : momentAt(Date.parse(at)))}
          </button>
        )}
      </div>
    </div>
  )
}

function Nothing({ state: { q, kind, namespace, at }, set }: Part) {
  if (q !== '' || kind.length > 0 || namespace.length > 0)
    return (
      <EmptyState
        title={resourcesText.noObjectMatches}
        action={{ text: generalText.clearFilter, onClick: () => set({ q: '', kind: [], namespace: [] }) }}
      >
        {resourcesText.noMatch(at === 'now' ? resourcesText.existsNow : resourcesText.existedThen)}
      </EmptyState>
    )
  return (
    <EmptyState title={resourcesText.noObjects} action={{ text: resourcesText.connectACluster, to: '/changes' }}>
      {at === 'now' ? resourcesText.noObjectsHint : resourcesText.noObjectsThen}
    </EmptyState>
  )
}
