/** States that a source puts into a shared journal: where they are is in its cursor, which its totals have. */
import { componentOf } from '../../model/positions.ts'
import type { SharedState, StateNote, StatePiece } from '../contracts.ts'
import { keys, partitionOf, type TotalsRecord } from './names.ts'
import { steadily, unitsOf, type OwnOptions } from './own-units.ts'
import { frameOf } from './units.ts'

const stateStream = 'state'

export function ownState(id: string, options: OwnOptions): Omit<SharedState, 'turn'> {
  const { bus, records, host, signal } = options
  const partition = partitionOf(id, bus.partitions)
  const totals = async (): Promise<readonly { readonly name: string; readonly value: TotalsRecord }[]> => {
    await steadily(() => records.sync(signal), options)
    return records
      .under<TotalsRecord>(keys.totals(''))
      .filter(({ name, value }) => componentOf(name) === id && value.partition === partition)
  }
  const bounds = (): Promise<{ readonly before: number; readonly last: number }> =>
    steadily(() => bus.bounds(partition), options)

  return {
    async bounds() {
      const told = (await totals()).reduce((sum, { value }) => sum + value.accepted, 0)
      return { ...(await bounds()), told }
    },
    async newest() {
      const known = await totals()
      const { before } = await bounds()
      return known
        .map(({ name, value: { cursor } }) => noteOf(name, cursor))
        .filter((note) => note !== undefined)
        .filter(({ from }) => from > before)
        .toSorted((a, b) => b.from - a.from)[0]
    },
    async *pieces({ source, from, pieces }: StateNote): AsyncGenerator<StatePiece> {
      let found = 0
      for await (const unit of unitsOf(id, from, options)) {
        const header = unit.pieces[0]?.decoded.header
        if (found === pieces) return
        if (unit.source !== source || header?.kind !== 'empty' || header.stream === stateStream) continue
        const bytes = frameOf(unit)?.body()
        if (bytes === undefined) break
        found++
        yield { stream: header.stream, bytes }
      }
      if (found < pieces) throw new Error(`${pieces - found} of ${pieces} pieces are not there`)
    },
    async put(append, { of, begin, pieces }) {
      const empty = (stream: string, raw: Uint8Array, cursor?: Uint8Array): ReturnType<typeof append> =>
        append({
          stream,
          kind: 'empty',
          count: 0,
          raw,
          received: host.clock.now(),
          timeMin: Number.NaN,
          timeMax: Number.NaN,
          ...(cursor === undefined ? {} : { cursor }),
        })
      const begun = await begin(() => empty(stateStream, new Uint8Array(0)))
      let [count, size] = [0, 0]
      for await (const { stream, bytes } of pieces) {
        count++
        size += bytes.length
        await empty(stream, bytes)
      }
      const note = { from: begun.position.sequence, pieces: count, bytes: size, at: host.clock.now(), of }
      await empty(stateStream, new Uint8Array(0), new TextEncoder().encode(JSON.stringify(note)))
      return note
    },
  }
}

/** Out of a cursor in base64. */
function noteOf(source: string, cursor: string | undefined): StateNote | undefined {
  if (cursor === undefined) return undefined
  try {
    const said = JSON.parse(Buffer.from(cursor, 'base64').toString()) as Partial<StateNote> | null
    return typeof said?.from === 'number' && typeof said.pieces === 'number'
      ? { ...(said as StateNote), source }
      : undefined
  } catch {
    return undefined
  }
}
