import { momentAt } from './format.ts'
import type { ChartSeries } from './chart.tsx'

interface ValueTableProps {
  readonly times: readonly number[]
  readonly series: readonly ChartSeries[]
  readonly height: number
  readonly format: (value: number) => string
}

export function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value)
}

/** The same as the chart beside it, in figures. */
export function ValueTable({ times, series, height, format }: ValueTableProps): React.ReactNode {
  return (
    <div className="chart-table" style={{ maxHeight: height }} tabIndex={0} role="region" aria-label="Values">
      <table>
        <thead><tr><th scope="col">From</th>{series.map(({ name }, index) => <th key={`${index} ${name}`} scope="col" className="end">{name}</th>)}</tr></thead>
        <tbody>
          {times.map((at, row) => (
            <tr key={at}>
              <th scope="row" className="mono">{momentAt(at * 1000)}</th>
              {series.map(({ name, values }, index) => <td key={`${index} ${name}`} className="end">{valueText(values[row], format)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
