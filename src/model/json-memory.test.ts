import { expect, test } from 'vitest'
import { jsonMemory } from './json-memory.ts'

const count = 50_000
const listOf = (element: (n: number) => string) => `[${Array.from({ length: count }, (_, n) => element(n)).join(',')}]`
const perElement = (text: string) => jsonMemory(Buffer.from(text)) / count

// Measured with Node 24: bytes of the heap for each element of a list.
test.each<[string, (n: number) => string, number]>([
  ['numbers', () => '0', 8],
  ['empty lists', () => '[]', 40],
  ['empty objects', () => '{}', 64],
  ['objects with one key', () => '{"a":0}', 32],
  ['pairs of texts', () => '["1","x"]', 62],
  ['different texts', (n) => `"s${n}"`, 23],
  ['objects with different keys', (n) => `{"k${n}":0}`, 171],
  ['objects with many sequences of keys', (n) => `{"k${n % 5000}":0,"z${n % 777}":1}`, 179],
])('%s count at least what V8 needs, and at most five times of it', (_, element, heap) => {
  const text = listOf(element)
  const estimate = perElement(text) - text.length / count
  expect(estimate).toBeGreaterThanOrEqual(heap)
  expect(estimate).toBeLessThanOrEqual(5 * heap + 20)
})

test('a map with many keys counts each key, and equal objects count their keys once', () => {
  const map = `{${Array.from({ length: count }, (_, n) => `"key${n}":0`).join(',')}}`
  expect(perElement(map)).toBeGreaterThan(100)
  const packages = listOf((n) => `{"type":"library","name":"a${n}","version":"1.${n}","purl":"pkg:npm/a${n}@1"}`)
  expect(jsonMemory(Buffer.from(packages))).toBeLessThan(5 * packages.length)
})

test('one text counts its length, twice if it is not ASCII; brackets and quotes in it do not count', () => {
  const long = (piece: string) => Buffer.from(`["${piece.repeat(100_000)}"]`)
  expect(jsonMemory(long('x')) / long('x').length).toBeLessThan(2.1)
  expect(jsonMemory(long('[\\"')) / long('[\\"').length).toBeLessThan(2.1)
  expect(jsonMemory(long('ж')) / long('ж').length).toBeGreaterThan(3)
})

test('deep nesting and text without an end are read to their end', () => {
  expect(jsonMemory(Buffer.from('['.repeat(200_000)))).toBeGreaterThan(200_000 * 40)
  expect(jsonMemory(Buffer.from(`{"a":"${'x'.repeat(100_000)}`))).toBeGreaterThan(100_000)
})

test('a small text counts a fixed multiple of its length', () => {
  expect(jsonMemory(Buffer.from('[[],[]]'))).toBe(7 * 24)
})
