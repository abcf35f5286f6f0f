import type { FileName } from './names.ts'
import type { StoredFile } from './record.ts'

/** A data file in the folder that no readable record names. */
export interface Orphan extends FileName {
  readonly rows: number
}

export interface Adoption<Found extends Orphan> {
  readonly adopted: readonly Found[]
  /** Live files whose rows an adopted file holds. */
  readonly replaced: readonly StoredFile[]
}

function covers(outer: FileName, inner: FileName): boolean {
  return outer.firstSequence <= inner.firstSequence && inner.lastSequence <= outer.lastSequence
}

/**
 * Which orphans hold rows that nothing live holds, after a record was damaged. Merges join neighbours only, so ranges of
 * one stream and hour are nested or apart. A merged file and its inputs are never both taken.
 */
export function chooseAdoptions<Found extends Orphan>(
  orphans: readonly Found[],
  live: readonly StoredFile[],
  present: ReadonlySet<string>,
  reached: number,
): Adoption<Found> {
  const adopted: Found[] = []
  const replaced = new Set<StoredFile>()
  const width = (file: FileName): number => file.lastSequence - file.firstSequence
  // The widest first: a merged file before what it was made of.
  for (const orphan of orphans.toSorted((a, b) => width(b) - width(a))) {
    // Written by a commit whose record never came: its frames are read again.
    if (orphan.lastSequence > reached) continue
    const same = (file: FileName): boolean => file.stream === orphan.stream && file.hour === orphan.hour
    const peers = live.filter((file) => same(file) && !replaced.has(file))
    const held = [...adopted.filter(same), ...peers.filter((file) => present.has(file.name))]
    if (held.some((file) => covers(file, orphan))) continue
    const inside = peers.filter((file) => covers(orphan, file))
    const whole = inside.every((file) => present.has(file.name))
    const rows = inside.reduce((sum, file) => sum + file.rows, 0)
    // All inputs are live and there: a merge that never got its record.
    if (whole && rows >= orphan.rows) continue
    adopted.push(orphan)
    for (const file of inside) replaced.add(file)
  }
  return { adopted, replaced: [...replaced] }
}
