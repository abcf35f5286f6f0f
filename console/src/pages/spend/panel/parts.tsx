import { Answered } from '../../../parts/dashboards/answered.tsx'
import { usePanelQuery } from '../../../parts/dashboards/panel-query.ts'
import { Allocations } from '../allocation.tsx'
import { daysBefore } from '../days.ts'
import { Movers } from '../movers.tsx'
import { Outlook } from '../outlook.tsx'
import { readForecast, readMovers, readSpend, readTransfers, type SpendSums } from '../requests.ts'
import { spendText } from '../text.ts'
import { TransferSums } from '../transfers.tsx'
import { Treemap } from '../treemap.tsx'
import type { PanelSelection } from './selection.ts'

type PartProps = Readonly<{ view: string; limit: number; revision: number; selection: PanelSelection }>

const parts: Readonly<Record<string, (props: PartProps) => React.ReactNode>> = {
  treemap: TreemapPart,
  movers: MoversPart,
  outlook: OutlookPart,
  allocation: AllocationPart,
  transfers: TransfersPart,
}

export const hasPart = (view: string): boolean => Object.hasOwn(parts, view)

/** A part of the page besides its chart, table and sum. */
export function SpendPart(props: PartProps): React.ReactNode {
  const { view, selection } = props
  const isGrouped = view === 'treemap' || view === 'movers'
  if (isGrouped && selection.group === 'tag' && selection.tag === '')
    return <p className="dim pad">{spendText.tagMissing}</p>
  const Part = parts[view]!
  return <Part {...props} />
}

const byOf = ({ group, tag }: PanelSelection): string => (group === 'tag' ? `tag:${tag}` : group)

/** `of` shows one currency. */
function Each<T extends Readonly<{ currency: string }>>({
  currencies,
  from,
  of,
}: Readonly<{ currencies: readonly T[]; from: string; of: (currency: T) => React.ReactNode }>) {
  if (currencies.length === 0) return <p className="dim pad">{spendText.noneSince(from)}</p>
  return currencies.map((currency) => <div key={currency.currency}>{of(currency)}</div>)
}

function TreemapPart({ limit, revision, selection }: PartProps) {
  const { filters, days, group } = selection
  const query = { ...filters, by: byOf(selection) }
  const answer = usePanelQuery<Readonly<{ now: SpendSums; before: SpendSums }>>({
    key: ['spend', 'treemap', query, days, limit],
    revision,
    read: async (signal) => {
      const [now, before] = await Promise.all([
        readSpend({ ...query, ...days, limit }, signal),
        readSpend({ ...query, ...daysBefore(days), limit: 1000 }, signal),
      ])
      return { now, before }
    },
  })
  return (
    <Answered of={answer}>
      {({ now, before }) => (
        <Each
          currencies={now.currencies}
          from={days.from}
          of={(sums) => (
            <Treemap
              of={sums}
              before={before.currencies.find(({ currency }) => currency === sums.currency)}
              by={group}
              onOnly={undefined}
            />
          )}
        />
      )}
    </Answered>
  )
}

function MoversPart({ limit, revision, selection }: PartProps) {
  const { filters, days, group } = selection
  const before = daysBefore(days)
  const query = { ...filters, by: byOf(selection), ...days, before_from: before.from, before_to: before.to, limit }
  const answer = usePanelQuery({
    key: ['spend', 'movers', query],
    revision,
    read: (signal) => readMovers(query, signal),
  })
  return (
    <Answered of={answer}>
      {({ currencies }) => (
        <Each currencies={currencies} from={days.from} of={(of) => <Movers of={of} by={group} onOnly={undefined} />} />
      )}
    </Answered>
  )
}

function OutlookPart({ revision, selection: { filters, days } }: PartProps) {
  const answer = usePanelQuery({
    key: ['spend', 'outlook', filters],
    revision,
    read: (signal) => readForecast(filters, signal),
  })
  return (
    <Answered of={answer}>
      {({ currencies, month }) => (
        <Each currencies={currencies} from={days.from} of={(of) => <Outlook of={of} month={month} />} />
      )}
    </Answered>
  )
}

function AllocationPart({ revision, selection: { filters, days } }: PartProps) {
  const query = { ...filters, ...days, by: 'allocation' }
  const answer = usePanelQuery({
    key: ['spend', 'allocation', query],
    revision,
    read: (signal) => readSpend(query, signal),
  })
  return (
    <Answered of={answer}>
      {({ currencies }) => <Each currencies={currencies} from={days.from} of={(of) => <Allocations of={of} />} />}
    </Answered>
  )
}

function TransfersPart({ limit, revision, selection: { days, transfers } }: PartProps) {
  const query = { by: transfers, from: `${days.from}T00:00:00Z`, to: `${days.to}T00:00:00Z`, limit }
  const answer = usePanelQuery({
    key: ['spend', 'transfers', query],
    revision,
    read: (signal) => readTransfers(query, signal),
  })
  return <Answered of={answer}>{(of) => <TransferSums of={of} />}</Answered>
}
