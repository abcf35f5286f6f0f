import { expect, test } from 'vitest'
import type { Frame } from '../../journal/types.ts'
import { FrameMaker, startOfDay } from '../../store/testing/frames.ts'
import { Ring } from './ring.ts'

const make = new FrameMaker()

/** A frame of `count` flows that counts its decompressions. */
function frameOf(count: number, received: number, more: { stored?: number } = {}): Frame & { decompressed: number } {
  const frame = make.flows(
    Array.from({ length: count }, (_, row) => ({ src: `10.0.0.${row % 250}`, dst: '10.0.1.1' })),
    received,
  )
  const counted = {
    ...frame,
    decompressed: 0,
    header: { ...frame.header, bodyBytes: more.stored ?? frame.header.bodyBytes },
    body: () => (counted.decompressed++, frame.body()),
  }
  return counted
}

const wide = { rows: 1_000_000, bytes: 1 << 30, ageMs: 3_600_000 }

test('evicts the oldest frames beyond the limits of rows, stored bytes or age, and reports them', () => {
  for (const [limits, left] of [
    [{ ...wide, rows: 25 }, 2],
    [{ ...wide, bytes: 250 }, 2],
    [{ ...wide, ageMs: 3000 }, 4],
  ] as const) {
    const ring = new Ring(limits)
    const gone: number[] = []
    ring.onEvict = (frame) => gone.push(frame.sequence)
    ring.startAfter(0, startOfDay - 1000)
    expect(ring.since).toBe(startOfDay - 1000)
    const frames = Array.from({ length: 6 }, (_, second) => frameOf(10, startOfDay + second * 1000, { stored: 100 }))
    for (const frame of frames) ring.push(frame)
    const held = ring.after(0)
    expect(held).toHaveLength(left)
    expect(gone).toEqual(frames.slice(0, 6 - left).map(({ header }) => header.sequence))
    expect(ring.rows).toBe(10 * left)
    expect(ring.since).toBe((frames[5 - left]?.header.received ?? 0) + 1)
    expect(ring.after(held[0]?.sequence ?? 0)).toHaveLength(left - 1)
  }
})

test('decodes a frame on first use, once, and discards the least recently used', () => {
  const size = frameOf(10, startOfDay).header.rawBytes
  const ring = new Ring({ ...wide, bytes: size * 2 + 1 })
  const frames = Array.from({ length: 4 }, () => frameOf(10, startOfDay, { stored: 10 }))
  for (const frame of frames) ring.push(frame)
  expect(frames.map(({ decompressed }) => decompressed)).toEqual([0, 0, 0, 0])
  const [first, second, third] = ring.after(0)
  for (let times = 0; times < 3; times++) expect([first?.batch.count, second?.batch.count]).toEqual([10, 10])
  expect(frames.map(({ decompressed }) => decompressed)).toEqual([1, 1, 0, 0])
  expect([third?.batch.count, second?.batch.count]).toEqual([10, 10])
  expect(ring.after(0).map(({ isDecoded }) => isDecoded)).toEqual([false, true, true, false])
  expect(first?.batch.count).toBe(10)
  expect(ring.after(0).map(({ isDecoded }) => isDecoded)).toEqual([true, true, false, false])
})

test('finds positions among thousands of frames', () => {
  const ring = new Ring({ ...wide, rows: 3000 })
  const one = frameOf(1, startOfDay)
  for (let sequence = 1; sequence <= 20_000; sequence++) ring.push({ ...one, header: { ...one.header, sequence } })
  expect([ring.first, ring.rows, ring.evicted]).toEqual([17_001, 3000, 17_000])
  expect(ring.after(19_990).map(({ sequence }) => sequence)).toEqual(Array.from({ length: 10 }, (_, at) => 19_991 + at))
  expect(ring.after(0)).toHaveLength(3000)
})
