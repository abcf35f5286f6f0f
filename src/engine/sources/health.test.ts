import { expect, it } from 'vitest'
import { healthOf, healthOfPlaces } from './health.ts'

it('a source of several places fails when none can be read, at once when none ever was, and in part otherwise', () => {
  expect(healthOfPlaces([])).toBeUndefined()
  expect(healthOfPlaces([{ lastPoll: 1 }, {}])).toBeUndefined()
  expect(healthOfPlaces([{ why: 'wrong password' }])).toEqual({ why: 'wrong password', counts: 'now' })
  expect(healthOfPlaces([{ why: 'away', lastPoll: 1 }, { why: 'away' }])).toEqual({ why: 'away', counts: 'lasting' })
  expect(healthOfPlaces([{ lastPoll: 1 }, { why: 'away' }])).toEqual({
    why: '1 of 2 places cannot be read: away',
    counts: 'partly',
  })
})

it('a source states its health itself, or by a problem in its status', () => {
  expect(healthOf({ health: () => ({ why: 'x', counts: 'now' }) })).toEqual({ why: 'x', counts: 'now' })
  expect(healthOf({ status: () => ({ problem: 'no login' }) })).toEqual({ why: 'no login', counts: 'lasting' })
  expect(healthOf({ status: () => ({}) })).toBeUndefined()
  expect(healthOf({})).toBeUndefined()
})
