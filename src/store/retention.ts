import { dayOf, holdsRows, msPerHour } from './names.ts'
import { bytesOnDisk, type StoredFile } from './record.ts'
import { isRollup, type Rollup } from './rollup/schema.ts'

export type Retain = Readonly<{
  ageMs?: number
  /** Maximum age of the rows of each rollup; rollups that are not named stay. */
  rollupAgesMs?: Readonly<Partial<Record<Rollup, number>>>
  bytes?: number
}>

/** Reasons for a removal. `disk`: the volume lacks room. */
export const removalReasons = ['age', 'size', 'disk'] as const
export type RemovalReason = (typeof removalReasons)[number]

type Expired = Readonly<{
  reason: 'age' | 'size'
  hour: number
  files: readonly StoredFile[]
}>

export function tooOld(stream: Rollup, hour: number, retain: Retain, now: number): boolean {
  const age = retain.rollupAgesMs?.[stream]
  return age !== undefined && (hour + 1) * msPerHour + age <= now
}

function hoursOf(files: readonly StoredFile[], of: (hour: number) => number = (hour) => hour) {
  return [...Map.groupBy(files, ({ hour }) => of(hour))].sort(([a], [b]) => a - b)
}

export function sizeOf(files: readonly StoredFile[]) {
  return files.reduce((sum, file) => sum + bytesOnDisk(file), 0)
}

type Unit = Readonly<{
  hour: number
  files: readonly StoredFile[]
}>

/** Files by hour: all files of an hour before `current`, and single files of an open hour. */
function units(files: readonly StoredFile[], current: number): Unit[] {
  return hoursOf(files).flatMap(([hour, group]) =>
    hour < current
      ? [{ hour, files: group }]
      : group.toSorted((a, b) => a.lastSequence - b.lastSequence).map((file) => ({ hour, files: [file] })),
  )
}

/** Rollups keep up to half of the bytes: they cover far more time. Endpoints go with the last flows of their day. */
export function* oldestFirst(files: readonly StoredFile[], current: number): Generator<Unit> {
  const newest = newestDay(files)
  const rows = units(
    files.filter(({ stream }) => holdsRows(stream)),
    current,
  )
  const sums = units(
    files.filter(({ stream }) => isRollup(stream)),
    current,
  )
  const bytesOf = (all: readonly Unit[]) => all.reduce((sum, unit) => sum + sizeOf(unit.files), 0)
  let [rowBytes, sumBytes] = [bytesOf(rows), bytesOf(sums)]
  for (;;) {
    const isRows = rows.length > 0 && (sums.length === 0 || rowBytes >= sumBytes)
    const unit = (isRows ? rows : sums).shift()
    if (unit === undefined) return
    if (!isRows) {
      sumBytes -= sizeOf(unit.files)
      yield unit
      continue
    }
    rowBytes -= sizeOf(unit.files)
    const day = dayOf(unit.hour)
    const isLast = day < newest && (rows.length === 0 || dayOf(rows[0]!.hour) > day)
    const endpoints = isLast ? files.filter(({ stream, hour }) => stream === 'endpoints' && hour === day) : []
    yield { hour: unit.hour, files: [...unit.files, ...endpoints] }
  }
}

export function newestDay(files: readonly StoredFile[]): number {
  return files.reduce(
    (newest, { stream, hour }) => (stream === 'endpoints' ? Math.max(newest, dayOf(hour)) : newest),
    -Infinity,
  )
}

export function expired(files: Iterable<StoredFile>, retain: Retain, now: number): readonly Expired[] {
  const all = [...files]
  const expiredFiles: Expired[] = []
  const remainingFiles = new Set(all)
  const go = (reason: Expired['reason'], hour: number, storedFiles: readonly StoredFile[]) => {
    expiredFiles.push({ reason, hour, files: storedFiles })
    for (const file of storedFiles) remainingFiles.delete(file)
  }
  const current = Math.floor(now / msPerHour)
  const isOld = (hour: number) => retain.ageMs !== undefined && (hour + 1) * msPerHour + retain.ageMs <= now
  for (const [hour, group] of hoursOf(all.filter(({ stream }) => isRollup(stream)))) {
    const old = group.filter(({ stream }) => isRollup(stream) && tooOld(stream, hour, retain, now))
    if (old.length > 0) go('age', hour, old)
  }
  for (const [hour, group] of hoursOf(all.filter(({ stream }) => holdsRows(stream))))
    if (isOld(hour)) go('age', hour, group)
  const newest = newestDay(all)
  const expireUnused = (reason: (day: number) => Expired['reason'] | undefined) => {
    const needed = new Set([...remainingFiles].filter(({ stream }) => holdsRows(stream)).map(({ hour }) => dayOf(hour)))
    for (const [day, group] of hoursOf(
      [...remainingFiles].filter(({ stream }) => stream === 'endpoints'),
      dayOf,
    )) {
      const expiryReason = needed.has(day) ? undefined : reason(day)
      if (expiryReason !== undefined) go(expiryReason, day, group)
    }
  }
  // Flows can still get ids of the newest day.
  expireUnused((day) => (isOld(day + 23) ? 'age' : day < newest ? 'size' : undefined))
  let bytes = sizeOf([...remainingFiles])
  if (retain.bytes === undefined || bytes <= retain.bytes) return expiredFiles
  const isClosed = ({ stream, hour }: StoredFile) => stream === 'endpoints' || hour < current
  const closedFiles = [...remainingFiles].filter(isClosed)
  const openDays = new Set([...remainingFiles].filter((file) => !isClosed(file)).map(({ hour }) => dayOf(hour)))
  for (const { hour, files: storedFiles } of oldestFirst(closedFiles, current)) {
    if (bytes <= retain.bytes) break
    const removableFiles = storedFiles.filter(({ stream, hour: day }) => stream !== 'endpoints' || !openDays.has(day))
    bytes -= sizeOf(removableFiles)
    go('size', hour, removableFiles)
  }
  return expiredFiles
}
