import type { CurrencyForecast, SpendCurrency, SpendGroup, SpendMovers } from './requests.ts'
import { AddToDashboard } from '../../parts/dashboards/add-button.tsx'
import { SpendSeries } from './series.tsx'
import { count } from '../../parts/format.ts'
import { changeText, money } from '../../parts/money.ts'
import { TableHead } from '../../parts/table-head.tsx'
import { generalText } from '../../text/general.ts'
import { groupNames, spendText } from './text.ts'
import { Allocations } from './allocation.tsx'
import { shareText } from './group-text.ts'
import { spendPanel, type AddedView } from './board-panel.ts'
import { GroupName, Movers } from './movers.tsx'
import { Outlook } from './outlook.tsx'
import { type SpendState } from './state.ts'
import { stepOf, type Days } from './days.ts'
import { Treemap } from './treemap.tsx'

type CurrencyProps = Readonly<{
  of: SpendCurrency
  /** The period before; undefined until it is known. */
  before: SpendCurrency | undefined
  isCompared: boolean
  /** All groups, as far as the treemap draws them. */
  parts: SpendCurrency | undefined
  allocation: SpendCurrency | undefined
  movers: SpendMovers['currencies'][number] | undefined
  forecast: CurrencyForecast | undefined
  /** Of the forecast. */
  month: string
  days: Days
  state: SpendState
  onOnly: ((value: string) => void) | undefined
}>

function Add({ of, view }: Readonly<{ of: SpendState; view: AddedView }>) {
  return <AddToDashboard of={spendPanel(of, view)} as="mark" />
}

export function Currency(props: CurrencyProps): React.ReactNode {
  const { of, before, isCompared, parts, allocation, movers, forecast, month, days, state, onOnly } = props
  const { currency, cost, estimated } = of
  const change = changeText(cost, before?.cost)
  const step = stepOf(state.span)
  return (
    <section className="panel spend-currency" aria-label={spendText.costs(currency)}>
      <header>
        <h2>{spendText.total(currency)}</h2>
        <b className="number">{money(cost, currency)}</b>
        <span className={change === undefined ? 'dim' : Number(cost) > Number(before?.cost) ? 'warning' : 'good'}>
          {isCompared ? (change ?? spendText.noneBefore) : generalText.loading}
        </span>
        {change !== undefined && <span className="dim">{spendText.comparedWith(days.from, days.to)}</span>}
        <span className="dim">
          {Number(estimated) === 0 ? spendText.allFinal : spendText.estimated(money(estimated, currency))}
        </span>
        <Add of={state} view="stat" />
      </header>
      {forecast !== undefined && state.span === 'month' && (
        <Outlook of={forecast} month={month} menu={<Add of={state} view="outlook" />} />
      )}
      <SpendSeries
        of={of}
        by={state.by}
        step={step}
        forecast={forecast}
        budget={budgetOf(forecast, state)}
        menu={<Add of={state} view="chart" />}
      />
      <div className="spend-columns">
        <div>
          <Groups of={of} before={before} state={state} onOnly={onOnly} />
          {movers !== undefined && (
            <Movers of={movers} by={state.by} onOnly={onOnly} menu={<Add of={state} view="movers" />} />
          )}
        </div>
        <div>
          {parts !== undefined && (
            <Treemap
              of={parts}
              before={before}
              by={state.by}
              onOnly={onOnly}
              menu={<Add of={state} view="treemap" />}
            />
          )}
          {allocation !== undefined && <Allocations of={allocation} menu={<Add of={state} view="allocation" />} />}
        </div>
      </div>
    </section>
  )
}

function Groups({ of, before, state, onOnly }: Pick<CurrencyProps, 'of' | 'before' | 'state' | 'onOnly'>) {
  const { currency, cost, groups, others } = of
  const groupName = groupNames[state.by]
  return (
    <section aria-label={spendText.costsOf(currency, groupName)}>
      <h3>
        {spendText.costsBy(groupName)} <Add of={state} view="table" />
      </h3>
      <table className="peers-table spend-groups">
        <TableHead
          columns={[
            groupName,
            [spendText.cost, 'end'],
            [spendText.share, 'end'],
            [spendText.before, 'end'],
            [spendText.change, 'end'],
          ]}
        />
        <tbody>
          {groups.map((group) => (
            <Row
              key={group.value ?? ''}
              group={group}
              of={of}
              before={before?.groups.find(({ value }) => value === group.value)?.cost}
              by={state.by}
              onOnly={onOnly}
            />
          ))}
          {others.groups > 0 && (
            <tr>
              <td className="dim">{generalText.remaining(count(others.groups))}</td>
              <td className="end">{money(others.cost, currency)}</td>
              <td className="end">{shareText(others.cost, cost)}</td>
              <td className="end">–</td>
              <td className="end">–</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}

/** Of the selected account, or of all. */
function budgetOf(forecast: CurrencyForecast | undefined, { account }: SpendState): number | undefined {
  const [only = null] = account
  if (account.length > 1) return undefined
  const amount = forecast?.budgets.find((budget) => budget.account === only)?.amount
  return amount === undefined ? undefined : Number(amount)
}

function Row({
  group,
  of: { currency, cost: total },
  before,
  by,
  onOnly,
}: Readonly<{
  group: SpendGroup
  of: SpendCurrency
  before: string | undefined
  by: SpendState['by']
  onOnly: ((value: string) => void) | undefined
}>): React.ReactNode {
  const { cost } = group
  return (
    <tr>
      <td>
        <GroupName of={group} by={by} onOnly={onOnly} />
      </td>
      <td className="end" title={cost}>
        {money(cost, currency)}
      </td>
      <td className="end">{shareText(cost, total)}</td>
      <td className="end">{before === undefined ? '–' : money(before, currency)}</td>
      <td className="end">{changeText(cost, before) ?? '–'}</td>
    </tr>
  )
}
