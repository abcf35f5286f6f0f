import type { FileName } from './names.ts'
import type { StoredFile } from './record.ts'

export interface Orphan extends FileName {
  readonly rows: number
}

type Adoption<Found extends Orphan> = Readonly<{
  adopted: readonly Found[]
  replaced: readonly StoredFile[]
}>

function covers(outer: FileName, inner: FileName) {
  return outer.firstSequence <= inner.firstSequence && inner.lastSequence <= outer.lastSequence
}

/** Orphans to adopt after a manifest record was damaged. Merges join neighbours, so ranges are nested or disjoint. */
export function chooseAdoptions<Found extends Orphan>(
  orphans: readonly Found[],
  live: readonly StoredFile[],
  present: ReadonlySet<string>,
  reached: number,
): Adoption<Found> {
  const adopted: Found[] = []
  const replaced = new Set<StoredFile>()
  const width = (file: FileName) => file.lastSequence - file.firstSequence
  for (const orphan of orphans.toSorted((a, b) => width(b) - width(a))) {
    // A commit without a record: the journal has its frames.
    if (orphan.lastSequence > reached) continue
    const same = (file: FileName) => file.stream === orphan.stream && file.hour === orphan.hour
    const peers = live.filter((file) => same(file) && !replaced.has(file))
    const held = [...adopted.filter(same), ...peers.filter((file) => present.has(file.name))]
    if (held.some((file) => covers(file, orphan))) continue
    const inside = peers.filter((file) => covers(orphan, file))
    const whole = inside.every((file) => present.has(file.name))
    const rows = inside.reduce((sum, file) => sum + file.rows, 0)
    // A merge without a record: all its inputs are live.
    if (whole && rows >= orphan.rows) continue
    adopted.push(orphan)
    for (const file of inside) replaced.add(file)
  }
  return { adopted, replaced: [...replaced] }
}
