import { useState } from 'react'
import { CopyButton } from '../../parts/copy-button.tsx'
import { duration, time } from '../../parts/format.ts'
import { EmptyState } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { rangeText } from '../../state/range.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { useNewest } from '../../api/trace-queries.ts'
import { recipes } from './recipes.ts'
import { isFiltered, noFilter, type AuditState } from './state.ts'

/** Why there is nothing: the filter, the span, a delay, or that nothing collects. */
export function NoTraces({
  state,
  set,
}: {
  readonly state: AuditState
  readonly set: PageState<AuditState>['set']
}): React.ReactNode {
  const { data } = useNewest()
  const span = rangeText(state.t)
  if (isFiltered(state))
    return (
      <EmptyState
        title="No trace matches"
        action={
          <button type="button" onClick={() => set(noFilter)}>
            Clear the filter
          </button>
        }
      >
        In “{span}” nothing was told that the filter asks for.
      </EmptyState>
    )
  const collectors = data?.collectors ?? []
  if (data !== undefined && data.newest === null && data.collectors !== undefined && collectors.length === 0)
    return <NoSource />
  const newest = data?.newest ?? null
  const latest = data?.sources[0]
  return (
    <EmptyState
      title="Nothing was told"
      action={
        <button type="button" onClick={() => set({ t: { from: 'now-1w', to: 'now' } })}>
          Look at the last week
        </button>
      }
    >
      {newest === null
        ? `No trace has come yet${collectors.length === 0 ? '' : `; ${collectors.map(({ name, error }) => `${name} ${error === undefined ? 'collects' : `can’t collect: ${error}`}`).join(', ')}`}. Clouds tell of an action minutes after it.`
        : `In “${span}” nothing is stored. The newest trace is of ${time(newest)}${latest?.late == null ? '' : `, and came ${duration(latest.late * 1000)} after it happened`}: what was done since may still be on its way.`}
    </EmptyState>
  )
}

/** What to configure, for the cloud that one has. */
function NoSource(): React.ReactNode {
  const [chosen, setChosen] = useState<(typeof recipes)[number]['id']>('otc-cts')
  const recipe = recipes.find(({ id }) => id === chosen) ?? recipes[0]
  return (
    <EmptyState
      title="No source of audit traces"
      action={
        <CopyButton key={chosen} text={recipe.text}>
          Copy this configuration
        </CopyButton>
      }
    >
      <div className="no-source">
        <p>Weir tells who did what in clouds and clusters. In weir.yaml:</p>
        <Tabs label="Who tells" tabs={recipes} chosen={chosen} controls="recipe" onChange={setChosen} />
        <pre id="recipe" role="tabpanel" tabIndex={0} aria-label={recipe.title}>
          {recipe.text.trimEnd()}
        </pre>
        <p>
          Then <code>kill -HUP</code>, or <code>POST /api/v1/reload</code>. docs/guide/
          {chosen === 'kube-audit' ? 'kubernetes-audit.md' : 'cloud-audit.md'} has the rest. What others send to{' '}
          <code>POST /events</code> with “weirfamily: audit” is shown, too.
        </p>
      </div>
    </EmptyState>
  )
}
