import { expect, test } from 'vitest'
import { Positions } from './positions.ts'

const after = (positions: Positions): Positions => Positions.from(positions.cursor())

test('a cursor holds the next offset of every partition, and the identity of its topic', () => {
  const positions = Positions.from(undefined)
  positions.of('a', 0).read = 5
  positions.of('a', 11).read = 2 ** 40
  positions.of('b', 0).read = 1
  expect(positions.follow('a', 'id-1')).toBe(true)
  const restarted = after(positions)
  expect(restarted.of('a', 0)).toEqual({ read: 5, synced: 5 })
  expect(restarted.of('a', 11)).toEqual({ read: 2 ** 40, synced: 2 ** 40 })
  expect(restarted.of('a', 1)).toEqual({ read: 0, synced: 0 })
  expect(restarted.of('b', 0).read).toBe(1)
  expect(restarted.follow('a', 'id-1')).toBe(true)
  expect(restarted.of('a', 0).read).toBe(5)
})

test('a topic with another identity loses its positions, once', () => {
  const positions = Positions.from(undefined)
  positions.follow('a', 'id-1')
  positions.of('a', 0).read = 5
  const restarted = after(positions)
  expect(restarted.follow('a', 'id-2')).toBe(false)
  expect(restarted.of('a', 0).read).toBe(0)
  expect(restarted.follow('a', 'id-2')).toBe(true)
  restarted.of('a', 0).read = 3
  restarted.forget('a', 0)
  expect(restarted.of('a', 0).read).toBe(0)
})

test('topics that are no longer read leave the cursor', () => {
  const positions = Positions.from(undefined)
  positions.of('a', 0).read = 5
  positions.of('b', 0).read = 6
  positions.keepOnly(['b'])
  const restarted = after(positions)
  expect([restarted.of('a', 0).read, restarted.of('b', 0).read]).toEqual([0, 6])
})

test.each([
  '',
  'no JSON',
  '[]',
  '{"kafka":7}',
  '{"kafka":{"a":7}}',
  '{"kafka":{"a":{"id":"x","next":{"0":-1,"1":"5"}}}}',
])('the cursor %j yields no positions', (text) => {
  const positions = Positions.from(Buffer.from(text))
  expect([positions.of('a', 0).read, positions.of('a', 1).read]).toEqual([0, 0])
})
