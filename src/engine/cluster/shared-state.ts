import { componentOf } from '../../model/positions.ts'
import type { SharedState, StateNote, StatePiece } from '../contracts.ts'
import { keys, partitionOf, type TotalsRecord } from './names.ts'
import { retryUntilAborted, unitsOf, type SharedSourceOptions } from './source-units.ts'
import { frameOf } from './units.ts'

const stateStream = 'state'

export function sharedState(id: string, options: SharedSourceOptions): Omit<SharedState, 'leaderRecord'> {
  const { bus, records, host, signal } = options
  const partition = partitionOf(id, bus.partitions)
  const totals = async (): Promise<readonly Readonly<{ name: string; value: TotalsRecord }>[]> => {
    await retryUntilAborted(() => records.sync(signal), options)
    return records
      .under<TotalsRecord>(keys.totals(''))
      .filter(({ name, value }) => componentOf(name) === id && value.partition === partition)
  }
  const bounds = () => retryUntilAborted(() => bus.bounds(partition), options)

  return {
    async bounds() {
      const accepted = (await totals()).reduce((sum, { value }) => sum + value.accepted, 0)
      return { ...(await bounds()), accepted }
    },
    async newest() {
      const totalsBefore = await totals()
      const { before } = await bounds()
      return totalsBefore
        .map(({ name, value: { cursor } }) => noteOf(name, cursor))
        .filter((note) => note !== undefined)
        .filter(({ from }) => from > before)
        .toSorted((a, b) => b.from - a.from)[0]
    },
    async *pieces({ source, from, pieces }: StateNote): AsyncGenerator<StatePiece> {
      let count = 0
      for await (const unit of unitsOf(id, from, options)) {
        const header = unit.pieces[0]?.decoded.header
        if (count === pieces) return
        if (unit.source !== source || header?.kind !== 'empty' || header.stream === stateStream) continue
        const bytes = frameOf(unit)?.body()
        if (bytes === undefined) break
        count++
        yield { stream: header.stream, bytes }
      }
      if (count < pieces) throw new Error(`${pieces - count} of ${pieces} pieces are missing`)
    },
    async put(append, { of, begin, pieces }) {
      const empty = (stream: string, raw: Uint8Array, cursor?: Uint8Array) =>
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

function noteOf(source: string, cursor: string | undefined): StateNote | undefined {
  if (cursor === undefined) return undefined
  try {
    const note = JSON.parse(Buffer.from(cursor, 'base64').toString()) as Partial<StateNote> | null
    return typeof note?.from === 'number' && typeof note.pieces === 'number'
      ? { ...(note as StateNote), source }
      : undefined
  } catch {
    return undefined
  }
}
