import { dayOf, holdsRows, msPerHour } from './names.ts'
import type { StoredFile } from './record.ts'
import { isRollup, type Rollup } from './rollup/schema.ts'

export type Retain = Readonly<{
  ageMs?: number
  /** Rollups that are not named stay. */
  rollupAgesMs?: Readonly<Partial<Record<Rollup, number>>>
  bytes?: number
}>

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

export function expired(files: Iterable<StoredFile>, retain: Retain, now: number): readonly Expired[] {
  const all = [...files]
  const sizeOf = (some: readonly StoredFile[]) => some.reduce((sum, file) => sum + file.bytes, 0)
  const gone: Expired[] = []
  let bytes = sizeOf(all)
  const go = (reason: Expired['reason'], hour: number, some: readonly StoredFile[]) => {
    gone.push({ reason, hour, files: some })
    bytes -= sizeOf(some)
  }
  const current = Math.floor(now / msPerHour)
  const tooLarge = (hour: number) => retain.bytes !== undefined && bytes > retain.bytes && hour < current
  const newestDay = all.reduce(
    (newest, { stream, hour }) => (stream === 'endpoints' ? Math.max(newest, dayOf(hour)) : newest),
    -Infinity,
  )
  const left: StoredFile[] = []
  for (const [hour, group] of hoursOf(all.filter(({ stream }) => isRollup(stream)))) {
    const old = group.filter(({ stream }) => isRollup(stream) && tooOld(stream, hour, retain, now))
    if (old.length > 0) go('age', hour, old)
    left.push(...group.filter((file) => !old.includes(file)))
  }
  const needed = new Set<number>()
  for (const [hour, group] of hoursOf(all.filter(({ stream }) => holdsRows(stream)))) {
    const old = retain.ageMs !== undefined && (hour + 1) * msPerHour + retain.ageMs <= now
    if (old || tooLarge(hour)) go(old ? 'age' : 'size', hour, group)
    else needed.add(dayOf(hour))
  }
  for (const [day, group] of hoursOf(
    all.filter(({ stream }) => stream === 'endpoints'),
    dayOf,
  )) {
    const old = retain.ageMs !== undefined && (day + 24) * msPerHour + retain.ageMs <= now
    // Flows can still get ids of the newest day.
    if (!needed.has(day) && (old || day < newestDay)) go(old ? 'age' : 'size', day, group)
  }
  for (const [hour, group] of hoursOf(left)) if (tooLarge(hour)) go('size', hour, group)
  return gone
}
