import { extentsJoined } from './extent.ts'
import { addRows } from './losses.ts'
import { dayOf, holdsRows, msPerHour, streams } from './names.ts'
import { perSourceOf } from './pending.ts'
import type { StoredFile } from './record.ts'
import { coveredFiles } from './rollup/cover.ts'
import { isRollup, maxGroups } from './rollup/schema.ts'
import { hasCostColumns, unionOf } from './schema.ts'

export const finalBytes = 8 << 20
/** Sixteen files of a tier become one of the next. */
const tierBytes = [32 << 10, 512 << 10, finalBytes]
const filesPerMerge = 16
const worthBytes = 4 * finalBytes
const maxBytes = 8 * finalBytes

function tier({ bytes }: StoredFile) {
  return tierBytes.filter((limit) => bytes >= limit).length
}

/**
 * Neighbours in journal order, so that ranges never cross. An open hour waits for sixteen files of a tier. A row is
 * written at most five times, or twice if commits exceed half a megabyte.
 */
export function nextMerge(
  files: Iterable<StoredFile>,
  unreadable: ReadonlySet<string>,
  now: number,
  most = maxBytes,
): readonly StoredFile[] | undefined {
  const groups = new Map<string, StoredFile[]>()
  const all = [...files]
  const covered = coveredFiles(all)
  for (const file of all) {
    const key = `${file.stream} ${file.hour}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [file])
    else group.push(file)
  }
  for (const group of [...groups.values()].sort((a, b) => order(a[0], b[0]))) {
    if (group.length < 2) continue
    group.sort((a, b) => a.firstSequence - b.firstSequence || a.lastSequence - b.lastSequence)
    const free = (file: StoredFile) => !unreadable.has(file.name) && !covered.has(file.name)
    if (isOver(lastHour(group[0]), now)) {
      const run = firstRun(
        group,
        (file) => free(file) && file.bytes < finalBytes,
        (files) => files.length >= 2,
        most,
      )
      if (run !== undefined) return run
      continue
    }
    for (const level of tierBytes.keys()) {
      const enough = (files: readonly StoredFile[]) =>
        files.filter((file) => tier(file) === level).length >= filesPerMerge || sizeOf(files) >= worthBytes
      const run = firstRun(group, (file) => free(file) && tier(file) <= level, enough, most)
      if (run !== undefined) return run
    }
  }
  return undefined
}

function sizeOf(files: readonly StoredFile[]) {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}

function lastHour(file: StoredFile | undefined) {
  if (file === undefined) return 0
  return file.stream === 'endpoints' ? dayOf(file.hour) + 23 : file.hour
}

/** With a minute of grace. */
export function isOver(hour: number, now: number): boolean {
  return now >= hour * msPerHour + msPerHour + 60_000
}

function order(a: StoredFile | undefined, b: StoredFile | undefined) {
  const rank = (file: StoredFile | undefined) =>
    file === undefined ? 0 : file.hour * streams.length + streams.indexOf(file.stream)
  return rank(a) - rank(b)
}

function firstRun(
  files: readonly StoredFile[],
  fits: (file: StoredFile) => boolean,
  enough: (run: readonly StoredFile[]) => boolean,
  most: number,
): readonly StoredFile[] | undefined {
  let run: StoredFile[] = []
  let bytes = 0
  let rows = 0
  for (const file of files) {
    const large =
      bytes + file.bytes > Math.min(maxBytes, most) || (isRollup(file.stream) && rows + file.rows > maxGroups)
    if (fits(file) && run.every((storedFile) => agree(storedFile, file)) && !large) {
      run.push(file)
      bytes += file.bytes
      rows += file.rows
      continue
    }
    if (enough(run)) return run
    run = fits(file) ? [file] : []
    bytes = run[0]?.bytes ?? 0
    rows = run[0]?.rows ?? 0
  }
  return enough(run) ? run : undefined
}

/** A merge does not compute columns of costs for rows that lack them. */
function agree(a: StoredFile, b: StoredFile): boolean {
  const [first, second] = [hasCostColumns(a), hasCostColumns(b)]
  return a.schema === b.schema && (first === undefined || second === undefined || first === second)
}

export function merged(run: readonly StoredFile[]): Omit<StoredFile, 'name' | 'bytes'> {
  const [first] = run
  if (first === undefined) throw new Error('nothing to merge')
  const columns = unionOf(run.map((file) => file.columns))
  const min = (pick: (file: StoredFile) => number | null) => extreme(run, pick, Math.min)
  const max = (pick: (file: StoredFile) => number | null) => extreme(run, pick, Math.max)
  return {
    stream: first.stream,
    hour: first.hour,
    schema: first.schema,
    ...(columns === undefined ? {} : { columns }),
    rows: run.reduce((sum, { rows }) => sum + rows, 0),
    firstSequence: Math.min(...run.map(({ firstSequence }) => firstSequence)),
    lastSequence: Math.max(...run.map(({ lastSequence }) => lastSequence)),
    timeMin: min(({ timeMin }) => timeMin),
    timeMax: max(({ timeMax }) => timeMax),
    ...extentsJoined(run),
    ...perSourceJoined(run),
    receivedMin: min(({ receivedMin }) => receivedMin) ?? 0,
    receivedMax: max(({ receivedMax }) => receivedMax) ?? 0,
  }
}

function perSourceJoined(run: readonly StoredFile[]): Pick<StoredFile, 'perSource'> {
  if (!holdsRows(run[0]?.stream ?? 'endpoints') || run.some(({ perSource }) => perSource === undefined)) return {}
  const rows = new Map<number, number>()
  for (const { perSource } of run) addRows(rows, perSource)
  return { perSource: perSourceOf(rows) }
}

function extreme(
  run: readonly StoredFile[],
  pick: (file: StoredFile) => number | null,
  choose: (...numbers: number[]) => number,
): number | null {
  const values = run.map(pick).filter((value) => value !== null)
  return values.length === 0 ? null : choose(...values)
}
