import type { AnswerFrame } from '../../../../src/api/published.ts'
import { momentAt, time } from '../../parts/format.ts'
import { generalText } from '../../text/general.ts'

export function sourceText({
  source,
  span,
  stored_to: storedTo,
  lost,
}: Pick<AnswerFrame, 'source' | 'span'> &
  Readonly<{ stored_to?: string | undefined; lost?: AnswerFrame['lost'] | undefined }>): string {
  if (source === 'ring') return generalText.withoutStore(time(span.from), time(span.to))
  if (lost !== undefined) return lostText(lost)
  return storedTo === undefined ? generalText.storedComplete : generalText.storedUntil(time(storedTo))
}

export function lostText(lost: NonNullable<AnswerFrame['lost']>): string {
  const [first] = lost
  const at = (iso: string | undefined) => (iso === undefined ? '' : momentAt(Date.parse(iso)))
  return generalText.storedLost(at(first?.from), at(lost.at(-1)?.to))
}
