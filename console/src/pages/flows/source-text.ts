import type { AnswerFrame } from '../../../../src/api/published.ts'
import { time } from '../../parts/format.ts'
import { generalText } from '../../text/general.ts'

export function sourceText({
  source,
  span,
  stored_to: storedTo,
}: Pick<AnswerFrame, 'source' | 'span' | 'stored_to'>): string {
  if (source === 'ring') return generalText.withoutStore(time(span.from), time(span.to))
  return storedTo === undefined ? generalText.storedComplete : generalText.storedUntil(time(storedTo))
}
