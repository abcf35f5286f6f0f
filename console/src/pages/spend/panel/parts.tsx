import { Answered } from '../../../parts/dashboards/answered.tsx'
import { usePanelQuery } from '../../../parts/dashboards/panel-query.ts'
import { Allocations } from '../allocation.tsx'
import { daysBefore } from '../days.ts'
import { Movers } from '../movers.tsx'
import { Outlook } from '../outlook.tsx'
import { readForecast, readMovers, readSpend, readTransfers, transfersOf } from '../requests.ts'
import { spendText } from '../text.ts'
import { TransferSums } from '../transfers.tsx'
import { Treemap } from '../treemap.tsx'
import { byOf, costsOf, type PanelSelection } from './selection.ts'

export type PartProps = Readonly<{ view: string; limit: number; revision: number; selection: PanelSelection }>

/** Parts of the page besides its chart, table and sum, by view. */
export const parts: Readonly<Partial<Record<string, (props: PartProps) => React.ReactNode>>> = {
  treemap: TreemapPart,
  movers: MoversPart,
  outlook: OutlookPart,
  allocation: AllocationPart,
  transfers: TransfersPart,
}

type Reading<T> = Readonly<{
  /** All that the costs depend on, except the view. */
  of: unknown
  read: (signal: AbortSignal) => Promise<T>
  from: string
  children: (
    currency: T extends Readonly<{ currencies: readonly (infer C)[] }> ? C : never,
    costs: T,
  ) => React.ReactNode
}>

/** Reads the costs of a part, and shows it for each currency. `from`: the first day. */
function ByCurrency<T extends Readonly<{ currencies: readonly Readonly<{ currency: string }>[] }>>({
  view,
  revision,
  of,
  read,
  from,
  children,
}: Reading<T> & Pick<PartProps, 'view' | 'revision'>) {
  const answer = usePanelQuery<T>({ key: ['spend', view, of], revision, read })
  return (
    <Answered of={answer}>
      {(costs) =>
        costs.currencies.length === 0 ? (
          <p className="dim pad">{spendText.noneSince(from)}</p>
        ) : (
          costs.currencies.map((currency) => <div key={currency.currency}>{children(currency as never, costs)}</div>)
        )
      }
    </Answered>
  )
}

function TreemapPart({ view, limit, revision, selection }: PartProps) {
  const { days, group } = selection
  return (
    <ByCurrency
      {...{ view, revision }}
      of={[selection, limit]}
      read={async (signal) => {
        const { now, before } = await costsOf(selection, { limit }, signal)
        return { currencies: now.currencies, before }
      }}
      from={days.from}
    >
      {(sums, { before }) => (
        <Treemap
          of={sums}
          before={before.currencies.find(({ currency }) => currency === sums.currency)}
          by={group}
          onOnly={undefined}
        />
      )}
    </ByCurrency>
  )
}

function MoversPart({ view, limit, revision, selection }: PartProps) {
  const { filters, days, group } = selection
  const before = daysBefore(days)
  const query = { ...filters, by: byOf(selection), ...days, before_from: before.from, before_to: before.to, limit }
  return (
    <ByCurrency {...{ view, revision }} of={query} read={(signal) => readMovers(query, signal)} from={days.from}>
      {(of) => <Movers of={of} by={group} onOnly={undefined} />}
    </ByCurrency>
  )
}

function OutlookPart({ view, revision, selection: { filters, days } }: PartProps) {
  return (
    <ByCurrency {...{ view, revision }} of={filters} read={(signal) => readForecast(filters, signal)} from={days.from}>
      {(of, { month }) => <Outlook of={of} month={month} />}
    </ByCurrency>
  )
}

function AllocationPart({ view, revision, selection: { filters, days } }: PartProps) {
  const query = { ...filters, ...days, by: 'allocation' }
  return (
    <ByCurrency {...{ view, revision }} of={query} read={(signal) => readSpend(query, signal)} from={days.from}>
      {(of) => <Allocations of={of} />}
    </ByCurrency>
  )
}

function TransfersPart({ view, limit, revision, selection: { days, transfers } }: PartProps) {
  const query = transfersOf(days, transfers, limit)
  const answer = usePanelQuery({
    key: ['spend', view, query],
    revision,
    read: (signal) => readTransfers(query, signal),
  })
  return <Answered of={answer}>{(of) => <TransferSums of={of} />}</Answered>
}
