import type { WeirEvent } from '../model/events.ts'

const [maxEvents, maxBytes] = [500, 1024 * 1024]
const maxEventBytes = 16 * 1024 * 1024

export function* chunks(events: readonly WeirEvent[]): Generator<readonly [readonly WeirEvent[], boolean]> {
  let [chunk, bytes] = [[] as WeirEvent[], 0]
  for (const event of events) {
    const size = event.data?.length ?? 0
    if (chunk.length > 0 && (chunk.length >= maxEvents || bytes + size > maxBytes)) {
      yield [chunk, false]
      ;[chunk, bytes] = [[], 0]
    }
    chunk.push(event)
    bytes += size
  }
  yield [chunk, true]
}

export function isTooLarge({ data }: WeirEvent): boolean {
  return (data?.length ?? 0) > maxEventBytes
}
