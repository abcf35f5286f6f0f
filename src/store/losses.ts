import type { Extent, StoredSums } from '../engine/control.ts'
import { families } from '../model/batches.ts'
import { dayOf, holdsRows, msPerHour } from './names.ts'
import type { PerSource, SourceCount, StoredFile } from './record.ts'
import type { RemovalReason } from './retention.ts'
import { isRollup, rollups, type Rollup } from './rollup/schema.ts'
import type { StoreState } from './state.ts'

type RowsBySource = ReadonlyMap<number, number>

type Condemned = Readonly<{
  added: readonly StoredFile[]
  removed: readonly string[]
}>

/** Flows with endpoints in a lost file are lost too. A coarse rollup is removed if finer ones can rebuild it. */
export function condemned(state: StoreState, names: Iterable<string>): Condemned {
  const lostFiles = new Map<string, StoredFile>()
  const removedNames: string[] = []
  const live = [...state.files.values()].filter((file) => file.lost !== true)
  const lose = (file: StoredFile) => {
    lostFiles.set(file.name, {
      ...file,
      lost: true,
      bytes: 0,
      ...(holdsRows(file.stream) ? { perSource: file.perSource ?? guessed(state, file.rows) } : {}),
    })
  }
  for (const name of names) {
    const file = state.files.get(name)
    if (file === undefined || file.lost === true) continue
    if (file.stream === 'endpoints') {
      removedNames.push(name)
      for (const flows of live)
        if (flows.stream === 'flows' && dayOf(flows.hour) === file.hour && flows.lastSequence >= file.firstSequence)
          lose(flows)
    } else if (isRollup(file.stream) && live.some((storedFile) => isFiner(storedFile, file))) removedNames.push(name)
    else lose(file)
  }
  return { added: [...lostFiles.values()], removed: removedNames }
}

function isFiner(storedFile: StoredFile, file: StoredFile): boolean {
  return (
    isRollup(storedFile.stream) &&
    isRollup(file.stream) &&
    rollups.indexOf(storedFile.stream) < rollups.indexOf(file.stream) &&
    storedFile.hour === file.hour &&
    overlap(storedFile, file)
  )
}

export function overlap(
  a: Pick<StoredFile, 'firstSequence' | 'lastSequence'>,
  b: Pick<StoredFile, 'firstSequence' | 'lastSequence'>,
): boolean {
  return a.firstSequence <= b.lastSequence && b.firstSequence <= a.lastSequence
}

function guessed(state: StoreState, rows: number): PerSource {
  const rowsBySource = lostRows(state)
  let remainingRows = rows
  const results: [number, number][] = []
  for (const { id, stored } of Object.values(state.sources).toSorted((a, b) => b.stored - a.stored)) {
    const part = Math.min(remainingRows, Math.max(0, stored - (rowsBySource.get(id) ?? 0)))
    if (part > 0) results.push([id, part])
    remainingRows -= part
  }
  return results
}

export function addRows(to: Map<number, number>, rows: PerSource | undefined): void {
  for (const [source, count] of rows ?? []) to.set(source, (to.get(source) ?? 0) + count)
}

export function isCounted(state: StoreState): boolean {
  return [...state.files.values()].every((file) => !holdsRows(file.stream) || file.perSource !== undefined)
}

function rowsOf(files: Iterable<StoredFile>, includes: (file: StoredFile) => boolean): Map<number, number> {
  const rows = new Map<number, number>()
  for (const file of files) if (holdsRows(file.stream) && includes(file)) addRows(rows, file.perSource)
  return rows
}

/** Neither in a live file nor removed by retention. `without`: damaged files not recorded as lost yet. */
export function lostRows(state: StoreState, without: ReadonlySet<string> = new Set()): RowsBySource {
  const files = [...state.files.values()]
  const isLost = (file: StoredFile) => file.lost === true || without.has(file.name)
  if (state.gone === undefined || !isCounted(state)) return rowsOf(files, isLost)
  const live = rowsOf(files, (file) => !isLost(file))
  const lostRows = new Map<number, number>()
  for (const { id, stored } of Object.values(state.sources)) {
    const rows = stored - (state.gone[id] ?? 0) - (live.get(id) ?? 0)
    if (rows > 0) lostRows.set(id, rows)
  }
  return lostRows
}

export function removedAfter(state: StoreState, removed: Iterable<string>): StoreState['gone'] {
  if (state.gone === undefined) return undefined
  const goneRows = new Map(Object.entries(state.gone).map(([id, rows]) => [Number(id), rows]))
  for (const name of removed) {
    const file = state.files.get(name)
    if (file !== undefined && file.lost !== true && holdsRows(file.stream)) addRows(goneRows, file.perSource)
  }
  return Object.fromEntries(goneRows)
}

export function expiredAfter(
  state: StoreState,
  removed: Iterable<string>,
  reason: RemovalReason,
): StoreState['expired'] {
  let rows = state.expired?.[reason] ?? 0
  for (const name of removed) {
    const file = state.files.get(name)
    if (file !== undefined && file.lost !== true && holdsRows(file.stream)) rows += file.rows
  }
  return rows === 0 ? state.expired : { ...state.expired, [reason]: rows }
}

/** For a folder of an earlier version: stored rows that are in no file. */
export function firstGone(state: StoreState): NonNullable<StoreState['gone']> {
  const heldRows = rowsOf(state.files.values(), () => true)
  return Object.fromEntries(
    Object.values(state.sources).map(({ id, stored }) => [id, Math.max(0, stored - (heldRows.get(id) ?? 0))]),
  )
}

export function withLosses(
  sources: Readonly<Record<string, SourceCount>>,
  lost: RowsBySource,
): Record<string, SourceCount> {
  return Object.fromEntries(
    Object.entries(sources).map(([name, count]) => {
      const rows = Math.min(count.stored, lost.get(count.id) ?? 0)
      return [name, { ...count, stored: count.stored - rows, quarantined: count.quarantined + rows }]
    }),
  )
}

export function spanText(file: StoredFile): Readonly<{ from: string; to: string }> {
  const { from, to } = extentOf(file).occurred
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() }
}

function extentOf({ timeMin, timeMax, receivedMin, receivedMax, hour }: StoredFile): Extent {
  const receivedSpan = { from: receivedMin || hour * msPerHour, to: receivedMax || (hour + 1) * msPerHour }
  return { occurred: { from: timeMin ?? receivedSpan.from, to: timeMax ?? receivedSpan.to }, received: receivedSpan }
}

/** Families in a file of events; an early entry without the list counts as all families. */
export function familiesOf({ families: b = families }: StoredFile): readonly string[] {
  return b
}

/** `missing`: damaged files not recorded as lost yet. A rollup lacks what neither it nor the flows still hold. */
export function lostTimes(files: readonly StoredFile[], missing: ReadonlySet<string>): StoredSums['lost'] {
  const isLost = (file: StoredFile) => file.lost === true || missing.has(file.name)
  const lostFiles = files.filter((file) => isLost(file) && file.stream !== 'endpoints')
  if (lostFiles.length === 0) return undefined
  const live = files.filter((file) => !isLost(file))
  const ofRollup = (rollup: Rollup) => {
    const serving = new Set<string>(rollups.slice(0, rollups.indexOf(rollup) + 1))
    const isHeld = (file: StoredFile) =>
      live.some(
        (storedFile) =>
          (serving.has(storedFile.stream) || (storedFile.stream === 'flows' && file.stream !== 'flows')) &&
          storedFile.hour === file.hour &&
          overlap(storedFile, file),
      )
    return lostFiles
      .filter((file) => (file.stream === 'flows' || serving.has(file.stream)) && !isHeld(file))
      .map(extentOf)
  }
  const events: Record<string, Extent[]> = {}
  for (const file of lostFiles)
    if (file.stream === 'events') for (const family of familiesOf(file)) (events[family] ??= []).push(extentOf(file))
  return {
    ...events,
    flows: lostFiles.filter(({ stream }) => stream === 'flows').map(extentOf),
    flows_1m: ofRollup('flows_1m'),
    flows_5m: ofRollup('flows_5m'),
    flows_1h: ofRollup('flows_1h'),
  }
}
