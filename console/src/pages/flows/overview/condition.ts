import { literal } from '../../../parts/filter-text.ts'

/** The filter for rows that have these values. */
export function conditionOf(fields: readonly string[], cells: readonly unknown[]): string {
  return fields.map((field, index) => {
    const cell = cells[index]
    return cell === null || cell === undefined ? `not exists(${field})` : `${field} = ${literal(cell)}`
  }).join(' and ')
}
