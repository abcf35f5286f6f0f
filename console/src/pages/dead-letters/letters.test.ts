import { expect, test } from 'vitest'
import type { DeadLetter } from '../../../../src/api/published.ts'
import { bySink, keyOf, outcome, partsOf, readBody } from './letters.ts'

const letter = (state: DeadLetter['state'], reason = 'bad'): DeadLetter => ({
  id: 'http:1:2:0',
  sink: 'bus',
  time: 0,
  reason,
  attempts: 1,
  state,
  kind: 'events',
})

test('a key identifies one sink and one letter', () => {
  const key = keyOf({ sink: 'bus', id: 'a/b:3:812:0' })
  expect(partsOf(key)).toEqual({ sink: 'bus', id: 'a/b:3:812:0' })
  expect(bySink([key, keyOf({ sink: 'other', id: 'x' }), keyOf({ sink: 'bus', id: 'y' })])).toEqual(
    new Map([
      ['bus', ['a/b:3:812:0', 'y']],
      ['other', ['x']],
    ]),
  )
})

test('the outcome covers every letter by state and reason', () => {
  expect(outcome('retry', 3, [letter('delivered'), letter('open', '400'), letter('retrying')])).toBe(
    '3 retried: 1 delivered, 1 rejected again (400), 1 still in transit.',
  )
  expect(outcome('retry', 60, [letter('delivered')])).toContain('59 more returned to pending')
  expect(outcome('drop', 2, [])).toBe('2 dropped and counted as dropped.')
})

test('an invalid JSON body is reported with its position', () => {
  expect(readBody('{"a": 1}')).toEqual({ body: { a: 1 } })
  expect(readBody('[1]')).toMatchObject({ problem: expect.stringContaining('JSON object') as string })
  expect(readBody('{\n  "a": x\n}')).toMatchObject({ problem: expect.stringMatching(/line 2|JSON/) as string })
})
