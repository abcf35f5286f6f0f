import { useMemo } from 'react'
import { Chart, type ChartSeries } from '../../parts/chart.tsx'
import { money } from '../../parts/money.ts'
import type { Group } from './days.ts'
import { groupText } from './group-text.ts'
import type { CurrencyForecast, SpendCurrency } from './requests.ts'
import { spendText } from './text.ts'

const daySeconds = 86_400

/** Midnight in the browser's zone, which shows the day of UTC. */
function startOf(start: string): number {
  const [year = 0, month = 1, day = 1] = start.split('-').map(Number)
  return new Date(year, month - 1, day).getTime() / 1000
}

type SeriesProps = Readonly<{
  of: SpendCurrency
  by: Group
  step: 'day' | 'month'
  forecast: CurrencyForecast | undefined
  /** Of a month. */
  budget: number | undefined
  height?: number
  menu?: React.ReactNode
}>

/** Days of the month of `start`. */
function daysIn(start: string): number {
  const [year = 0, month = 1] = start.split('-').map(Number)
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

export function SpendSeries({ of, by, step, forecast, budget, height = 180, menu }: SeriesProps): React.ReactNode {
  const { currency } = of
  const { times, series, lines, unknown } = useMemo(() => {
    const { buckets, groups, others } = of
    const starts = buckets.map(({ start }) => startOf(start))
    const drawn = groups.map((group, at): ChartSeries => ({
      name: groupText(group, by),
      values: buckets.map(({ costs }) => Number(costs[at] ?? 0)),
    }))
    const rest = { name: spendText.others, values: buckets.map(({ costs }) => Number(costs.at(-1) ?? 0)), other: true }
    const width = step === 'day' ? daySeconds : 28 * daySeconds
    const isOpen = (start: string, estimated: string): boolean =>
      Number(estimated) !== 0 || (step === 'day' && forecast?.openDays.includes(start) === true)
    return {
      times: starts,
      series: others.groups > 0 ? [...drawn, rest] : drawn,
      lines: budget === undefined ? none : [budgetLine(buckets, budget, step)],
      unknown: buckets.flatMap(({ start, estimated }, at) =>
        isOpen(start, estimated) ? [{ from: starts[at]!, to: starts[at + 1] ?? starts[at]! + width }] : [],
      ),
    }
  }, [of, by, step, forecast, budget])
  const format = useMemo(() => (value: number) => money(value.toFixed(2), currency), [currency])
  if (times.length < 2) return null
  return (
    <Chart
      label={spendText.byDay(currency, spendText[step])}
      times={times}
      series={series}
      lines={lines}
      unknown={unknown}
      unknownText={spendText.notFinal}
      stacked
      height={height}
      menu={menu}
      format={format}
    />
  )
}

const none: readonly never[] = []

function budgetLine(buckets: SpendCurrency['buckets'], budget: number, step: 'day' | 'month'): ChartSeries {
  return {
    name: step === 'day' ? spendText.budgetPerDay : spendText.budgetPerMonth,
    values: buckets.map(({ start }) => (step === 'day' ? budget / daysIn(start) : budget)),
  }
}
