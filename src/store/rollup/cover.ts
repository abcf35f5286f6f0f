import { msPerHour } from '../names.ts'
import { overlap } from '../losses.ts'
import { isRollup, maxGroups, rollups, type Rollup } from './schema.ts'
import type { StoredFile } from '../record.ts'

/** Sums of exactly the flows of its hour and sequences. Coarser files exist beside finer ones. */
function covers(outer: StoredFile, inner: StoredFile) {
  return (
    outer.hour === inner.hour && outer.firstSequence <= inner.firstSequence && inner.lastSequence <= outer.lastSequence
  )
}

function liveByHour(files: readonly StoredFile[], stream: Rollup) {
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

export function filesOf(rollup: Rollup, files: readonly StoredFile[]): readonly StoredFile[] {
  const coveringFiles = new Map<number, StoredFile[]>()
  const chosenFiles: StoredFile[] = []
  for (const stream of rollups.slice(0, rollups.indexOf(rollup) + 1).toReversed()) {
    for (const [hour, group] of byHour(files, stream)) {
      const coarser = coveringFiles.get(hour) ?? []
      const uncovered = group.filter((file) => !coarser.some((outer) => covers(outer, file)))
      coveringFiles.set(hour, [...coarser, ...uncovered])
      chosenFiles.push(...uncovered)
    }
  }
  return chosenFiles
}

type Derivation = Readonly<{
  stream: Rollup
  from: readonly StoredFile[]
}>

/** The next rollup file to derive. `isRetained` selects the hours to keep. */
export function nextDerivation(
  files: readonly StoredFile[],
  unreadable: ReadonlySet<string>,
  isOver: (hour: number) => boolean,
  isRetained: (stream: Rollup, hour: number) => boolean,
): Derivation | undefined {
  for (const stream of rollups.slice(1)) {
    const finer = rollups[rollups.indexOf(stream) - 1]!
    const existingFiles = liveByHour(files, stream)
    for (const [hour, group] of byHour(files, finer)) {
      if (!isOver(hour) || !isRetained(stream, hour)) continue
      const underivedFiles = group.filter(
        (file) => !unreadable.has(file.name) && !(existingFiles.get(hour) ?? []).some((outer) => covers(outer, file)),
      )
      const [from] = runs(underivedFiles, group)
      if (from !== undefined) return { stream, from }
    }
  }
  return undefined
}

/** Journal neighbours, so that ranges stay nested or disjoint. */
function runs(storedFiles: readonly StoredFile[], all: readonly StoredFile[]): StoredFile[][] {
  const storedFileses: StoredFile[][] = []
  let run: StoredFile[] = []
  for (const file of all.toSorted((a, b) => a.firstSequence - b.firstSequence)) {
    const groups = run.reduce((sum, { rows }) => sum + rows, 0)
    if (run.length > 0 && (!storedFiles.includes(file) || groups + file.rows > maxGroups)) {
      storedFileses.push(run)
      run = []
    }
    if (storedFiles.includes(file)) run.push(file)
  }
  return run.length > 0 ? [...storedFileses, run] : storedFileses
}

/** Merging covered files with other files would mix covered and uncovered sums. */
export function coveredFiles(files: readonly StoredFile[]): ReadonlySet<string> {
  const covered = new Set<string>()
  for (const stream of rollups.slice(1)) {
    const finer = rollups[rollups.indexOf(stream) - 1]!
    const existingFiles = liveByHour(files, stream)
    for (const [hour, group] of byHour(files, finer)) {
      for (const file of group)
        if ((existingFiles.get(hour) ?? []).some((outer) => covers(outer, file))) covered.add(file.name)
    }
  }
  return covered
}

/** Unix ms from which each rollup is complete. Infinity without sums; −Infinity if none is missing. */
export function completeSinces(files: readonly StoredFile[]): Record<Rollup, number> {
  const since = (rollup: Rollup) => {
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
      if (
        (holding.get(file.hour) ?? []).some((part) => covers(part, file)) ||
        !flows.some((part) => part.hour === file.hour && overlap(part, file))
      )
        continue
      last = (file.hour + 1) * msPerHour
    }
    for (const { hour, firstSequence, lastSequence } of flows) {
      if ((hour + 1) * msPerHour <= last) continue
      const isHeld = (holding.get(hour) ?? []).some(
        (part) => part.firstSequence <= lastSequence && firstSequence <= part.lastSequence,
      )
      if (!isHeld) last = (hour + 1) * msPerHour
    }
    return last
  }
  return Object.fromEntries(rollups.map((rollup) => [rollup, since(rollup)])) as Record<Rollup, number>
}
