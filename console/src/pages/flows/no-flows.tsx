import { usePipeline } from '../../api/queries.ts'
import { EmptyState } from '../../parts/states.tsx'
import { rangeText } from '../../state/range.ts'
import type { FlowViewProps } from './views.ts'
import { flowsText } from '../../parts/flows/text.ts'
import { generalText } from '../../text/general.ts'

export function NoFlows({ state, set }: Pick<FlowViewProps, 'state' | 'set'>): React.ReactNode {
  const { filter, live, t } = state
  const { data } = usePipeline()
  const addresses = (data?.sources ?? [])
    .filter(({ type }) => /netflow|ipfix|sflow/.test(type))
    .flatMap((source) => source.addresses)
  if (filter !== '') {
    return (
      <EmptyState
        title={flowsText.noFlowMatches}
        action={{ text: generalText.clearFilter, onClick: () => set({ q: '', quick: [] }) }}
      >
        {live ? flowsText.noneInMemory : flowsText.noneInRange(rangeText(t))} <code>{filter}</code>.
        {live && flowsText.nextMatch}
      </EmptyState>
    )
  }
  if (!live) {
    return (
      <EmptyState
        title={flowsText.noFlowsInRange}
        action={{ text: generalText.showLastWeek, onClick: () => set({ t: { from: 'now-1w', to: 'now' } }) }}
      >
        {flowsText.noneReceived(rangeText(t))}
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title={flowsText.noFlowsYet}
      action={{ text: flowsText.showStoredFlows, onClick: () => set({ live: false }) }}
    >
      {addresses.length === 0 ? (
        <p>
          {flowsText.noListener} <code>{flowsText.netflowFlag}</code>
          {flowsText.thenPoint}
        </p>
      ) : (
        <>
          <p>{flowsText.listensHint}</p>
          <pre>{addresses.join('\n')}</pre>
        </>
      )}
      <p>{flowsText.testHint}</p>
      <pre>{flowsText.softflowd(/:(\d+)$/.exec(addresses[0] ?? '')?.[1] ?? '2055')}</pre>
    </EmptyState>
  )
}
