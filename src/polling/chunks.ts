import type { WeirEvent } from '../model/events.ts'

/** A unit holds so much at most, in events and in bytes of their bodies. */
const [mostEvents, mostBytes] = [500, 1024 * 1024]
/** An event may have so much; the same everywhere. */
const largestEvent = 16 * 1024 * 1024

/** In their order; with each, whether it is the last. */
export function* chunks(events: readonly WeirEvent[]): Generator<readonly [readonly WeirEvent[], boolean]> {
  let [some, bytes] = [[] as WeirEvent[], 0]
  for (const event of events) {
    const size = event.data?.length ?? 0
    if (some.length > 0 && (some.length >= mostEvents || bytes + size > mostBytes)) {
      yield [some, false]
      ;[some, bytes] = [[], 0]
    }
    some.push(event)
    bytes += size
  }
  yield [some, true]
}

/** The journal does not take it. */
export function isTooLarge({ data }: WeirEvent): boolean {
  return (data?.length ?? 0) > largestEvent
}
