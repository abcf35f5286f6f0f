import { backoffMs } from '../../host/backoff.ts'
import type { Clock, Timers } from '../../host/index.ts'
import { stableId } from '../../model/positions.ts'
import { withoutUrlSecrets } from '../../model/url-text.ts'
import { TracedWrites } from './traced.ts'
import { murmur128 } from '../dedupe/murmur.ts'
import type { Log, Sink, SinkBatch, SinkDefinition, SinkPiece, Traces } from '../contracts.ts'
import type { DeliverySettings } from './settings.ts'
import { add, type Counts } from './tally.ts'
import { messageOf } from '../../model/errors.ts'

export type Rejected = Readonly<{
  piece: SinkPiece
  row: number
  reason: string
  attempts: number
}>

type Filtered = ReadonlyMap<string, Readonly<Counts>>

export type SendReport = Readonly<{
  /** False after an abort, or when `behind` ended the sending. */
  settled: boolean
  rejected: readonly Rejected[]
  dropped: readonly Rejected[]
  filtered: Filtered
  unsettled: readonly SinkPiece[]
}>

export type Sender = Readonly<{
  id: string
  sink(): Sink
  idempotency: SinkDefinition<unknown>['idempotency']
  settings(): DeliverySettings
  clock: Clock
  timers: Timers
  random: () => number
  log: Log
  traces?: Traces | undefined
  behind(): Promise<boolean>
  onState(state: 'running' | 'retrying', error: string | undefined): void
}>

function chunk(pieces: readonly SinkPiece[], events: number): SinkPiece[][] {
  const chunks: SinkPiece[][] = []
  let current: SinkPiece[] = []
  let room = events
  for (const piece of pieces) {
    let from = 0
    while (from < piece.rows.length) {
      const take = Math.min(room, piece.rows.length - from)
      current.push({ ...piece, rows: piece.rows.subarray(from, from + take) })
      from += take
      room -= take
      if (room === 0) {
        chunks.push(current)
        current = []
        room = events
      }
    }
  }
  if (current.length > 0) chunks.push(current)
  return chunks
}

const countRows = (pieces: readonly SinkPiece[]) => pieces.reduce((sum, piece) => sum + piece.rows.length, 0)

function tokenOf(sender: Sender, pieces: readonly SinkPiece[]): string {
  const first = pieces[0]
  const last = pieces.at(-1)
  if (first === undefined || last === undefined) return sender.id
  const id = (piece: SinkPiece, row: number) =>
    stableId(piece.header.source, piece.header.epoch, piece.header.sourceSequence, piece.firstRow + row)
  const bounds = `${id(first, first.rows[0] ?? 0)}/${id(last, last.rows.at(-1) ?? 0)}`
  return `${sender.id}/${bounds}/${countRows(pieces)}-${hashRows(pieces)}`
}

function hashRows(pieces: readonly SinkPiece[]): string {
  const parts = pieces.flatMap(({ header, rows, firstRow }) => [
    new Uint8Array(Float64Array.of(header.epoch, header.sourceSequence, firstRow).buffer),
    new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength),
  ])
  const [a, b] = murmur128(parts)
  return (a * 2 ** 20 + (b >>> 12)).toString(36)
}

export async function sendAll(
  sender: Sender,
  pieces: readonly SinkPiece[],
  events: number,
  signal: AbortSignal,
  attempt: 'first' | 'retried' = 'first',
): Promise<SendReport> {
  const rejected: Rejected[] = []
  const dropped: Rejected[] = []
  const filtered = new Map<string, Counts>()
  const chunks = chunk(pieces, events)
  for (let i = 0; i < chunks.length; i++) {
    const unsettled = await sendChunk(
      sender,
      chunks[i] ?? [],
      { rejected, dropped, filtered, retried: attempt === 'retried' },
      signal,
    )
    if (unsettled.length > 0)
      return { settled: false, rejected, dropped, filtered, unsettled: [...unsettled, ...chunks.slice(i + 1).flat()] }
  }
  return { settled: true, rejected, dropped, filtered, unsettled: [] }
}

type Settled = Readonly<{
  rejected: Rejected[]
  dropped: Rejected[]
  filtered: Map<string, Counts>
  retried: boolean
}>

async function sendChunk(
  sender: Sender,
  pieces: readonly SinkPiece[],
  into: Settled,
  signal: AbortSignal,
): Promise<SinkPiece[]> {
  const { rejected, dropped, filtered, retried } = into
  let left = pieces
  const started = sender.clock.monotonic()
  const token = tokenOf(sender, pieces)
  const trace = sender.traces === undefined ? undefined : new TracedWrites(sender.traces, sender.id, sender.clock.now())
  for (let attempt = 1; ; attempt++) {
    if (signal.aborted) return [...left]
    // A retry of a subset has another token.
    const batch: SinkBatch = {
      token: left === pieces ? token : tokenOf(sender, left),
      count: countRows(left),
      pieces: left,
      retried,
      ...(trace === undefined ? {} : { trace }),
    }
    await pace(sender, batch.count, signal)
    const result = await attemptOnce(sender, batch, signal)
    for (const { piece, row, reason } of take(left, result.rejects))
      rejected.push({ piece, row, reason, attempts: attempt })
    for (const { piece, row, reason } of take(left, result.drops))
      dropped.push({ piece, row, reason, attempts: attempt })
    for (const { reason, rows } of result.filters) countFiltered(filtered, left, reason, rows)
    trace?.settle(batch, result.retries, new Map([...result.rejects, ...result.drops]), sender.clock.now())
    if (result.retries.size === 0) {
      sender.onState('running', undefined)
      return []
    }
    left = sender.idempotency === 'token' && result.rejects.size === 0 && result.all ? left : keep(left, result.retries)
    const { retry } = sender.settings()
    sender.onState('retrying', result.reason)
    sender.log.warn(
      `sink ${sender.id} did not take ${result.retries.size} of ${batch.count} rows and is tried again: ` +
        `${result.reason}`,
      { attempt },
    )
    if (retry.maxElapsedMs !== undefined && sender.clock.monotonic() - started > retry.maxElapsedMs) {
      const reason = `gave up after ${attempt} attempts: ${result.reason}`
      for (const piece of left) for (const row of piece.rows) rejected.push({ piece, row, reason, attempts: attempt })
      trace?.settle(
        { ...batch, pieces: left },
        new Set(),
        new Map(Array.from({ length: countRows(left) }, (_, index) => [index, reason])),
        sender.clock.now(),
      )
      return []
    }
    if (await sender.behind()) return [...left]
    await sender.timers.sleep(Math.max(result.afterMs, backoffMs(retry, attempt - 1, sender.random())), signal)
  }
}

type AttemptResult = Readonly<{
  rejects: Map<number, string>
  drops: Map<number, string>
  retries: Set<number>
  filters: readonly Readonly<{ reason: string; rows: Uint32Array }>[]
  all: boolean
  reason: string
  afterMs: number
}>

async function attemptOnce(sender: Sender, batch: SinkBatch, signal: AbortSignal): Promise<AttemptResult> {
  const rejects = new Map<number, string>()
  const drops = new Map<number, string>()
  const retries = new Set<number>()
  const filters: Readonly<{ reason: string; rows: Uint32Array }>[] = []
  let reason = ''
  let afterMs = 0
  try {
    for (const failure of await sender.sink().send(batch, signal)) {
      if (failure.is === 'reject') rejects.set(failure.index, withoutUrlSecrets(failure.reason))
      else if (failure.is === 'drop') drops.set(failure.index, failure.reason)
      else if (failure.is === 'filter') filters.push(failure)
      else {
        retries.add(failure.index)
        if (reason === '') reason = withoutUrlSecrets(failure.reason)
        afterMs = Math.max(afterMs, failure.afterMs ?? 0)
      }
    }
    return { rejects, drops, retries, filters, all: false, reason, afterMs }
  } catch (error) {
    for (let i = 0; i < batch.count; i++) retries.add(i)
    return { rejects, drops, retries, filters: [], all: true, reason: withoutUrlSecrets(messageOf(error)), afterMs }
  }
}

/** `rows`: ascending indices over the rows of all pieces. */
function countFiltered(into: Map<string, Counts>, pieces: readonly SinkPiece[], reason: string, rows: Uint32Array) {
  let [at, end] = [0, 0]
  for (const { header, rows: numbers } of pieces) {
    end += numbers.length
    const from = at
    while (at < rows.length && (rows[at] ?? 0) < end) at++
    if (at === from) continue
    const counts = into.get(header.source) ?? {}
    add(counts, reason, at - from)
    into.set(header.source, counts)
  }
}

function take(
  pieces: readonly SinkPiece[],
  chosen: ReadonlyMap<number, string>,
): { piece: SinkPiece; row: number; reason: string }[] {
  const results: { piece: SinkPiece; row: number; reason: string }[] = []
  let index = 0
  for (const piece of pieces) {
    for (const row of piece.rows) {
      const reason = chosen.get(index++)
      if (reason !== undefined) results.push({ piece, row, reason })
    }
  }
  return results
}

function keep(pieces: readonly SinkPiece[], chosen: ReadonlySet<number>): SinkPiece[] {
  const remaining: SinkPiece[] = []
  let index = 0
  for (const piece of pieces) {
    const rows = piece.rows.filter(() => chosen.has(index++))
    if (rows.length > 0) remaining.push({ ...piece, rows })
  }
  return remaining
}

async function pace(sender: Sender, rows: number, signal: AbortSignal) {
  const { rate } = sender.settings()
  if (rate !== undefined) await sender.timers.sleep((rows / rate) * 1000, signal)
}
