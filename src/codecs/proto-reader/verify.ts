import { WireReader } from './index.ts'

/** Steps of a walk between two turns of the event loop. */
export const stepsPerTurn = 1 << 14

/** Fields with messages, by depth. Throws if the structure down to them is malformed. */
export function* verifyMessages(body: Uint8Array, path: readonly (readonly number[])[]): Generator<undefined, void> {
  const reader = new WireReader()
  reader.start(body, 0)
  const ends = [body.length]
  for (let step = 1; ; step++) {
    if (step % stepsPerTurn === 0) yield
    const end = ends.at(-1)!
    if (!reader.next(end)) {
      if (reader.failed) throw new Error('it is no valid protobuf')
      ends.pop()
      if (ends.length === 0) return
      continue
    }
    if (!path[ends.length - 1]!.includes(reader.field)) {
      reader.skip(end)
      continue
    }
    if (reader.type !== 2) throw new Error('a field has the wrong type')
    const to = reader.within(end)
    if (to < 0) continue
    if (ends.length === path.length) reader.at = to
    else ends.push(to)
  }
}
