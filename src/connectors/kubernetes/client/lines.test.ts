import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LineSplitter, LineTooLong } from './lines.ts'

const utf8 = new TextEncoder()

function split(bytes: Uint8Array, cuts: readonly number[]): string[] {
  const splitter = new LineSplitter(1_000_000)
  const lines: string[] = []
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  for (let index = 1; index < places.length; index++) {
    // A reused Buffer, as a socket delivers: `slice` is no copy.
    const chunk = Buffer.from(bytes.slice(places[index - 1], places[index]))
    for (const line of splitter.take(chunk)) lines.push(new TextDecoder('utf-8', { fatal: true }).decode(line))
    chunk.fill(0x78)
  }
  return lines
}

test('lines do not depend on chunk boundaries, even within a character', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '))),
      fc.array(fc.nat()),
      (texts, cuts) => {
        const bytes = utf8.encode(texts.map((text) => `${text}\n`).join(''))
        expect(split(bytes, cuts)).toEqual(texts.filter((text) => text !== ''))
      },
    ),
  )
})

test('every single cut of a small stream gives the same lines', () => {
  const bytes = utf8.encode('{"type":"ADDED","object":{"ü":"€😀"}}\n\n{"a":1}\nrest')
  for (let cut = 0; cut <= bytes.length; cut++)
    expect(split(bytes, [cut])).toEqual(['{"type":"ADDED","object":{"ü":"€😀"}}', '{"a":1}'])
})

test('a line of two megabytes arrives complete; a line over the limit is refused with or without an end', () => {
  const big = utf8.encode(`${'x'.repeat(2_000_000)}\n`)
  const splitter = new LineSplitter(2_000_000)
  const lines: number[] = []
  for (let at = 0; at < big.length; at += 65_536)
    for (const line of splitter.take(big.subarray(at, at + 65_536))) lines.push(line.length)
  expect(lines).toEqual([2_000_000])
  expect(splitter.pending).toBe(0)
  expect(() => [...new LineSplitter(10).take(utf8.encode('0123456789a'))]).toThrow(LineTooLong)
  expect(() => [...new LineSplitter(10).take(utf8.encode('0123456789a\n'))]).toThrow(LineTooLong)
})
