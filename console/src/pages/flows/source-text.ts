import type { FlowFrame } from '../../../../src/api/published.ts'
import { shortTime, time } from '../../parts/format.ts'
import { generalText } from '../../text/general.ts'

type Spans = NonNullable<FlowFrame['lost']>
type Facts = Pick<FlowFrame, 'source' | 'span'> &
  Readonly<{ stored_to?: string | undefined; lost?: Spans | undefined; stopped?: Spans | undefined }>

export function sourceText({ source, span, stored_to: storedTo, lost, stopped }: Facts): string {
  if (source === 'ring') return generalText.withoutStore(time(span.from), time(span.to))
  const missing = [
    ...(lost === undefined ? [] : [lostText(lost)]),
    ...(stopped === undefined ? [] : [generalText.storedStopped(spansText(stopped))]),
  ]
  if (missing.length > 0) return generalText.incomplete(missing.join(', '))
  return storedTo === undefined ? generalText.storedComplete : generalText.storedUntil(secondOf(storedTo))
}

/** Without milliseconds, which change with each reading. */
const secondOf = (iso: string): string => shortTime(iso).replace(/\.\d{3}$/, '')

export function lostText(lost: Spans): string {
  return generalText.storedLost(spansText(lost))
}

function spansText(spans: Spans) {
  const last = spans.at(-1)
  const text = last === undefined ? '' : `${shortTime(last.from)} – ${shortTime(last.to)}`
  return spans.length === 1 ? text : generalText.spansUntil(String(spans.length), text)
}
