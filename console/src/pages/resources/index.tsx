import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { request } from '../../api/client.ts'
import type { ResourcePage, ResourceState } from '../../api/objects.ts'
import { useFields } from '../../api/queries.ts'
import { ResourceLink } from '../../parts/links/resource-link.tsx'
import { useTitle } from '../../app/use-title.ts'
import { FilterBox } from '../../parts/filter-box.tsx'
import { count, counted, momentAt, shortTime } from '../../parts/format.ts'
import { Grid, type GridColumn } from '../../parts/grid.tsx'
import { EmptyState, Loading, NoAnswer, RefreshButton, StaleNotice, UnreadNotice } from '../../parts/states.tsx'
import { listText } from '../../state/parts.ts'
import { pathOfRef } from '../../state/refs.ts'
import { usePageState } from '../../state/use-page-state.ts'
import { useArrivals } from '../../hooks/use-arrivals.ts'
import { resourcesCodec, commonKinds } from './state.ts'
import '../../parts/changes/changes.css'
import { generalText } from '../../text/general.ts'
import { resourcesText } from './text.ts'

const dash = <span className="dim">–</span>
const keyOf = ({ ref, uid }: ResourceState) => `${ref} ${uid}`

function columnsAt(at: string): readonly GridColumn<ResourceState>[] {
  return [
    {
      id: 'kind',
      title: generalText.kind,
      width: 130,
      grow: 1,
      cell: ({ kind, group }) => (
        <span title={group === '' ? kind : resourcesText.kindOfGroup(kind, group)}>{kind}</span>
      ),
    },
    {
      id: 'namespace',
      title: generalText.namespace,
      width: 120,
      grow: 1,
      cell: ({ namespace }) => namespace ?? <span className="dim">{generalText.clusterScoped}</span>,
    },
    {
      id: 'name',
      title: generalText.name,
      width: 190,
      grow: 3,
      cell: ({ ref, name }) => (
        <ResourceLink to={ref} {...(at === 'now' ? {} : { at })}>
          {name}
        </ResourceLink>
      ),
    },
    {
      id: 'phase',
      title: resourcesText.phase,
      width: 84,
      cell: ({ phase }) => phase ?? dash,
    },
    { id: 'node', title: generalText.node, width: 110, grow: 1, cell: ({ node }) => node ?? dash },
    { id: 'zone', title: resourcesText.zone, width: 80, cell: ({ zone }) => zone ?? dash },
    {
      id: 'owner',
      title: resourcesText.owner,
      width: 150,
      grow: 2,
      cell: ({ owner_kind: kind, owner_name: name }) =>
        name === null ? (
          dash
        ) : (
          <span title={`${kind ?? ''} ${name}`}>
            {name}
            <span className="beside">{kind}</span>
          </span>
        ),
    },
    {
      id: 'since',
      title: resourcesText.unchangedSince,
      width: 146,
      cell: ({ valid_from: from }) => (
        <span className="mono" title={from}>
          {shortTime(from)}
        </span>
      ),
    },
    { id: 'cluster', title: generalText.cluster, width: 90, cell: ({ cluster }) => cluster },
  ]
}

export default function ResourcesPage(): React.ReactNode {
  useTitle(resourcesText.resources)
  const { state, unread, set } = usePageState(resourcesCodec)
  const { q, kind, namespace, at } = state
  const fields = useFields()
  const navigate = useNavigate()
  const { arrivals } = useArrivals(at === 'now', 'resource')
  const { data, error, isError, isFetching, hasNextPage, fetchNextPage, refetch } = useInfiniteQuery({
    queryKey: ['resources', q, kind, namespace, at, arrivals],
    staleTime: 10_000,
    gcTime: 60_000,
    placeholderData: keepPreviousData,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) =>
      request<ResourcePage>('/api/v1/resources', {
        signal,
        query: { filter: q, kind: listText(kind), namespace: listText(namespace), at, limit: 200, cursor: pageParam },
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const rows = useMemo(() => data?.pages.flatMap(({ resources }) => resources) ?? [], [data])
  const columns = useMemo(() => columnsAt(at), [at])
  const total = data?.pages[0]?.total
  const more = (data?.pages.at(-1)?.next ?? null) !== null
  const next = useCallback(() => {
    if (hasNextPage && !isFetching) fetchNextPage().catch(reportError)
  }, [hasNextPage, isFetching, fetchNextPage])
  const again = () => {
    refetch().catch(reportError)
  }
  const open = useCallback(
    ({ ref }: ResourceState) => {
      navigate({
        to: '/resource/$',
        params: { _splat: pathOfRef(ref) } as never,
        search: (at === 'now' ? {} : { v: '1', at }) as never,
      }).catch(reportError)
    },
    [navigate, at],
  )
  const toggle = (toggled: string) =>
    set({ kind: kind.includes(toggled) ? kind.filter((chosen) => chosen !== toggled) : [...kind, toggled] })
  const filtered = q !== '' || kind.length > 0 || namespace.length > 0
  return (
    <div className="page changes">
      <h1 className="spoken">{resourcesText.resources}</h1>
      <div className="page-bar">
        <FilterBox
          names="resources"
          example={resourcesText.filterExample}
          fields={fields.data?.views.resources ?? []}
          filter={q}
          range={{ from: 'now-1h', to: at }}
          onChange={(text) => set({ q: text })}
        />
        <div className="quick">
          <div role="group" aria-label={resourcesText.kinds}>
            {[...commonKinds, ...kind.filter((each) => !commonKinds.some((usual) => usual === each))].map((each) => (
              <button
                key={each}
                type="button"
                className="chip"
                aria-pressed={kind.includes(each)}
                onClick={() => toggle(each)}
              >
                {each}
              </button>
            ))}
          </div>
          <div role="group" aria-label={resourcesText.moreFilters}>
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
      </div>
      <UnreadNotice unread={unread} onClose={() => set({}, 'replace')} />
      <div className="page-line">
        <span className="number" role="status">
          {total === undefined ? '' : generalText.showing(count(rows.length), counted(total, 'object'))}
        </span>
        <div className="end">
          <RefreshButton onClick={again} />
        </div>
      </div>
      {isError && rows.length > 0 && <StaleNotice error={error} onRetry={again} />}
      <div className="page-body">
        <section className="panel table" aria-label={resourcesText.objects} aria-busy={isFetching}>
          {isError && rows.length === 0 ? (
            <NoAnswer needsStore={resourcesText.needsStore} error={error} onRetry={again} />
          ) : data === undefined ? (
            <Loading what={resourcesText.objectsInText} />
          ) : rows.length === 0 ? (
            filtered ? (
              <EmptyState
                title={resourcesText.noObjectMatches}
                action={{ text: generalText.clearFilter, onClick: () => set({ q: '', kind: [], namespace: [] }) }}
              >
                {resourcesText.noMatch(at === 'now' ? resourcesText.existsNow : resourcesText.existedThen)}
              </EmptyState>
            ) : (
              <EmptyState
                title={resourcesText.noObjects}
                action={{ text: resourcesText.connectACluster, to: '/changes' }}
              >
                {at === 'now' ? resourcesText.noObjectsHint : resourcesText.noObjectsThen}
              </EmptyState>
            )
          ) : (
            <Grid
              label={resourcesText.objects}
              columns={columns}
              rows={rows}
              rowKey={keyOf}
              total={more ? total : rows.length}
              onOpen={open}
              onEnd={next}
            />
          )}
        </section>
      </div>
    </div>
  )
}
