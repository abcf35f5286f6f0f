import { useMemo } from 'react'
import type { SpendCurrency, SpendGroup } from '../../api/spend.ts'
import { Chart, type ChartSeries } from '../../parts/chart.tsx'
import { count } from '../../parts/format.ts'
import { changeText, money } from '../../parts/money.ts'
import { TableHead } from '../../parts/table-head.tsx'
import { generalText } from '../../text/general.ts'
import { groupNames, spendText } from '../../text/spend.ts'
import { stepOf, type Days, type SpendState } from './state.ts'

type CurrencyProps = Readonly<{
  of: SpendCurrency
  /** The period before; undefined until it is known. */
  before: SpendCurrency | undefined
  isCompared: boolean
  days: Days
  state: SpendState
  onOnly: ((value: string) => void) | undefined
}>

const daySeconds = 86_400

/** Midnight in the browser's zone, which shows the day of UTC. */
function startOf(start: string): number {
  const [year = 0, month = 1, day = 1] = start.split('-').map(Number)
  return new Date(year, month - 1, day).getTime() / 1000
}

const groupText = ({ value, name }: Pick<SpendGroup, 'value' | 'name'>): string =>
  name ?? value ?? spendText.unallocated

export function Currency({ of, before, isCompared, days, state, onOnly }: CurrencyProps): React.ReactNode {
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
      </header>
      <Series of={of} step={step} />
      <table className="peers-table">
        <TableHead
          columns={[
            groupNames[state.by],
            [spendText.cost, 'end'],
            [spendText.share, 'end'],
            [spendText.before, 'end'],
            [spendText.change, 'end'],
          ]}
        />
        <tbody>
          {of.groups.map((group) => (
            <Row
              key={group.value ?? ''}
              group={group}
              of={of}
              before={before?.groups.find(({ value }) => value === group.value)?.cost}
              onOnly={group.value === null ? undefined : onOnly}
            />
          ))}
          {of.others.groups > 0 && (
            <tr>
              <td className="dim">{generalText.remaining(count(of.others.groups))}</td>
              <td className="end">{money(of.others.cost, currency)}</td>
              <td className="end">{shareText(of.others.cost, cost)}</td>
              <td className="end">–</td>
              <td className="end">–</td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  )
}

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 })
const shareText = (part: string, whole: string): string =>
  Number(whole) === 0 ? '–' : percent.format(Number(part) / Number(whole))

function Row({
  group,
  of: { currency, cost: total },
  before,
  onOnly,
}: Readonly<{
  group: SpendGroup
  of: SpendCurrency
  before: string | undefined
  onOnly: ((value: string) => void) | undefined
}>): React.ReactNode {
  const { value, cost } = group
  const name = groupText(group)
  return (
    <tr>
      <td>
        {value === null || onOnly === undefined ? (
          <span className={value === null ? 'dim' : undefined}>{name}</span>
        ) : (
          <button type="button" className="quiet" title={spendText.only(value)} onClick={() => onOnly(value)}>
            {name}
          </button>
        )}
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

function Series({ of, step }: Readonly<{ of: SpendCurrency; step: 'day' | 'month' }>): React.ReactNode {
  const { currency } = of
  const { times, series, unknown } = useMemo(() => {
    const { buckets, groups, others } = of
    const starts = buckets.map(({ start }) => startOf(start))
    const drawn = groups.map((group, at): ChartSeries => ({
      name: groupText(group),
      values: buckets.map(({ costs }) => Number(costs[at] ?? 0)),
    }))
    const rest = { name: spendText.others, values: buckets.map(({ costs }) => Number(costs.at(-1) ?? 0)), other: true }
    const width = step === 'day' ? daySeconds : 28 * daySeconds
    return {
      times: starts,
      series: others.groups > 0 ? [...drawn, rest] : drawn,
      unknown: buckets.flatMap(({ estimated }, at) =>
        Number(estimated) === 0 ? [] : [{ from: starts[at]!, to: starts[at + 1] ?? starts[at]! + width }],
      ),
    }
  }, [of, step])
  const format = useMemo(() => (value: number) => money(value.toFixed(2), currency), [currency])
  if (times.length < 2) return null
  return (
    <Chart
      label={spendText.byDay(currency, spendText[step])}
      times={times}
      series={series}
      unknown={unknown}
      unknownText={spendText.notFinal}
      stacked
      height={180}
      format={format}
    />
  )
}
