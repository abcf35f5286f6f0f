/** Sums of several files of flows, in one file beside the newest of them. */
import { createHash } from 'node:crypto'
import { levelSumsOf, sumLevels, type SumLevel } from '../names.ts'
import type { StoredFile, SumsOfFiles } from '../record.ts'
import { areReadable } from './parts.ts'

export type LevelSums = Readonly<{
  level: SumLevel
  /** Name of the file of sums. */
  name: string
  sums: SumsOfFiles
  /** The files of flows that they sum. */
  files: readonly StoredFile[]
}>

/** Larger ones first. */
export const levels = Object.keys(sumLevels) as readonly SumLevel[]

/** Readable files of flows by the first hour of their day or block. */
export function flowGroups(files: Iterable<StoredFile>, level: SumLevel): ReadonlyMap<number, readonly StoredFile[]> {
  const flows = [...files].filter(({ stream, lost }) => stream === 'flows' && lost !== true)
  return Map.groupBy(flows, ({ hour }) => hour - (hour % sumLevels[level]))
}

/** The rows of a file never change, and no two files have the same name. */
export function digestOf(files: readonly StoredFile[]): string {
  const names = files.map(({ name }) => name).sort()
  return createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 16)
}

/** Sums of exactly the files of a day or block in the list; larger ones first. */
export function levelSums(files: readonly StoredFile[]): readonly LevelSums[] {
  return levels.flatMap((level) =>
    [...flowGroups(files, level).values()].flatMap((group): LevelSums[] => {
      const current = group.flatMap(({ name, [level]: sums }) => (areReadable(sums) ? [{ name, sums: sums! }] : []))
      if (current.length === 0) return []
      const digest = digestOf(group)
      const matching = current.find(({ sums }) => sums.files === digest)
      if (matching === undefined) return []
      return [{ level, name: levelSumsOf(matching.name, digest, level), sums: matching.sums, files: group }]
    }),
  )
}

/** Those that sum no file twice, larger ones first. */
export function withoutOverlap(sums: readonly LevelSums[]): readonly LevelSums[] {
  const summed = new Set<StoredFile>()
  return sums.filter(({ files }) => {
    if (files.some((file) => summed.has(file))) return false
    for (const file of files) summed.add(file)
    return true
  })
}
