import { msPerHour } from './names.ts'
import type { StoredFile } from './record.ts'

export interface Retain {
  /** Hours whose rows were all received longer ago go. */
  readonly ageMs?: number
  /** The oldest hours go until all files together are no larger. The hour that is being written stays. */
  readonly bytes?: number
}

export interface Expired {
  readonly reason: 'age' | 'size'
  readonly hour: number
  readonly files: readonly StoredFile[]
}

/** Whole hours, flows and their endpoints together, oldest first. */
export function expired(files: Iterable<StoredFile>, retain: Retain, now: number): readonly Expired[] {
  const hours = new Map<number, StoredFile[]>()
  let bytes = 0
  for (const file of files) {
    bytes += file.bytes
    hours.set(file.hour, [...(hours.get(file.hour) ?? []), file])
  }
  const gone: Expired[] = []
  for (const [hour, group] of [...hours].sort(([a], [b]) => a - b)) {
    const old = retain.ageMs !== undefined && (hour + 1) * msPerHour + retain.ageMs <= now
    const large = retain.bytes !== undefined && bytes > retain.bytes && hour < Math.floor(now / msPerHour)
    if (!old && !large) continue
    gone.push({ reason: old ? 'age' : 'size', hour, files: group })
    bytes -= group.reduce((sum, file) => sum + file.bytes, 0)
  }
  return gone
}
