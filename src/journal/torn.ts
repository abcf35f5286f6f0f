/**
 * A kill can end a write between two pages of the file. The file is extended before, so that such a write leaves
 * zeros up to its end. A file that lost its end is shorter than its last frame.
 */
import type { Disk, DiskFile } from '../host/index.ts'
import { checkpointBoot } from './checkpoint.ts'
import { smallestHeader } from './frame.ts'
import { listSegments } from './recover.ts'
import { SegmentScanner } from './scan.ts'

/** Pages of kernels are multiples of it. */
const pageBytes = 4096
/** Fewer can end the body of a frame. */
const leastZeros = 64
const zero = new Uint8Array(1)

export type TornWrite = Readonly<{
  segment: string
  offset: number
  bytes: number
}>

/** At the end of the file, which may have some zeros more. */
export async function appendPieces(file: DiskFile, pieces: readonly Uint8Array[], offset: number): Promise<void> {
  const end = offset + pieces.reduce((sum, piece) => sum + piece.length, 0)
  const lastPage = Math.floor((end - 1) / pageBytes) * pageBytes
  if (offset < lastPage) await file.write(zero, extendedTo(lastPage, end, pieces) - 1)
  await file.writeAll(pieces, offset)
}

/** Enough zeros in the last page to recognise that it was not written. */
function extendedTo(lastPage: number, end: number, pieces: readonly Uint8Array[]) {
  const least = lastPage + leastZeros
  // These zeros would continue those of the last frame, as if they had not been written.
  return end >= least || endsInZeros(pieces, end - lastPage) ? end : least
}

function endsInZeros(pieces: readonly Uint8Array[], bytes: number) {
  let left = bytes
  for (const piece of pieces.toReversed()) {
    const last = piece.subarray(Math.max(0, piece.length - left))
    if (last.some((byte) => byte !== 0)) return false
    left -= last.length
  }
  return true
}

/**
 * Truncates the write that a kill interrupted: no row of it was acknowledged. Only if this kernel has written the
 * segment, because after a power cut zeros can be lost pages of acknowledged rows.
 */
export async function removeTornWrite(disk: Disk, directory: string, boot: string | undefined): Promise<TornWrite[]> {
  const torn: TornWrite[] = []
  if (boot === undefined) return torn
  for (const { name, bytes } of (await listSegments(disk, directory)).reverse()) {
    if (bytes === 0) continue
    const tail = await reading(disk, `${directory}/${name}`, (file) => tailOf(file, bytes))
    if (tail.tornAt !== undefined) torn.push({ segment: name, offset: tail.tornAt, bytes: bytes - tail.tornAt })
    // The checkpoint of a segment may be torn itself; the segment before it has the boot then.
    else if (tail.frames === 0 && !tail.isBlank) return []
    if (tail.frames === 0) continue
    if (tail.boot !== boot) return []
    for (const { segment, offset } of torn) await truncate(disk, `${directory}/${segment}`, offset)
    return torn
  }
  return []
}

async function truncate(disk: Disk, path: string, size: number) {
  const file = await disk.open(path, 'write')
  try {
    await file.truncate(size)
  } finally {
    await file.close()
  }
}

async function reading<T>(disk: Disk, path: string, act: (file: DiskFile) => Promise<T>): Promise<T> {
  const file = await disk.open(path, 'read')
  try {
    return await act(file)
  } finally {
    await file.close()
  }
}

type SegmentTail = Readonly<{
  frames: number
  /** Boot id of the kernel that wrote the first frame. */
  boot?: string | undefined
  /** Extended, and killed before the first write. */
  isBlank?: boolean
  /** Offset of the first frame that was not written as a whole. */
  tornAt?: number
}>

async function tailOf(file: DiskFile, size: number): Promise<SegmentTail> {
  const scanner = new SegmentScanner(file, 0, 0)
  let [frames, last, end, isUnreadable] = [0, 0, 0, false]
  let boot: string | undefined
  for (;;) {
    const scanned = await scanner.nextHeader(size)
    if (scanned.is === 'end') break
    if (scanned.is === 'damage') {
      if (scanned.header !== undefined) return { frames, boot }
      isUnreadable = scanned.offset + scanned.bytes === size
      if (isUnreadable) end = scanned.offset
      continue
    }
    const { headerBytes, header } = scanned.decoded
    if (scanned.offset === 0) boot = checkpointBoot(header)
    frames++
    last = scanned.offset
    end = last + headerBytes + header.bodyBytes
  }
  if (frames > 0 && !(await isWhole(file, last, size))) {
    if (isUnreadable) return { frames, boot }
    end = last
  }
  if (await isTorn(file, end, size)) return { frames, boot, tornAt: end }
  return { frames, boot, isBlank: frames === 0 && !isUnreadable }
}

async function isWhole(file: DiskFile, offset: number, size: number) {
  return (await new SegmentScanner(file, offset, 0).next(size)).is === 'frame'
}

/** A part of a frame, then zeros from the start of a page to the end of the file. */
async function isTorn(file: DiskFile, from: number, size: number) {
  const zeros = await zerosFrom(file, from, size)
  const page = Math.ceil(zeros / pageBytes) * pageBytes
  return zeros > from && size - page >= leastZeros && size - from >= smallestHeader
}

async function zerosFrom(file: DiskFile, from: number, size: number) {
  const chunk = new Uint8Array(64 * 1024)
  for (let end = size; end > from;) {
    const start = Math.max(from, end - chunk.length)
    const part = chunk.subarray(0, end - start)
    await file.read(part, start)
    const last = part.findLastIndex((byte) => byte !== 0)
    if (last !== -1) return start + last + 1
    end = start
  }
  return from
}
