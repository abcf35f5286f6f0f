/**
 * Sums are verified before they are used, without `Restore`: that of the store repairs files of flows only, and sums
 * are written again instead.
 */
import { sumsOf } from '../names.ts'
import type { StoredFile } from '../record.ts'
import type { Verification } from '../verification.ts'
import type { LevelSums } from './levels.ts'
import { areReadable } from './parts.ts'
import { levelsOf, summedFiles, summedLevels, type Summed, type SumReads } from './view.ts'

/** Names of files with intact sums. */
export async function intactSums(
  verification: Verification,
  files: readonly StoredFile[],
): Promise<ReadonlySet<string>> {
  const current = files.flatMap((file) =>
    file.sums !== undefined && areReadable(file.sums) ? [{ ...file, ...file.sums }] : [],
  )
  const damaged = await verification.damaged(current.map((file) => ({ ...file, name: sumsOf(file.name) })))
  const names = new Set([...damaged.keys()].map(({ name }) => name))
  return new Set(current.flatMap(({ name }) => (names.has(sumsOf(name)) ? [] : [name])))
}

export async function intactLevels(
  verification: Verification,
  levels: readonly LevelSums[],
): Promise<readonly LevelSums[]> {
  const files = levels.map(({ name, sums, files: [file] }) => ({ ...file!, ...sums, name }))
  const damaged = await verification.damaged(files)
  return levels.filter((_, at) => !damaged.has(files[at]!))
}

/** The intact sums that a statement can read. */
export async function intactFor(
  reads: SumReads,
  files: readonly StoredFile[],
  verification: Verification,
): Promise<Summed> {
  const levels = await intactLevels(verification, summedLevels(reads, files))
  // A read of several can need the sums of a file that another has in those of a day.
  const ofLevels = reads.map((read) => new Set(levelsOf(read, levels).flatMap((level) => level.files)))
  const others = summedFiles(reads, files).filter((file) => !ofLevels.every((summed) => summed.has(file)))
  return { files: await intactSums(verification, others), levels }
}
