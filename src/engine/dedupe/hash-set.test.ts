import { expect, it } from 'vitest'
import { SeededRandom } from '../../../test/kit/random.ts'
import { HashSet } from './hash-set.ts'

/** Few values, so that hashes collide and repeat. */
function hashOf(random: SeededRandom): Uint32Array {
  return Uint32Array.of(random.integer(0, 3), random.integer(0, 199), random.integer(0, 3), 0)
}

it('holds the hashes that were added and not deleted, in any order', () => {
  const random = new SeededRandom(7)
  const set = new HashSet()
  const expected = new Set<string>()
  for (let step = 0; step < 50_000; step++) {
    const hash = hashOf(random)
    const text = hash.join()
    if (random.chance(1 / 3)) {
      set.delete(hash, 0)
      expected.delete(text)
    } else {
      expect(set.add(hash, 0)).toBe(!expected.has(text))
      expected.add(text)
    }
    expect(set.size).toBe(expected.size)
  }
  const words = set.lend()
  const held = Array.from({ length: set.size }, (_, n) => words.subarray(4 * n, 4 * n + 4).join())
  expect(new Set(held)).toEqual(expected)
  for (const text of expected) expect(set.has(Uint32Array.from(text.split(','), Number), 0)).toBe(true)
})

it('keeps lent words while it grows and is emptied', () => {
  const set = new HashSet()
  for (let n = 0; n < 400; n++) set.add(Uint32Array.of(n, n, n, n), 0)
  const lent = set.lend()
  const before = [...lent]
  for (let n = 400; n < 5000; n++) set.add(Uint32Array.of(n, n, n, n), 0)
  expect([...lent]).toEqual(before)
  const again = set.lend()
  set.release()
  expect(again[4 * 4999]).toBe(4999)
  expect(set.size).toBe(0)
})
