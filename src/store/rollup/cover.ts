import { msPerHour } from '../names.ts'
import { overlap } from '../losses.ts'
import { isRollup, mostGroups, rollups, type Rollup } from './schema.ts'
import type { StoredFile } from '../record.ts'

/**
 * A file of a rollup holds the sums of exactly those flows that came in its hour with the frames of its range. Coarser
 * files are made from finer ones and stand beside them, so that of one range there may be files of every step: whoever
 * reads takes the coarsest that is not too coarse, and nothing twice.
 */
export function covers(outer: StoredFile, inner: StoredFile): boolean {
  return (
    outer.hour === inner.hour && outer.firstSequence <= inner.firstSequence && inner.lastSequence <= outer.lastSequence
  )
}

/** The live files of a rollup. */
function liveByHour(files: readonly StoredFile[], stream: Rollup): Map<number, StoredFile[]> {
  return byHour(
    files.filter(({ lost }) => lost !== true),
    stream,
  )
}

function byHour(files: Iterable<StoredFile>, stream: Rollup): Map<number, StoredFile[]> {
  const hours = new Map<number, StoredFile[]>()
  for (const file of files) {
    if (file.stream !== stream) continue
    const group = hours.get(file.hour)
    if (group === undefined) hours.set(file.hour, [file])
    else group.push(file)
  }
  return hours
}

/** The files that together hold every sum of a rollup, none of them twice: its own, and finer ones that are in none of these. */
export function filesOf(rollup: Rollup, files: readonly StoredFile[]): readonly StoredFile[] {
  const taken = new Map<number, StoredFile[]>()
  const chosen: StoredFile[] = []
  for (const stream of rollups.slice(0, rollups.indexOf(rollup) + 1).toReversed()) {
    for (const [hour, group] of byHour(files, stream)) {
      const coarser = taken.get(hour) ?? []
      const fresh = group.filter((file) => !coarser.some((outer) => covers(outer, file)))
      taken.set(hour, [...coarser, ...fresh])
      chosen.push(...fresh)
    }
  }
  return chosen
}

export interface Derivation {
  readonly stream: Rollup
  readonly from: readonly StoredFile[]
}

/** The next coarser file to make from what an hour that is over has of the finer rollup; `wanted` says which hours' are kept. */
export function nextDerivation(
  files: readonly StoredFile[],
  unreadable: ReadonlySet<string>,
  isOver: (hour: number) => boolean,
  wanted: (stream: Rollup, hour: number) => boolean,
): Derivation | undefined {
  for (const stream of rollups.slice(1)) {
    const finer = rollups[rollups.indexOf(stream) - 1] as Rollup
    const made = liveByHour(files, stream)
    for (const [hour, group] of byHour(files, finer)) {
      if (!isOver(hour) || !wanted(stream, hour)) continue
      const fresh = group.filter(
        (file) => !unreadable.has(file.name) && !(made.get(hour) ?? []).some((outer) => covers(outer, file)),
      )
      const [from] = runs(fresh, group)
      if (from !== undefined) return { stream, from }
    }
  }
  return undefined
}

/** Neighbours among all, in the order of the journal: ranges stay nested or apart. Not more groups than can be added up at once. */
function runs(some: readonly StoredFile[], all: readonly StoredFile[]): StoredFile[][] {
  const found: StoredFile[][] = []
  let run: StoredFile[] = []
  for (const file of all.toSorted((a, b) => a.firstSequence - b.firstSequence)) {
    const groups = run.reduce((sum, { rows }) => sum + rows, 0)
    if (run.length > 0 && (!some.includes(file) || groups + file.rows > mostGroups)) {
      found.push(run)
      run = []
    }
    if (some.includes(file)) run.push(file)
  }
  return run.length > 0 ? [...found, run] : found
}

/** Files that a coarser one was made from: merging them with others would part what is covered from what is not. */
export function coveredFiles(files: readonly StoredFile[]): ReadonlySet<string> {
  const covered = new Set<string>()
  for (const stream of rollups.slice(1)) {
    const finer = rollups[rollups.indexOf(stream) - 1] as Rollup
    const made = liveByHour(files, stream)
    for (const [hour, group] of byHour(files, finer)) {
      for (const file of group) if ((made.get(hour) ?? []).some((outer) => covers(outer, file))) covered.add(file.name)
    }
  }
  return covered
}

/**
 * From which time on each rollup holds the sums of every flow that is stored: Unix ms. Infinity where nothing is in it;
 * −Infinity where nothing is missing. Flows that were stored by a version without rollups are in none.
 */
export function completeSinces(files: readonly StoredFile[]): Record<Rollup, number> {
  const since = (rollup: Rollup): number => {
    const holding = new Map<number, StoredFile[]>()
    for (const stream of rollups.slice(0, rollups.indexOf(rollup) + 1)) {
      for (const [hour, group] of liveByHour(files, stream)) holding.set(hour, [...(holding.get(hour) ?? []), ...group])
    }
    let last = -Infinity
    const flows = files.filter(({ stream, lost }) => stream === 'flows' && lost !== true)
    for (const file of files) {
      if (
        file.lost !== true ||
        !isRollup(file.stream) ||
        rollups.indexOf(file.stream) > rollups.indexOf(rollup) ||
        (file.hour + 1) * msPerHour <= last
      )
        continue
      // Its sums are in no coarser file either, and the flows that it is made of still answer.
      if (
        (holding.get(file.hour) ?? []).some((part) => covers(part, file)) ||
        !flows.some((part) => part.hour === file.hour && overlap(part, file))
      )
        continue
      last = (file.hour + 1) * msPerHour
    }
    for (const { hour, firstSequence, lastSequence } of flows) {
      if ((hour + 1) * msPerHour <= last) continue
      // Flows and rollups are merged at different times: ranges may reach beyond each other.
      const held = (holding.get(hour) ?? []).some(
        (part) => part.firstSequence <= lastSequence && firstSequence <= part.lastSequence,
      )
      if (!held) last = (hour + 1) * msPerHour
    }
    return last
  }
  return Object.fromEntries(rollups.map((rollup) => [rollup, since(rollup)])) as Record<Rollup, number>
}
