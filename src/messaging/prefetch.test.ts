import { expect, test } from 'vitest'
import { Prefetch } from './prefetch.ts'

const capacity = 64 << 20

test('small messages never lower the number that is read ahead', () => {
  const prefetch = new Prefetch({ capacity }, 2048)
  for (let at = 0; at < 2048; at++) expect(prefetch.add(8000)).toBe(true)
  expect(prefetch.count).toBe(2048)
})

test('large messages lower it, so that they fit the memory with the next connection', () => {
  const prefetch = new Prefetch({ capacity }, 2048)
  expect([prefetch.add(7 << 20), prefetch.add(7 << 20), prefetch.add(7 << 20)]).toEqual([true, true, false])
  expect(prefetch.count).toBe(2)
  expect(prefetch.reason).toBe(
    'messages of up to 7 MiB exceed the 16 MiB that may wait to be decoded; from now on Weir reads at most 2 ahead',
  )
  prefetch.reset()
  expect([prefetch.add(7 << 20), prefetch.add(7 << 20)]).toEqual([true, true])
  prefetch.taken(7 << 20)
  expect(prefetch.add(7 << 20)).toBe(true)
})

test('messages that arrive before the connection ends do not lower it further', () => {
  const prefetch = new Prefetch({ capacity }, 512)
  for (let at = 0; at < 16; at++) expect(prefetch.add(1 << 20)).toBe(true)
  for (let at = 0; at < 8; at++) expect(prefetch.add(1 << 20)).toBe(false)
  expect(prefetch.count).toBe(16)
})

test('one message is always read, whatever its size', () => {
  const prefetch = new Prefetch({ capacity }, 512)
  expect(prefetch.add(100 << 20)).toBe(false)
  prefetch.reset()
  expect(prefetch.count).toBe(1)
  expect(prefetch.add(100 << 20)).toBe(true)
})
