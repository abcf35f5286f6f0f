// Each case damages a copy of the base and states the expected loss.
import { copyFile, open, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import type { PlacedFrame } from '../../kit/journal-frames.ts'
import { perBatch } from './base.ts'

export interface Damage {
  readonly name: string
  /** Events that are no longer readable. */
  readonly lost: readonly string[]
  /** Rows that the ledger must count as unreadable; undefined if no file has their number. */
  readonly unreadable: number | undefined
  /** Segments that `weir journal check` must report. */
  readonly named: readonly string[]
  act(journal: string): Promise<void>
}

/** Offsets in the frame header (src/journal/frame.ts). */
const lengthOfBody = 12
const sourceSequence = 40

export function fileDamages(frames: readonly PlacedFrame[]): Damage[] {
  const events = frames.filter(({ ids }) => ids.length > 0)
  const segments = [...new Set(frames.map(({ segment }) => segment))]
  const middle = events[Math.floor(events.length / 2)]
  const last = events.at(-1)
  const [firstSegment, lastSegment, middleSegment] = [
    segments[0],
    segments.at(-1),
    segments[Math.floor(segments.length / 2)],
  ]
  if (
    middle === undefined ||
    last === undefined ||
    firstSegment === undefined ||
    lastSegment === undefined ||
    middleSegment === undefined ||
    segments.length < 4
  ) {
    throw new Error(`the base has only ${segments.length} segments with ${events.length} frames of events`)
  }
  const inSegment = (segment: string): readonly string[] =>
    events.filter((frame) => frame.segment === segment).flatMap(({ ids }) => ids)
  const flips = (name: string, frame: PlacedFrame, place: number): Damage => ({
    name,
    lost: frame.ids,
    unreadable: frame.ids.length,
    named: [frame.segment],
    act: (journal) => flipBit(join(journal, frame.segment), frame.offset + place),
  })
  const extra = (name: string, named: readonly string[], act: Damage['act']): Damage => ({
    name,
    lost: [],
    unreadable: 0,
    named,
    act,
  })
  const end = last.offset + last.headerBytes + last.bodyBytes
  const name = (sequence: number) => `${String(sequence).padStart(lastSegment.length - '.seg'.length, '0')}.seg`
  return [
    {
      name: 'a tail torn in a body',
      lost: last.ids,
      unreadable: perBatch,
      named: [lastSegment],
      act: (journal) => truncate(join(journal, lastSegment), last.offset + last.headerBytes + 100),
    },
    {
      name: 'a tail torn in a header',
      lost: last.ids,
      unreadable: undefined,
      named: [lastSegment],
      act: (journal) => truncate(join(journal, lastSegment), last.offset + 50),
    },
    flips('a flipped bit in a length', middle, lengthOfBody),
    flips('a flipped bit in a header', middle, sourceSequence),
    flips('a flipped bit in a body', middle, middle.headerBytes + 1000),
    flips('a flipped bit in the last body', last, last.headerBytes + 1000),
    {
      name: 'a missing segment',
      lost: inSegment(middleSegment),
      unreadable: inSegment(middleSegment).length,
      named: [segments[segments.indexOf(middleSegment) + 1] ?? ''],
      act: (journal) => unlink(join(journal, middleSegment)),
    },
    {
      name: 'the first segment missing',
      lost: inSegment(firstSegment),
      unreadable: inSegment(firstSegment).length,
      named: [],
      act: (journal) => unlink(join(journal, firstSegment)),
    },
    {
      name: 'the newest segment missing',
      lost: inSegment(lastSegment),
      unreadable: undefined,
      named: [],
      act: (journal) => unlink(join(journal, lastSegment)),
    },
    extra('an older segment copied behind the newest', [], (journal) =>
      copyFile(join(journal, middleSegment), join(journal, name(last.sequence + 1000))),
    ),
    extra('an empty segment behind the newest', [], (journal) =>
      writeFile(join(journal, name(last.sequence + 1000)), ''),
    ),
    extra('a file that is no segment', ['backup.seg'], (journal) =>
      writeFile(join(journal, 'backup.seg'), randomBytes(5000)),
    ),
    extra('zeros behind the last frame', [], (journal) => truncate(join(journal, lastSegment), end + 8192)),
    extra('garbage behind the last frame', [lastSegment], (journal) =>
      append(join(journal, lastSegment), end, randomBytes(3000)),
    ),
    extra('a flipped bit in the newer slot of an offset record', [], (journal) =>
      flipNewerSlot(join(journal, 'out.offset')),
    ),
  ]
}

async function flipBit(file: string, place: number) {
  const handle = await open(file, 'r+')
  try {
    const byte = new Uint8Array(1)
    await handle.read(byte, 0, 1, place)
    byte[0] = (byte[0] ?? 0) ^ 0x10
    await handle.write(byte, 0, 1, place)
  } finally {
    await handle.close()
  }
}

async function append(file: string, place: number, bytes: Uint8Array) {
  const handle = await open(file, 'r+')
  try {
    await handle.write(bytes, 0, bytes.length, place)
  } finally {
    await handle.close()
  }
}

/** Two slots, with the version 8 bytes after their start (src/journal/slots.ts). */
async function flipNewerSlot(file: string) {
  const handle = await open(file, 'r')
  const { size } = await handle.stat()
  const versions = await Promise.all(
    [0, size / 2].map(async (at) => {
      const bytes = Buffer.alloc(8)
      await handle.read(bytes, 0, 8, at + 8)
      return bytes.readDoubleLE(0)
    }),
  )
  await handle.close()
  await flipBit(file, ((versions[0] ?? 0) > (versions[1] ?? 0) ? 0 : size / 2) + 24)
}
