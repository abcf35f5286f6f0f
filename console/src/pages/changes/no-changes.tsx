import { useMe } from '../../api/queries.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { count, counted } from '../../parts/format.ts'
import { DocLink } from '../../parts/links/doc-link.tsx'
import { EmptyState } from '../../parts/states.tsx'
import { rangeText } from '../../state/range.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { useClusters } from './queries.ts'
import { isFiltered, noFilter, type ChangesState } from './state.ts'
import { changesText } from './text.ts'
import { generalText } from '../../text/general.ts'

type NoChangesProps = Readonly<{
  state: ChangesState
  hidden: number
  set: PageState<ChangesState>['set']
}>

export function NoChanges({ state, hidden, set }: NoChangesProps): React.ReactNode {
  const me = useMe()
  const limited = me.data !== undefined && me.data.namespaces !== null
  const clusters = useClusters({ enabled: me.data !== undefined && !limited })
  const span = rangeText(state.t)
  if (hidden > 0) {
    return (
      <EmptyState
        title={changesText.allChangesAreNoise}
        action={{ text: changesText.showHiddenChanges, onClick: () => set({ noise: true }) }}
      >
        {changesText.hiddenByRules(
          counted(hidden, 'change'),
          span,
          isFiltered(state) ? changesText.matchingTheFilter : '',
        )}
      </EmptyState>
    )
  }
  if (isFiltered(state))
    return (
      <EmptyState
        title={changesText.noChangeMatches}
        action={{ text: generalText.clearFilter, onClick: () => set(noFilter) }}
      >
        {changesText.noMatchInRange(span)}
      </EmptyState>
    )
  const connected = clusters.data?.clusters ?? []
  if (clusters.data !== undefined && connected.length === 0) {
    return (
      <EmptyState
        title={changesText.noClusterIsWatched}
        action={<CopyButton text={changesText.recipe}>{generalText.copyConfiguration}</CopyButton>}
      >
        <p>{changesText.configureHint}</p>
        <pre>{changesText.recipe}</pre>
        <p>
          {generalText.thenRun} <code>{generalText.killHup}</code>
          {changesText.reloadAndRoles} <DocLink page="guide/kubernetes">{changesText.kubernetesGuide}</DocLink>.
        </p>
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title={changesText.noChanges}
      action={{ text: generalText.showLastWeek, onClick: () => set({ t: { from: 'now-1w', to: 'now' } }) }}
    >
      {limited
        ? changesText.noneInNamespaces(span)
        : changesText.noneInRange(
            span,
            connected.length === 0
              ? '.'
              : changesText.inClusters(
                  connected
                    .map(({ cluster, problem }) =>
                      problem === undefined ? cluster : changesText.unwatched(cluster, problem),
                    )
                    .join(', '),
                  count(connected.reduce((sum, cluster) => sum + cluster.changes, 0)),
                ),
          )}
    </EmptyState>
  )
}
