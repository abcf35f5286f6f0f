import { changeText, money } from '../../../parts/money.ts'
import { stepOf, type Group } from '../days.ts'
import { groupText, shareText } from '../group-text.ts'
import type { SpendCurrency } from '../requests.ts'
import { SpendSeries } from '../series.tsx'
import { groupNames, spendText } from '../text.ts'
import { count } from '../../../parts/format.ts'
import { generalText } from '../../../text/general.ts'
import { Answered } from '../../../parts/dashboards/answered.tsx'
import { usePanelQuery } from '../../../parts/dashboards/panel-query.ts'
import { PanelTable } from '../../../parts/dashboards/panel-table.tsx'
import type { PanelProps } from '../../../parts/dashboards/kind.ts'
import { parts, type PartProps } from './parts.tsx'
import { costsOf, selectionOf, type Costs } from './selection.ts'
import '../spend.css'

/** Costs of whole days: the time range of the dashboard does not apply. */
export default function SpendPanel(props: PanelProps): React.ReactNode {
  const { panel, revision } = props
  const { view, limit } = panel
  const selection = selectionOf(props)
  const isGrouped = view !== 'outlook' && view !== 'allocation' && view !== 'transfers'
  if (isGrouped && selection.group === 'tag' && selection.tag === '')
    return <p className="dim pad">{spendText.tagMissing}</p>
  const Part = parts[view] ?? CostsPart
  return <Part view={view} limit={limit} revision={revision} selection={selection} />
}

function CostsPart({ view, limit, revision, selection }: PartProps) {
  const { group, span, days } = selection
  const answer = usePanelQuery<Costs>({
    key: ['spend', selection, limit],
    revision,
    read: (signal) => costsOf(selection, { limit, step: stepOf(span) }, signal),
  })
  return (
    <Answered of={answer}>
      {({ now, before }) =>
        now.currencies.length === 0 ? (
          <p className="dim pad">{spendText.noneSince(days.from)}</p>
        ) : (
          now.currencies.map((of) => (
            <Currency
              key={of.currency}
              of={of}
              before={before.currencies.find(({ currency }) => currency === of.currency)}
              group={group}
              step={stepOf(span)}
              view={view}
            />
          ))
        )
      }
    </Answered>
  )
}

type CurrencyProps = Readonly<{
  of: SpendCurrency
  before: SpendCurrency | undefined
  group: Group
  step: 'day' | 'month'
  view: string
}>

function Currency({ of, before, group, step, view }: CurrencyProps) {
  const { currency, cost } = of
  if (view === 'table') return <Groups of={of} before={before} group={group} />
  return (
    <>
      <p className="stat-value number">
        {money(cost, currency)} <span className="dim">{changeText(cost, before?.cost) ?? ''}</span>
      </p>
      {view !== 'stat' && <SpendSeries of={of} by={group} step={step} forecast={undefined} budget={undefined} />}
    </>
  )
}

function Groups({ of, before, group }: Pick<CurrencyProps, 'of' | 'before' | 'group'>) {
  const { currency, cost: total, groups: rows, others } = of
  const lineOf = (name: string, cost: string, earlier?: string) => [
    name,
    money(cost, currency),
    shareText(cost, total),
    changeText(cost, earlier) ?? '–',
  ]
  return (
    <PanelTable
      columns={[
        { id: 'group', title: groupNames[group] },
        { id: 'cost', title: spendText.cost, end: true },
        { id: 'share', title: spendText.share, end: true },
        { id: 'change', title: spendText.change, end: true },
      ]}
      rows={[
        ...rows.map((row) =>
          lineOf(groupText(row, group), row.cost, before?.groups.find(({ value }) => value === row.value)?.cost),
        ),
        ...(others.groups > 0 ? [lineOf(generalText.remaining(count(others.groups)), others.cost)] : []),
      ]}
    />
  )
}
