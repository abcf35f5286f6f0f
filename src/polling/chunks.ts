import type { WeirEvent } from '../model/events.ts'

const [maxEvents, maxBytes] = [500, 1024 * 1024]
const maxEventBytes = 16 * 1024 * 1024

export function* chunks(events: readonly WeirEvent[]): Generator<readonly [readonly WeirEvent[], boolean]> {
  let [some, bytes] = [[] as WeirEvent[], 0]
  for (const event of events) {
    const size = event.data?.length ?? 0
    if (some.length > 0 && (some.length >= maxEvents || bytes + size > maxBytes)) {
      yield [some, false]
      ;[some, bytes] = [[], 0]
    }
    some.push(event)
    bytes += size
  }
  yield [some, true]
}

export function isTooLarge({ data }: WeirEvent): boolean {
  return (data?.length ?? 0) > maxEventBytes
}
