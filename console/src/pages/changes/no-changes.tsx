import { useMe } from '../../api/queries.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { count, counted } from '../../parts/format.ts'
import { EmptyState } from '../../parts/states.tsx'
import { rangeText } from '../../state/range.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { useClusters } from './ask.ts'
import { isFiltered, noFilter, type ChangesState } from './state.ts'

interface NoChangesProps {
  readonly state: ChangesState
  readonly hidden: number
  readonly set: PageState<ChangesState>['set']
}

const recipe = `sources:
  prod:
    type: kubernetes
    cluster: prod-eu                  # its name in every change
    kubeconfig: /etc/weir/kubeconfig  # left out: KUBECONFIG, the pod's account, ~/.kube/config`

/** Why there is nothing: rules of noise, the filter, the span, or that no cluster is watched. */
export function NoChanges({ state, hidden, set }: NoChangesProps): React.ReactNode {
  const me = useMe()
  const limited = me.data !== undefined && me.data.namespaces !== null
  const clusters = useClusters(me.data !== undefined && !limited)
  const span = rangeText(state.t)
  if (hidden > 0) {
    return (
      <EmptyState
        title="All of it is noise"
        action={
          <button type="button" onClick={() => set({ noise: true })}>
            Show what is hidden
          </button>
        }
      >
        {counted(hidden, 'change')} of “{span}” {isFiltered(state) ? 'match and are' : 'are'} hidden by rules: they
        happen all the time without anything having happened.
      </EmptyState>
    )
  }
  if (isFiltered(state))
    return (
      <EmptyState
        title="No change matches"
        action={
          <button type="button" onClick={() => set(noFilter)}>
            Clear the filter
          </button>
        }
      >
        In “{span}” nothing was changed that the filter asks for.
      </EmptyState>
    )
  const connected = clusters.data?.clusters ?? []
  if (clusters.data !== undefined && connected.length === 0) {
    return (
      <EmptyState title="No cluster is watched" action={<CopyButton text={recipe}>Copy this configuration</CopyButton>}>
        <p>
          Weir tells every change of every object of a Kubernetes cluster that its account may read: what it was, what
          it is, who it was. In weir.yaml:
        </p>
        <pre>{recipe}</pre>
        <p>
          Then <code>kill -HUP</code>, or POST /api/v1/reload. Its account needs list and watch;
          docs/guide/kubernetes.md has the roles.
        </p>
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title="Nothing was changed"
      action={
        <button type="button" onClick={() => set({ t: { from: 'now-1w', to: 'now' } })}>
          Look at the last week
        </button>
      }
    >
      {limited
        ? `In “${span}” no object of your namespaces was changed.`
        : `In “${span}” no object was created, updated or deleted${connected.length === 0 ? '.' : ` in ${connected.map(({ cluster, problem }) => (problem === undefined ? cluster : `${cluster} (which cannot be watched: ${problem})`)).join(', ')}; ${count(connected.reduce((sum, each) => sum + each.changes, 0))} were told since the start.`}`}
    </EmptyState>
  )
}
