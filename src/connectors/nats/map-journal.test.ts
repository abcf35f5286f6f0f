import { expect, test } from 'vitest'
import { fittingCount, keyOf, pack, positionOf, sequenceAfter, tokenOf, unpack } from './map-journal.ts'

test('any key is encoded as one token of a subject and decoded again', () => {
  for (const key of ['http@collector-1', 'sink/0/out', 'a.b.c', '50%', 'x y*>']) {
    expect(tokenOf(key)).not.toMatch(/[.\s*>]/)
    expect(keyOf(tokenOf(key))).toBe(key)
  }
})

test('records of one message keep their order, each with its own position', () => {
  const values = ['one', '', 'three'].map((text) => Buffer.from(text))
  const records = unpack(7, 'k', pack(values))
  expect(records.map(({ value }) => Buffer.from(value).toString())).toEqual(['one', '', 'three'])
  expect(records.map(({ position: place }) => place)).toEqual([positionOf(7) - 2, positionOf(7) - 1, positionOf(7)])
  expect(records.map(({ position: place }) => sequenceAfter(place))).toEqual([7, 7, 8])
  expect(unpack(8, 'k', new Uint8Array(0))).toEqual([{ position: positionOf(8), key: 'k', value: new Uint8Array(0) }])
})

test('a message is filled to the limit, with at least one record', () => {
  const values = Array.from({ length: 5 }, () => new Uint8Array(100))
  expect(fittingCount(values, 320)).toBe(3)
  expect(fittingCount(values, 10)).toBe(1)
  expect(fittingCount(values, 1000)).toBe(5)
})
