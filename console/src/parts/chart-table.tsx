import { difference } from './difference.ts'
import { momentAt } from './format.ts'
import type { ChartMark, ChartSeries } from './chart.tsx'
import { partsText } from '../text/parts.ts'
import { generalText } from '../text/general.ts'

type ValueTableProps = Readonly<{
  times: readonly number[]
  series: readonly ChartSeries[]
  marks: readonly ChartMark[]
  height: number
  format: (value: number) => string
}>

export function valueText(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? '–' : format(value)
}

/** With the difference to the earlier value, if that is known. */
export function comparedText(
  { values, earlier }: ChartSeries,
  index: number,
  format: (value: number) => string,
): string {
  const [text, change] = [valueText(values[index], format), difference(values[index], earlier?.[index])]
  return change === '' ? text : partsText.difference(text, change)
}

export function isIn(times: readonly number[], index: number, { at, since = at }: ChartMark): boolean {
  return at >= (times[index] ?? Infinity) && since < (times[index + 1] ?? Infinity)
}

export function markText(marks: readonly ChartMark[]): string {
  return marks.map(({ is, text }) => (is === 'gap' ? partsText.gapReason(text) : text)).join('; ')
}

export function ValueTable({ times, series, marks, height, format }: ValueTableProps): React.ReactNode {
  return (
    <div className="chart-table" style={{ maxHeight: height }} tabIndex={0} role="region" aria-label={partsText.values}>
      <table>
        <thead>
          <tr>
            <th scope="col">{generalText.from}</th>
            {series.map(({ name }, index) => (
              <th key={`${index} ${name}`} scope="col" className="end">
                {name}
              </th>
            ))}
            {marks.length > 0 && <th scope="col">{partsText.events}</th>}
          </tr>
        </thead>
        <tbody>
          {times.map((at, row) => (
            <tr key={at}>
              <th scope="row" className="mono">
                {momentAt(at * 1000)}
              </th>
              {series.map((part, index) => (
                <td key={`${index} ${part.name}`} className="end">
                  {comparedText(part, row, format)}
                </td>
              ))}
              {marks.length > 0 && (
                <td>
                  {markText(
                    marks.filter((mark) => isIn(times, row, mark) && (row === 0 || !isIn(times, row - 1, mark))),
                  )}
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
