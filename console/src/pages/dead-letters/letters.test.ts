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

test('a key is of one sink and one letter, and leads back to both', () => {
  const key = keyOf({ sink: 'bus', id: 'a/b:3:812:0' })
  expect(partsOf(key)).toEqual({ sink: 'bus', id: 'a/b:3:812:0' })
  expect(bySink([key, keyOf({ sink: 'other', id: 'x' }), keyOf({ sink: 'bus', id: 'y' })])).toEqual(
    new Map([
      ['bus', ['a/b:3:812:0', 'y']],
      ['other', ['x']],
    ]),
  )
})

test('what became of letters is told by state and reason, and none is passed over', () => {
  expect(outcome('retry', 3, [letter('delivered'), letter('open', '400'), letter('retrying')])).toBe(
    '3 tried again: 1 delivered, 1 refused again (400), 1 still on the way.',
  )
  expect(outcome('retry', 60, [letter('delivered')])).toContain('59 more moved back to pending')
  expect(outcome('drop', 2, [])).toBe('2 dropped, and counted as dropped.')
})

test('a body that is no JSON object says where', () => {
  expect(readBody('{"a": 1}')).toEqual({ body: { a: 1 } })
  expect(readBody('[1]')).toMatchObject({ problem: expect.stringContaining('JSON object') as string })
  expect(readBody('{\n  "a": x\n}')).toMatchObject({ problem: expect.stringMatching(/line 2|JSON/) as string })
})
