import { difference } from '../../../parts/difference.ts'
import { panelsText } from './text.ts'
import { amount, percent } from './names.ts'
import type { Measure } from './state.ts'
import type { Share } from './sums.ts'

/** `api: 1.2 MB, 12.5 % (+50 %, earlier 0.8 MB)` */
export function shareText({ name, amount: value, earlier }: Share, measure: Measure, total: number): string {
  const text = `${name}: ${amount(measure, value)}, ${percent(value, total)}`
  return earlier === undefined
    ? text
    : panelsText.comparedShare(text, difference(value, earlier), amount(measure, earlier))
}
