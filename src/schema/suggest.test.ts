import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didYouMean, editDistance, nearest } from './suggest.ts'

describe('a suggestion', () => {
  it.each([
    ['lisen', 'listen'],
    ['listne', 'listen'],
    ['when-behind', 'when_behind'],
    ['Listen', 'listen'],
    ['netflow5', 'netflow'],
  ])('for %s is %s', (written, word) => {
    expect(nearest(written, ['subject', 'listen', 'when_behind', 'netflow', 'url'])).toBe(word)
  })

  it.each(['colour', 'x', '', 'ul2'])('is not made for %j', (written) => {
    expect(didYouMean(written, ['listen', 'when_behind', 'on'])).toBeUndefined()
  })

  it('asks a question', () => {
    expect(didYouMean('lisen', ['listen'])).toBe('did you mean `listen`?')
  })
})

it('the edit distance is symmetric, zero only for equal words, and at most the longer length', () => {
  const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') })
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b)
      expect(distance).toBe(editDistance(b, a))
      expect(distance === 0).toBe(a === b)
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
    }),
  )
})
