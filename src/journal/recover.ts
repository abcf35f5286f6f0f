import type { Disk } from '../host/index.ts'
import { nowhere, type Position } from '../model/positions.ts'
import { checkpointEnds, isCheckpoint, journalSource, parseCheckpoint } from './checkpoint.ts'
import { segmentStart } from './paths.ts'
import type { FrameHeader, SourceTotals } from './types.ts'
import { Walk } from './walk.ts'

export type Recovered = Readonly<{
  last: Position
  epoch: number
  totals: Map<string, SourceTotals>
  segments: { name: string; bytes: number }[]
  damaged: boolean
  cut: boolean
  damagedBytes: number
  from: number
  /** Valid bytes of segments that have more. */
  ends: ReadonlyMap<string, number>
}>

export function emptyTotals(): SourceTotals {
  return { accepted: 0, duplicates: 0, shed: {}, sequence: 0 }
}

export function addHeader(totals: Map<string, SourceTotals>, header: FrameHeader): void {
  if (header.source === journalSource) {
    if (isCheckpoint(header) && header.cursor !== undefined) addCheckpoint(totals, header.cursor)
    return
  }
  if (header.more) return
  const total = totals.get(header.source) ?? emptyTotals()
  total.accepted = Math.max(total.accepted, header.sourceRows + header.count)
  total.duplicates = Math.max(total.duplicates, header.sourceDuplicates)
  total.shed = { ...header.sourceShed }
  if (header.cursor !== undefined) total.cursor = header.cursor
  totals.set(header.source, total)
}

function addCheckpoint(totals: Map<string, SourceTotals>, cursor: Uint8Array) {
  for (const [name, counted] of Object.entries(parseCheckpoint(cursor).sources)) {
    const total = totals.get(name) ?? emptyTotals()
    total.accepted = Math.max(total.accepted, counted.accepted)
    total.duplicates = Math.max(total.duplicates, counted.duplicates)
    total.shed = { ...counted.shed }
    if (counted.cursor !== undefined) total.cursor = new Uint8Array(Buffer.from(counted.cursor, 'base64'))
    totals.set(name, total)
  }
}

export async function listSegments(disk: Disk, directory: string): Promise<{ name: string; bytes: number }[]> {
  const segments: { name: string; bytes: number }[] = []
  for (const name of await disk.list(directory)) {
    if (segmentStart(name) === undefined) continue
    segments.push({ name, bytes: (await disk.stat(`${directory}/${name}`))?.size ?? 0 })
  }
  return segments
}

/** From the newest segment with a whole checkpoint, or the oldest. */
export async function recover(disk: Disk, directory: string): Promise<Recovered> {
  const segments = await listSegments(disk, directory)
  for (let start = segments.length - 1; start > 0; start--) {
    const attempt = await readFrom(disk, directory, segments, start)
    if (attempt.checkpoint) return attempt.recovered
  }
  return (await readFrom(disk, directory, segments, 0)).recovered
}

async function readFrom(
  disk: Disk,
  directory: string,
  segments: { name: string; bytes: number }[],
  start: number,
): Promise<{ recovered: Recovered; checkpoint: boolean }> {
  const totals = new Map<string, SourceTotals>()
  let last: Position = nowhere
  let epoch = 0
  let checkpoint = false
  let frames = 0
  // Only damage after the last header hides uncounted rows.
  let trailing = 0
  let cut = false
  const ends = new Map<string, number>()
  const first = segments[start]
  const walk = new Walk({
    disk,
    directory,
    after: nowhere,
    // Its rows count; its cursor would skip unreadable rows.
    onCut: ({ cursor: _, ...header }) => {
      cut = true
      addHeader(totals, header)
      last = { sequence: header.sequence, row: header.firstRow + (header.more ? 0 : header.count) }
      epoch = Math.max(epoch, header.epoch)
    },
    ...(first === undefined ? {} : { from: first.name }),
  })
  try {
    for (;;) {
      const walked = await walk.next()
      if (walked === undefined) break
      const { header } = walked.decoded
      if (frames === 0)
        checkpoint =
          isCheckpoint(header) &&
          walked.segment === first?.name &&
          walked.offset === 0 &&
          header.sequence === segmentStart(walked.segment)
      frames++
      for (const [name, bytes] of Object.entries(checkpointEnds(header) ?? {})) ends.set(name, bytes)
      addHeader(totals, header)
      last = { sequence: header.sequence, row: header.firstRow + (header.more ? 0 : header.count) }
      epoch = Math.max(epoch, header.epoch)
    }
    trailing = walk.pendingDamage()
  } finally {
    await walk.close()
  }
  return {
    checkpoint,
    recovered: { last, epoch, totals, segments, damaged: trailing > 0, cut, damagedBytes: trailing, from: start, ends },
  }
}
