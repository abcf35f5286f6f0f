import { filterText } from '../text/filter.ts'
import { termsOf } from './filter-chips.ts'
import { meaningText } from './meaning-text.ts'

/** Undefined: the text of the condition is shown. */
export function conditionText(condition: string): string | undefined {
  const meaning = termsOf(condition)
  if (meaning === undefined) return undefined
  const text = meaningText(meaning)
  return meaning.not ? filterText.not(text) : text
}
