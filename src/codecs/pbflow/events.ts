import { WireReader } from '../proto-reader/index.ts'

const utf8 = new TextDecoder()
const wire = new WireReader()

/** `NetworkEvents` as JSON: a list of objects with text values. A malformed event is an empty object. */
export function eventsText(bytes: Uint8Array, spans: Uint32Array, count: number): string {
  const events: Record<string, string>[] = []
  for (let i = 0; i < count; i++) events.push(eventOf(bytes, spans[2 * i]!, spans[2 * i + 1]!))
  return JSON.stringify(events)
}

function eventOf(bytes: Uint8Array, from: number, to: number): Record<string, string> {
  const event: Record<string, string> = {}
  wire.start(bytes, from)
  while (wire.next(to)) {
    if (wire.field !== 1) {
      wire.skip(to)
      continue
    }
    const end = wire.within(to)
    let [key, value] = ['', '']
    while (wire.next(end)) {
      const stop = wire.within(end)
      if (stop < 0) continue
      const text = utf8.decode(bytes.subarray(wire.at, stop))
      if (wire.field === 1) key = text
      else if (wire.field === 2) value = text
      wire.at = stop
    }
    if (!wire.failed) event[key] = value
  }
  return event
}
