import type { BudgetState, CurrencyForecast } from './requests.ts'
import { counted } from '../../parts/format.ts'
import { money } from '../../parts/money.ts'
import { generalText } from '../../text/general.ts'
import { budgetTexts, spendText } from './text.ts'

const monthName = new Intl.DateTimeFormat(undefined, { month: 'long', year: 'numeric', timeZone: 'UTC' })
const tones = { kept: 'good', expected: 'warning', exceeded: 'bad' } as const
const marks = { kept: '●', expected: '▲', exceeded: '✕' } as const

type OutlookProps = Readonly<{ of: CurrencyForecast; month: string; menu?: React.ReactNode }>

export function Outlook({ of, month, menu }: OutlookProps): React.ReactNode {
  const { currency, forecast, rate, basis, finalDays, openDays, budgets } = of
  return (
    <section className="spend-outlook" aria-label={spendText.outlookOf(currency)}>
      <p>
        <span>{spendText.forecastFor(monthName.format(Date.parse(month)))}</span>{' '}
        {forecast === null || rate === null ? (
          <span className="dim">{spendText.noForecast}</span>
        ) : (
          <>
            <b className="number">{money(forecast, currency)}</b>{' '}
            <span className="dim number">
              {basis === 'final'
                ? spendText.rateOf(money(rate, currency), counted(finalDays, 'finalDay'))
                : spendText.rateOfEstimates(money(rate, currency))}
              {openDays.length > 0 && ` · ${spendText.openDays(counted(openDays.length, 'day'))}`}
            </span>
          </>
        )}{' '}
        {menu}
      </p>
      {budgets.map((budget) => (
        <Budget key={budget.account ?? ''} of={budget} currency={currency} />
      ))}
    </section>
  )
}

function Budget({ of, currency }: { readonly of: BudgetState; readonly currency: string }): React.ReactNode {
  const { account, amount, cost, forecast, state } = of
  const most = Math.max(Number(amount), Number(cost), Number(forecast ?? 0), 0.01)
  const width = (of: string): string => `${Math.max(0, Math.min(100, (100 * Number(of)) / most))}%`
  const text = budgetTexts[state](difference(state === 'exceeded' ? cost : (forecast ?? cost), amount, currency))
  return (
    <div className="spend-budget">
      <span>{account === null ? spendText.budget : spendText.budgetOf(account)}</span>
      <span className="number">{money(amount, currency)}</span>
      <span
        className={`budget-bar ${tones[state]}`}
        role="img"
        aria-label={spendText.budgetBar(
          money(cost, currency),
          forecast === null ? generalText.unknown : money(forecast, currency),
          money(amount, currency),
        )}
      >
        {forecast !== null && <i className="budget-forecast" style={{ width: width(forecast) }} />}
        <i className="budget-cost" style={{ width: width(cost) }} />
        <i className="budget-line" style={{ left: width(amount) }} />
      </span>
      <span className={`${tones[state]} number`}>
        {marks[state]} {text}
      </span>
    </div>
  )
}

const difference = (of: string, amount: string, currency: string): string =>
  money(Math.abs(Number(of) - Number(amount)).toFixed(2), currency)
