import type { StoredSums } from '../engine/control.ts'
import type { RowsReceived } from '../model/rows-received.ts'
import type { Positions } from '../model/positions.ts'
import type { Folder } from './folder.ts'
import { levelSums, withoutOverlap, type LevelSums } from './file-sums/levels.ts'
import { areReadable, conversationPart, sumParts } from './file-sums/parts.ts'
import { familiesOf, lostRows, lostTimes, withLosses } from './losses.ts'
import { holdsRows, msPerHour } from './names.ts'
import { bytesOnDisk, type SourceCount, type StoredFile } from './record.ts'
import { completeSinces } from './rollup/cover.ts'
import { isRollup } from './rollup/schema.ts'
import type { StoreState } from './state.ts'

/** By the last durable commit. Stored rows stay counted after retention; lost rows are quarantined. */
export type StoreLedger = Readonly<{
  stored: Readonly<Record<string, number>>
  quarantined: Readonly<Record<string, number>>
  filtered: Readonly<Record<string, number>>
  accounted: Readonly<Record<string, number>>
  /** Stored rows that retention removed since, by reason. */
  expired?: Readonly<Record<string, number>>
  positions: Positions
}>

export type StoreStatus = Readonly<{
  ledger: StoreLedger
  version: number
  files: number
  rows: number
  bytes: number
  unreadableFiles: number
  unreadableRows: number
  sums: StoredSums
}>

/** `without`: damaged files not recorded as lost yet. */
export function ledgerOf(state: StoreState, without?: ReadonlySet<string>): StoreLedger {
  const { positions } = state
  const sources = withLosses(state.sources, lostRows(state, without))
  const visit = (pick: (count: SourceCount) => number): Record<string, number> =>
    Object.fromEntries(Object.entries(sources).map(([name, count]) => [name, pick(count)]))
  return {
    stored: visit(({ stored }) => stored),
    quarantined: visit(({ quarantined }) => quarantined),
    filtered: visit(({ filtered = 0 }) => filtered),
    accounted: visit(({ stored, quarantined, filtered = 0 }) => stored + quarantined + filtered),
    ...(state.expired === undefined ? {} : { expired: state.expired }),
    positions,
  }
}

/** Counts the files once for each state of the folder, and their sums if they are read. */
export class StatusReader {
  readonly #folder: Folder
  #last: Readonly<{ of: Counted; status: StoreStatus }> | undefined

  constructor(folder: Folder) {
    this.#folder = folder
  }

  read(): StoreStatus {
    const { state, durable, versions } = this.#folder
    // Within a state, files only become unreadable.
    const of = { state, durable, unreadable: versions.missing.size }
    const last = this.#last
    if (last?.of.state === state && last.of.durable === durable && last.of.unreadable === of.unreadable)
      return last.status
    const status = statusOf(of, versions.missing)
    this.#last = { of, status }
    return status
  }
}

type Counted = Readonly<{ state: StoreState; durable: StoreState; unreadable: number }>

function statusOf({ state, durable }: Counted, missing: ReadonlySet<string>): StoreStatus {
  const files = [...state.files.values()]
  const counts = { rows: 0, bytes: 0, unreadableFiles: 0, unreadableRows: 0 }
  for (const file of files) {
    const rows = holdsRows(file.stream) ? file.rows : 0
    counts.bytes += bytesOnDisk(file)
    if (missing.has(file.name)) {
      counts.unreadableFiles++
      counts.unreadableRows += rows
    }
    counts.rows += rows
  }
  let sums: StoredSums | undefined
  return {
    ledger: ledgerOf(durable),
    version: state.version,
    files: files.length,
    ...counts,
    // Most callers need the counts alone, after each commit.
    get sums() {
      return (sums ??= sumsOf(files, missing, state.sources))
    },
  }
}

function sumsOf(
  files: readonly StoredFile[],
  missing: ReadonlySet<string>,
  sources: StoreState['sources'],
): StoredSums {
  const flows = { rows: 0, first: Infinity }
  const hours = new Hours()
  const events: Record<string, number> = {}
  let oldest = Infinity
  let endpoints = 0
  for (const file of files) {
    const { stream, rows, hour, receivedMin, receivedMax, lost } = file
    if (stream === 'endpoints') endpoints += rows
    if (isRollup(stream) && lost !== true) oldest = Math.min(oldest, hour * msPerHour)
    if (stream === 'events' && lost !== true)
      for (const family of familiesOf(file)) events[family] = Math.min(events[family] ?? Infinity, receivedMax)
    if (!holdsFlows(file)) continue
    flows.rows += rows
    flows.first = Math.min(flows.first, receivedMin)
    hours.add(file)
  }
  const lost = lostTimes(files, missing)
  const fileSums = fileSumsOf(files.filter(holdsFlows))
  return {
    since: completeSinces(files),
    oldest,
    flows: { ...flows, hours: hours.all(), newest: newestFlows(files, sources) },
    endpoints,
    events,
    ...(fileSums === undefined ? {} : { fileSums }),
    ...(lost === undefined ? {} : { lost }),
  }
}

/** Sequence of the frame by source. That of a merged file may belong to another source. */
function newestFlows(files: readonly StoredFile[], sources: StoreState['sources']): Record<string, number> {
  const newest = new Map<number, number>()
  for (const { perSource = [], lastSequence } of files.filter(holdsFlows))
    for (const [id] of perSource) newest.set(id, Math.max(newest.get(id) ?? 0, lastSequence))
  return Object.fromEntries(Object.entries(sources).map(([name, { id }]) => [name, newest.get(id) ?? 0]))
}

function holdsFlows({ stream, lost }: StoredFile): boolean {
  return stream === 'flows' && lost !== true
}

class Hours {
  readonly #hours = new Map<number, RowsReceived>()

  add({ rows, hour, receivedMin, receivedMax }: StoredFile): void {
    const { from, to, rows: others } = this.#hours.get(hour) ?? { from: receivedMin, to: receivedMax, rows: 0 }
    this.#hours.set(hour, {
      from: Math.min(from, receivedMin),
      to: Math.max(to, receivedMax),
      rows: others + rows,
    })
  }

  all(): readonly RowsReceived[] {
    return [...this.#hours.values()]
  }
}

function fileSumsOf(files: readonly StoredFile[]): StoredSums['fileSums'] {
  if (!files.some(({ sums }) => areReadable(sums))) return undefined
  const parts = [...sumParts, conversationPart].map(({ name }) => ({ name, rows: 0, without: new Hours() }))
  const levelOf = new Map<StoredFile, LevelSums>()
  for (const level of withoutOverlap(levelSums(files))) {
    for (const part of parts) part.rows += level.sums.parts[part.name] ?? 0
    for (const file of level.files) levelOf.set(file, level)
  }
  for (const file of files) {
    const own = areReadable(file.sums) ? (file.sums?.parts ?? {}) : {}
    const ofLevel = levelOf.get(file)?.sums.parts ?? {}
    for (const part of parts) {
      if (ofLevel[part.name] !== undefined) continue
      const rows = own[part.name]
      if (rows === undefined) part.without.add(file)
      else part.rows += rows
    }
  }
  return Object.fromEntries(parts.map(({ name, rows, without }) => [name, { rows, without: without.all() }]))
}
