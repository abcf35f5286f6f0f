import { useState } from 'react'
import { CopyButton } from '../../parts/copy-button.tsx'
import { duration, time } from '../../parts/format.ts'
import { DocLink } from '../../parts/links/doc-link.tsx'
import { EmptyState } from '../../parts/states.tsx'
import { Tabs } from '../../parts/tabs.tsx'
import { rangeText } from '../../state/range.ts'
import type { PageState } from '../../state/use-page-state.ts'
import { useNewest } from '../../api/trace-queries.ts'
import { recipes } from './text.ts'
import { isFiltered, noFilter, type AuditState } from './state.ts'
import { auditText } from '../../parts/audit/text.ts'
import { generalText } from '../../text/general.ts'

export function NoTraces({ state, set }: { state: AuditState; set: PageState<AuditState>['set'] }): React.ReactNode {
  const { data } = useNewest()
  const span = rangeText(state.t)
  if (isFiltered(state))
    return (
      <EmptyState
        title={auditText.noTraceMatches}
        action={{ text: generalText.clearFilter, onClick: () => set(noFilter) }}
      >
        {auditText.noMatchInRange(span)}
      </EmptyState>
    )
  const collectors = data?.collectors ?? []
  if (data !== undefined && data.newest === null && data.collectors !== undefined && collectors.length === 0)
    return <NoSource />
  const newest = data?.newest ?? null
  const latest = data?.sources[0]
  return (
    <EmptyState
      title={auditText.noAuditEvents}
      action={{ text: generalText.showLastWeek, onClick: () => set({ t: { from: 'now-1w', to: 'now' } }) }}
    >
      {newest === null
        ? auditText.noTraceYet(
            collectors.length === 0
              ? ''
              : `; ${collectors.map(({ name, error }) => collectorText(name, error)).join(', ')}`,
          )
        : auditText.newestTrace(
            span,
            time(newest),
            latest?.late == null ? '' : auditText.newestLate(duration(latest.late * 1000)),
          )}
    </EmptyState>
  )
}

function NoSource() {
  const [chosen, setChosen] = useState<(typeof recipes)[number]['id']>('otc-cts')
  const recipe = recipes.find(({ id }) => id === chosen) ?? recipes[0]
  return (
    <EmptyState
      title={auditText.noAuditSource}
      action={
        <CopyButton key={chosen} text={recipe.text}>
          {generalText.copyConfiguration}
        </CopyButton>
      }
    >
      <div className="no-source">
        <p>{auditText.configureHint}</p>
        <Tabs label={auditText.auditSources} tabs={recipes} chosen={chosen} controls="recipe" onChange={setChosen} />
        <pre id="recipe" role="tabpanel" tabIndex={0} aria-label={recipe.title}>
          {recipe.text.trimEnd()}
        </pre>
        <p>
          {generalText.thenRun} <code>{generalText.killHup}</code>
          {auditText.or} <code>{auditText.reloadRequest}</code>
          {auditText.see}{' '}
          {chosen === 'kube-audit' ? (
            <DocLink page="guide/kubernetes-audit">{auditText.kubernetesGuide}</DocLink>
          ) : (
            <DocLink page="guide/cloud-audit">{auditText.cloudGuide}</DocLink>
          )}
          {auditText.otherEvents} <code>{auditText.postEvents}</code> {auditText.postedEventsHint}
        </p>
      </div>
    </EmptyState>
  )
}

function collectorText(name: string, error: string | undefined) {
  return error === undefined ? auditText.collecting(name) : auditText.cannotCollect(name, error)
}
