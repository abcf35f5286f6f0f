import type { DeadLetter } from '../../../../src/api/published.ts'

/** Sinks that refused the same row have a letter each, of the same id. */
export function keyOf({ sink, id }: Pick<DeadLetter, 'sink' | 'id'>): string {
  return `${sink}/${id}`
}

/** Names of sinks have no slash. */
export function partsOf(key: string): { readonly sink: string; readonly id: string } {
  const at = key.indexOf('/')
  return { sink: key.slice(0, at), id: key.slice(at + 1) }
}

/** Ids by sink, as the API takes them. */
export function bySink(keys: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const key of keys) {
    const { sink, id } = partsOf(key)
    found.set(sink, [...(found.get(sink) ?? []), id])
  }
  return found
}

export type Verb = 'retry' | 'drop'

/** What became of letters that were moved, in one sentence. `letters` are those that could be asked for again. */
export function outcome(verb: Verb, moved: number, letters: readonly DeadLetter[]): string {
  if (verb === 'drop') return `${moved} dropped, and counted as dropped.`
  const states = { delivered: 0, open: 0, retrying: 0, dropped: 0 }
  for (const { state } of letters) states[state]++
  const reasons = [...new Set(letters.filter(({ state }) => state === 'open').map(({ reason }) => reason))]
  const told = [
    ...(states.delivered > 0 ? [`${states.delivered} delivered`] : []),
    ...(states.open > 0
      ? [`${states.open} refused again (${reasons.slice(0, 2).join('; ')}${reasons.length > 2 ? ' …' : ''})`]
      : []),
    ...(states.dropped > 0 ? [`${states.dropped} dropped`] : []),
    ...(states.retrying > 0 ? [`${states.retrying} still on the way`] : []),
    ...(moved > letters.length
      ? [`${moved - letters.length} more moved back to pending: the ledger counts what becomes of them`]
      : []),
  ]
  return `${moved} tried again: ${told.join(', ') || 'on the way'}.`
}

/** A body as it is edited; `problem` says where a text is no JSON object. */
export function readBody(text: string): { readonly body: object } | { readonly problem: string } {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && !Array.isArray(body)
      ? { body }
      : { problem: 'The body of an event is a JSON object: { … }.' }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const [, position] = /position (\d+)/.exec(message) ?? []
    if (position === undefined) return { problem: `This is no JSON: ${message}` }
    const before = text.slice(0, Number(position)).split('\n')
    return {
      problem: `This is no JSON: line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${message.replace(/ in JSON at position.*| \(line.*/, '')}`,
    }
  }
}
