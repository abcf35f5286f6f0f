import { usePipeline } from '../../api/queries.ts'
import { EmptyState } from '../../parts/states.tsx'
import { rangeText, type Range } from '../../state/range.ts'

interface NoFlowsProps {
  readonly filter: string
  /** The span that was asked about; absent: live. */
  readonly range?: Range
  readonly onClear: () => void
  readonly onWiden?: () => void
  readonly onStored?: () => void
}

/** Why there is nothing: the filter, the span, or that nobody sends. */
export function NoFlows({ filter, range, onClear, onWiden, onStored }: NoFlowsProps): React.ReactNode {
  const { data } = usePipeline()
  const addresses = (data?.sources ?? [])
    .filter(({ type }) => /netflow|ipfix|sflow/.test(type))
    .flatMap((source) => source.addresses)
  if (filter !== '') {
    return (
      <EmptyState
        title="No flow matches"
        action={
          <button type="button" onClick={onClear}>
            Clear the filter
          </button>
        }
      >
        {range === undefined ? 'Among those in the live memory none matches' : `In “${rangeText(range)}” none matches`}{' '}
        <code>{filter}</code>.{range === undefined && ' The next one that does is shown here as it arrives.'}
      </EmptyState>
    )
  }
  if (range !== undefined) {
    return (
      <EmptyState
        title="No flows in this span"
        action={
          onWiden !== undefined && (
            <button type="button" onClick={onWiden}>
              Look at the last week
            </button>
          )
        }
      >
        Nothing was received in “{rangeText(range)}”.
      </EmptyState>
    )
  }
  return (
    <EmptyState
      title="No flows yet"
      action={
        onStored !== undefined && (
          <button type="button" onClick={onStored}>
            Look at stored flows
          </button>
        )
      }
    >
      {addresses.length === 0 ? (
        <p>
          No source listens for flows. Start Weir with <code>--netflow 0.0.0.0:2055</code>, then point an exporter at
          it.
        </p>
      ) : (
        <>
          <p>Weir listens. Point an exporter (router, switch, softflowd) at one of:</p>
          <pre>{addresses.join('\n')}</pre>
        </>
      )}
      <p>From this machine, for a try:</p>
      <pre>softflowd -i any -v 5 -t maxlife=10 -n 127.0.0.1:{/:(\d+)$/.exec(addresses[0] ?? '')?.[1] ?? '2055'}</pre>
    </EmptyState>
  )
}
