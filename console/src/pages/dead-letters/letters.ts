import type { DeadLetter } from '../../../../src/api/published.ts'
import { deadLettersText } from './text.ts'

/** Several sinks can reject the same row: their letters share an id. */
export function keyOf({ sink, id }: Pick<DeadLetter, 'sink' | 'id'>): string {
  return `${sink}/${id}`
}

/** Sink names contain no slash. */
export function partsOf(key: string): Readonly<{ sink: string; id: string }> {
  const at = key.indexOf('/')
  return { sink: key.slice(0, at), id: key.slice(at + 1) }
}

export function bySink(keys: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const idsBySink = new Map<string, string[]>()
  for (const key of keys) {
    const { sink, id } = partsOf(key)
    idsBySink.set(sink, [...(idsBySink.get(sink) ?? []), id])
  }
  return idsBySink
}

export type Verb = 'retry' | 'drop'

export function outcome(verb: Verb, moved: number, letters: readonly DeadLetter[]): string {
  if (verb === 'drop') return deadLettersText.droppedTotal(moved)
  const states = { delivered: 0, open: 0, retrying: 0, dropped: 0 }
  for (const { state } of letters) states[state]++
  const reasons = [...new Set(letters.filter(({ state }) => state === 'open').map(({ reason }) => reason))]
  const parts = [
    ...(states.delivered > 0 ? [deadLettersText.deliveredCount(states.delivered)] : []),
    ...(states.open > 0
      ? [
          deadLettersText.rejectedAgain(
            states.open,
            reasons.slice(0, 2).join('; '),
            reasons.length > 2 ? deadLettersText.ellipsis : '',
          ),
        ]
      : []),
    ...(states.dropped > 0 ? [deadLettersText.droppedCount(states.dropped)] : []),
    ...(states.retrying > 0 ? [deadLettersText.inTransitCount(states.retrying)] : []),
    ...(moved > letters.length ? [deadLettersText.movedMore(moved - letters.length)] : []),
  ]
  return deadLettersText.retried(moved, parts.join(', ') || deadLettersText.inTransitInText)
}

export function readBody(text: string): { readonly body: object } | { readonly problem: string } {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && !Array.isArray(body)
      ? { body }
      : { problem: deadLettersText.notAnObject }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const [, position] = /position (\d+)/.exec(message) ?? []
    if (position === undefined) return { problem: deadLettersText.invalidJson(message) }
    const before = text.slice(0, Number(position)).split('\n')
    return {
      problem: deadLettersText.invalidJsonAt(
        before.length,
        (before.at(-1)?.length ?? 0) + 1,
        message.replace(/ in JSON at position.*| \(line.*/, ''),
      ),
    }
  }
}
