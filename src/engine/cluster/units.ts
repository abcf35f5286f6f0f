import { crc32 } from 'node:zlib'
import { decodeHeader, type DecodedHeader } from '../../journal/frame.ts'
import { Parts } from '../../journal/reader.ts'
import { addHeader, emptyTotals } from '../../journal/recover.ts'
import type { BusRecord, Frame, JournalBus, SourceTotals } from '../../journal/index.ts'
import type { SharedRecords } from './records.ts'
import { keys, lookBack, type ReachedRecord, type TotalsRecord } from './names.ts'

type Piece = Readonly<{
  decoded: DecodedHeader
  body: Uint8Array
}>

export type SharedUnit = Readonly<{
  source: string
  place: number
  pieces: readonly Piece[]
}>

export type Refused = 'damaged' | 'fenced' | 'repeated' | 'incomplete'

type LastUnit = Readonly<{
  epoch: number
  sequence: number
}>

function pieceOf({ value }: BusRecord): Piece | undefined {
  const headerResult = decodeHeader(value, 0)
  if (headerResult.is !== 'header') return undefined
  const { decoded } = headerResult
  const body = value.subarray(decoded.headerBytes)
  return body.length === decoded.header.bodyBytes && crc32(body) === decoded.bodyChecksum
    ? { decoded, body }
    : undefined
}

/** Parts of different sources may be interleaved. */
export class Units {
  readonly #open = new Map<string, Piece[]>()
  readonly #last = new Map<string, LastUnit>()
  readonly #refuse: (why: Refused, record: BusRecord) => void

  constructor(
    refuse: (why: Refused, record: BusRecord) => void,
    passed: Iterable<readonly [source: string, LastUnit]> = [],
  ) {
    this.#refuse = refuse
    this.#last = new Map(passed)
  }

  take(record: BusRecord): SharedUnit | undefined {
    if (record.value.length === 0) return undefined
    const piece = pieceOf(record)
    if (piece === undefined) {
      this.#refuse('damaged', record)
      return undefined
    }
    const { source, epoch, sourceSequence: sequence, part, more } = piece.decoded.header
    const passed = this.#last.get(source)
    if (passed !== undefined && epoch < passed.epoch) {
      this.#refuse('fenced', record)
      return undefined
    }
    if (passed !== undefined && epoch === passed.epoch && sequence <= passed.sequence) {
      this.#refuse('repeated', record)
      return undefined
    }
    const first = this.#open.get(source)?.[0]?.decoded.header
    const continues = first !== undefined && first.epoch === epoch && first.sourceSequence === sequence
    const pieces = continues ? (this.#open.get(source) ?? []) : []
    if (part < pieces.length) return undefined
    if (part > pieces.length) {
      this.#refuse('incomplete', record)
      return undefined
    }
    pieces.push(piece)
    if (more) {
      this.#open.set(source, pieces)
      return undefined
    }
    this.#open.delete(source)
    this.#last.set(source, { epoch, sequence })
    return { source, place: record.position, pieces }
  }
}

export function frameOf({ pieces }: SharedUnit): Frame | undefined {
  const parts = new Parts()
  let frame: Frame | undefined
  for (const { decoded, body } of pieces) frame = parts.add({ segment: '', offset: 0, decoded, body })
  return frame
}

/** Totals up to a position (default: the end). Without `source` only `accepted` is exact. */
export async function totalsUpTo({
  bus,
  records,
  partition,
  signal,
  until,
  source,
  onUnit,
}: {
  bus: JournalBus
  records: SharedRecords
  partition: number
  signal: AbortSignal
  until?: number
  source?: string
  onUnit?: (unit: SharedUnit) => void
}): Promise<Readonly<{ totals: Map<string, SourceTotals>; place: number }>> {
  const totals = new Map<string, SourceTotals>()
  const { last, before } = await bus.bounds(partition)
  const position = until ?? last
  let from = position
  // Allows a later start of the scan.
  const reached = source === undefined ? records.get<ReachedRecord>(keys.reached(partition)) : undefined
  if (reached !== undefined) {
    from = Math.max(0, Math.min(position, reached.place) - lookBack * (bus.stride ?? 1))
    for (const [name, accepted] of Object.entries(reached.accepted)) totals.set(name, { ...emptyTotals(), accepted })
  }
  for (const { name, value } of records.under<TotalsRecord>(keys.totals(''))) {
    if (value.partition !== partition || (source !== undefined && name !== source)) continue
    if (reached !== undefined) {
      const sourceTotals = totals.get(name) ?? emptyTotals()
      if (value.place <= position)
        totals.set(name, { ...sourceTotals, accepted: Math.max(sourceTotals.accepted, value.accepted) })
      continue
    }
    const { cursor, accepted, duplicates, shed } = value
    totals.set(name, {
      accepted,
      duplicates,
      shed: { ...shed },
      sequence: 0,
      ...(cursor === undefined ? {} : { cursor: Uint8Array.from(Buffer.from(cursor, 'base64')) }),
    })
    from = Math.min(from, value.place)
  }
  if (Math.max(from, before) < position) {
    const units = new Units(() => undefined)
    reading: for await (const batch of bus.read(partition, from, signal)) {
      for (const record of batch) {
        const unit = record.position > position ? undefined : units.take(record)
        const header = unit?.pieces.at(-1)?.decoded.header
        if (unit !== undefined && header !== undefined && (source === undefined || source === unit.source)) {
          addHeader(totals, header)
          onUnit?.(unit)
        }
        if (record.position >= position) break reading
      }
    }
  }
  // Removed rows are counted at their sinks.
  for (const { value } of records.under<{ sources: Record<string, { accounted: number }> }>(keys.sink(partition, ''))) {
    for (const [name, { accounted }] of Object.entries(value.sources)) {
      const total = totals.get(name) ?? emptyTotals()
      if (source === undefined || name === source)
        totals.set(name, { ...total, accepted: Math.max(total.accepted, accounted) })
    }
  }
  return { totals, place: position }
}
