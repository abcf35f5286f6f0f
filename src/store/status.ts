import type { StoredSums } from '../engine/control.ts'
import type { RowsReceived } from '../model/rows-received.ts'
import type { Positions } from '../model/positions.ts'
import type { Folder } from './folder.ts'
import { daysWithSums } from './file-sums/days.ts'
import { sumParts, sumsVersion, type SumPart } from './file-sums/parts.ts'
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
  const each = (pick: (count: SourceCount) => number): Record<string, number> =>
    Object.fromEntries(Object.entries(sources).map(([name, count]) => [name, pick(count)]))
  return {
    stored: each(({ stored }) => stored),
    quarantined: each(({ quarantined }) => quarantined),
    filtered: each(({ filtered = 0 }) => filtered),
    accounted: each(({ stored, quarantined, filtered = 0 }) => stored + quarantined + filtered),
    ...(state.expired === undefined ? {} : { expired: state.expired }),
    positions,
  }
}

export function statusOf(folder: Folder): StoreStatus {
  const files = [...folder.state.files.values()]
  const status = {
    ledger: ledgerOf(folder.durable),
    version: folder.state.version,
    files: 0,
    rows: 0,
    bytes: 0,
    unreadableFiles: 0,
    unreadableRows: 0,
    sums: sumsOf(files, folder.versions.missing),
  }
  for (const file of files) {
    const rows = holdsRows(file.stream) ? file.rows : 0
    status.files++
    status.bytes += bytesOnDisk(file)
    if (folder.versions.missing.has(file.name)) {
      status.unreadableFiles++
      status.unreadableRows += rows
    }
    status.rows += rows
  }
  return status
}

function sumsOf(files: readonly StoredFile[], missing: ReadonlySet<string>): StoredSums {
  const flows = { rows: 0, first: Infinity }
  const events: Record<string, number> = {}
  let oldest = Infinity
  for (const file of files) {
    const { stream, rows, hour, receivedMin, receivedMax, lost } = file
    if (isRollup(stream) && lost !== true) oldest = Math.min(oldest, hour * msPerHour)
    if (stream === 'events' && lost !== true)
      for (const family of familiesOf(file)) events[family] = Math.min(events[family] ?? Infinity, receivedMax)
    if (!holdsFlows(file)) continue
    flows.rows += rows
    flows.first = Math.min(flows.first, receivedMin)
  }
  const lost = lostTimes(files, missing)
  const fileSums = fileSumsOf(files.filter(holdsFlows))
  return {
    since: completeSinces(files),
    oldest,
    flows: { ...flows, hours: hoursOf(files.filter(holdsFlows)) },
    events,
    ...(fileSums === undefined ? {} : { fileSums }),
    ...(lost === undefined ? {} : { lost }),
  }
}

function holdsFlows({ stream, lost }: StoredFile): boolean {
  return stream === 'flows' && lost !== true
}

function hoursOf(files: readonly StoredFile[]): readonly RowsReceived[] {
  const hours = new Map<number, RowsReceived>()
  for (const { rows, hour, receivedMin, receivedMax } of files) {
    const { from, to, rows: others } = hours.get(hour) ?? { from: receivedMin, to: receivedMax, rows: 0 }
    hours.set(hour, { from: Math.min(from, receivedMin), to: Math.max(to, receivedMax), rows: others + rows })
  }
  return [...hours.values()]
}

function fileSumsOf(files: readonly StoredFile[]): StoredSums['fileSums'] {
  const rowsOf = ({ sums }: StoredFile, { name }: SumPart) =>
    sums?.version === sumsVersion ? sums.parts[name] : undefined
  if (files.every(({ sums }) => sums?.version !== sumsVersion)) return undefined
  const days = daysWithSums(files)
  return Object.fromEntries(
    sumParts.map((part) => {
      const withPart = days.filter(({ sums }) => sums.parts[part.name] !== undefined)
      const ofDays = new Set(withPart.flatMap((day) => day.files))
      const others = files.filter((file) => !ofDays.has(file))
      const rows = [
        ...withPart.map(({ sums }) => sums.parts[part.name] ?? 0),
        ...others.map((file) => rowsOf(file, part) ?? 0),
      ]
      return [
        part.name,
        {
          rows: rows.reduce((sum, count) => sum + count, 0),
          without: hoursOf(others.filter((file) => rowsOf(file, part) === undefined)),
        },
      ]
    }),
  )
}
