/** Sums of all files of flows that were received on a day (UTC), in one file beside the newest of them. */
import { createHash } from 'node:crypto'
import { dayOf, daySumsOf } from '../names.ts'
import type { StoredFile, SumsOfDay } from '../record.ts'
import { areReadable } from './parts.ts'

export type DaySums = Readonly<{
  /** Of the file of sums. */
  name: string
  sums: SumsOfDay
  /** The files of flows that they sum. */
  files: readonly StoredFile[]
}>

/** Readable files of flows by the first hour of their day. */
export function flowDays(files: Iterable<StoredFile>): ReadonlyMap<number, readonly StoredFile[]> {
  const flows = [...files].filter(({ stream, lost }) => stream === 'flows' && lost !== true)
  return Map.groupBy(flows, ({ hour }) => dayOf(hour))
}

/** The rows of a file never change, and no two files have the same name. */
export function digestOf(files: readonly StoredFile[]): string {
  const names = files.map(({ name }) => name).sort()
  return createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 16)
}

/** Days with sums of exactly their files in the list. */
export function daysWithSums(files: Iterable<StoredFile>): readonly DaySums[] {
  return [...flowDays(files).values()].flatMap((ofDay) => {
    const current = ofDay.flatMap(({ name, day }) =>
      day !== undefined && areReadable(day) ? [{ name, sums: day }] : [],
    )
    if (current.length === 0) return []
    const digest = digestOf(ofDay)
    const matching = current.find(({ sums }) => sums.files === digest)
    return matching === undefined ? [] : [{ name: daySumsOf(matching.name, digest), sums: matching.sums, files: ofDay }]
  })
}
