import type { SpendGroup } from './requests.ts'
import { allocationNames, spendText } from './text.ts'
import type { Group } from './days.ts'

const percent = new Intl.NumberFormat(undefined, {
  style: 'percent',
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
})

export function shareText(part: string, whole: string): string {
  return Number(whole) === 0 ? '–' : percent.format(Number(part) / Number(whole))
}

/** Charges without a resource serve several of them. */
export function groupText({ value, name }: Pick<SpendGroup, 'value' | 'name'>, by: Group): string {
  if (value === null) return by === 'resource' ? allocationNames.shared : spendText.unallocated
  return name ?? value
}
