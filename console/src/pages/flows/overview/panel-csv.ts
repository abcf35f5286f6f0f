import type { ChartSeries } from '../../../parts/chart.tsx'
import { zoneName } from '../../../parts/cell-text.ts'
import { count, fullTime } from '../../../parts/format.ts'
import { csvOf } from '../../../parts/save-file.ts'
import { flowsText } from '../../../parts/flows/text.ts'
import { generalText } from '../../../text/general.ts'
import { difference } from '../../../parts/difference.ts'
import { panelsText } from './text.ts'
import { amount, measureNames, percent } from './names.ts'
import type { Measure } from './state.ts'
import { timesCsv, type Shares } from './sums.ts'

/** `shown`: titles, order and units of the screen. `raw`: numbers and names of fields. */
export type PanelCsv = Readonly<{ shown: () => string; raw: () => string }>

type TimesCsv = Readonly<{
  times: readonly number[]
  series: readonly ChartSeries[]
  format: (value: number) => string
  /** Follows the names of the raw values. */
  unit?: string
  /** Instead of the drawn ones. */
  raw?: readonly ChartSeries[]
}>

export function csvOfTimes({ times, series, format, unit, raw = series }: TimesCsv): PanelCsv {
  return {
    shown: () =>
      csvOf(
        [`${generalText.from} (${zoneName()})`, ...series.map(({ name }) => name)],
        times.map((time, at) => [
          fullTime(new Date(time * 1000).toISOString()),
          ...series.map(({ values }) => {
            const value = values[at]
            return value === null || value === undefined ? null : format(value)
          }),
        ]),
      ),
    raw: () => timesCsv(times, raw, unit),
  }
}

type SharesCsv = Readonly<{
  data: Shares
  measure: Measure
  /** Of the column of names. */
  title: string
  /** Whether the screen shows the others. */
  others: boolean
  raw: () => string
}>

export function csvOfShares({ data, measure, title, others, raw }: SharesCsv): PanelCsv {
  return {
    raw,
    shown: () =>
      csvOf(
        [
          title,
          measureNames[measure],
          flowsText.share,
          ...(data.earlier === undefined ? [] : [panelsText.earlier, panelsText.change]),
        ],
        data.shares
          .filter(({ cells }) => others || cells !== undefined)
          .map(({ name, cells, amount: sum, earlier }) => [
            cells === undefined ? generalText.remaining(count(data.othersCount)) : name,
            amount(measure, sum),
            percent(sum, data.total),
            ...(data.earlier === undefined
              ? []
              : [earlier === undefined ? null : amount(measure, earlier), difference(sum, earlier)]),
          ]),
      ),
  }
}
