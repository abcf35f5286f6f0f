import { addDecimals } from '../../codecs/focus/index.ts'
import type { SpendSums } from './schema.ts'

export type SumRow = Readonly<{
  currency: string
  place: number
  start: string | null
  value: string | null
  name: string | null
  values: number
  cost: string
  estimated: string
}>

const sumsOf = (rows: readonly SumRow[]) => ({
  cost: addDecimals(rows.map(({ cost }) => cost)),
  estimated: addDecimals(rows.map(({ estimated }) => estimated)),
})

/** `groups` and `buckets`: rows of {@link spendSumsSql}. The group at the place after `limit` is the rest. */
export function currenciesOf(
  groups: readonly SumRow[],
  buckets: readonly SumRow[],
  limit: number,
): SpendSums['currencies'] {
  return [...new Set(groups.map(({ currency }) => currency))].map((currency) => {
    const ofCurrency = groups.filter((row) => row.currency === currency)
    const shown = ofCurrency.filter(({ place }) => Number(place) <= limit)
    const rest = ofCurrency.find(({ place }) => Number(place) > limit)
    const byStart = Map.groupBy(
      buckets.filter((row) => row.currency === currency),
      ({ start }) => start ?? '',
    )
    return {
      currency,
      ...sumsOf(ofCurrency),
      groups: shown.map((row) => ({ value: row.value, name: row.name, ...sumsOf([row]) })),
      others: { groups: Number(rest?.values ?? 0), ...sumsOf(rest === undefined ? [] : [rest]) },
      buckets: [...byStart]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([start, rows]) => ({
          start,
          ...sumsOf(rows),
          costs: [...shown, ...(rest === undefined ? [] : [rest])].map(({ place }) =>
            addDecimals(rows.filter((row) => row.place === place).map(({ cost }) => cost)),
          ),
        })),
    }
  })
}
