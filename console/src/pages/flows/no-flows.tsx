import { usePipeline } from '../../api/queries.ts'
import { EmptyState } from '../../parts/states.tsx'
import { rangeText, type Range } from '../../state/range.ts'
import { flowsText } from '../../text/flows.ts'
import { generalText } from '../../text/general.ts'

interface NoFlowsProps {
  readonly filter: string
  readonly range?: Range
  readonly onClear: () => void
  readonly onWiden?: () => void
  readonly onStored?: () => void
}

export function NoFlows({ filter, range, onClear, onWiden, onStored }: NoFlowsProps): React.ReactNode {
  const { data } = usePipeline()
  const addresses = (data?.sources ?? [])
    .filter(({ type }) => /netflow|ipfix|sflow/.test(type))
    .flatMap((source) => source.addresses)
  if (filter !== '') {
    return (
      <EmptyState title={flowsText.noFlowMatches} action={{ text: generalText.clearFilter, onClick: onClear }}>
        {range === undefined ? flowsText.noneInMemory : flowsText.noneInRange(rangeText(range))} <code>{filter}</code>.
        {range === undefined && flowsText.nextMatch}
      </EmptyState>
    )
  }
  if (range !== undefined) {
    return (
      <EmptyState
        title={flowsText.noFlowsInRange}
        action={onWiden && { text: generalText.showLastWeek, onClick: onWiden }}
      >
        {flowsText.noneReceived(rangeText(range))}
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title={flowsText.noFlowsYet}
      action={onStored && { text: flowsText.showStoredFlows, onClick: onStored }}
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
