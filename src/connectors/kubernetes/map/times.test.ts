import { describe, expect, test } from 'vitest'
import type { PatchStep } from '../../../model/kubernetes.ts'
import { ChangeClock, deletionRequest, DeletionRequests, goneAt, updatedAt } from './times.ts'

const time = (text: string): number => Date.parse(`2026-11-20T${text}Z`)
const iso = (text: string): string => `2026-11-20T${text}Z`

describe('the time of a change', () => {
  test("is the receive time within the object's second, and else the object's second", () => {
    const clock = new ChangeClock()
    expect(clock.at(time('10:00:05.250'), time('10:00:05'))).toBe(time('10:00:05.250'))
    expect(clock.at(time('10:00:07.250'), time('10:00:06'))).toBe(time('10:00:06'))
    expect(clock.at(time('12:00:00'), undefined)).toBe(time('12:00:00'))
  })

  test("is never later than the receive time, even if the server's clock is ahead", () => {
    expect(new ChangeClock().at(time('10:00:05'), time('10:00:09'))).toBe(time('10:00:05'))
  })

  test('is not before an earlier change of the same second', () => {
    const clock = new ChangeClock()
    expect([
      clock.at(time('10:00:05.900'), time('10:00:05')),
      clock.at(time('10:00:06.100'), time('10:00:05')),
      clock.at(time('10:00:08'), time('10:00:06')),
    ]).toEqual([time('10:00:05.900'), time('10:00:05.900'), time('10:00:06')])
  })
})

describe('the update time according to the object', () => {
  const owned = [
    {
      manager: 'kubectl',
      time: iso('09:00:00'),
      fieldsV1: {
        'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
        'f:spec': { 'f:replicas': {}, 'f:selector': {} },
      },
    },
    {
      manager: 'kubelet',
      time: iso('10:00:05'),
      fieldsV1: {
        'f:status': { 'f:phase': {}, 'f:conditions': { 'k:{"type":"Ready"}': { '.': {}, 'f:status': {} } } },
      },
    },
  ]
  const replace = (path: string, value: unknown = 'x'): PatchStep => ({ op: 'replace', path, value })
  test.each([
    ['the entry that names the field', [replace('/spec/replicas')], '09:00:00'],
    ['the newest of several', [replace('/spec/replicas'), replace('/status/phase')], '10:00:05'],
    ['entries of lists', [replace('/status/conditions/0/status')], '10:00:05'],
    ['a value that is written as a whole', [replace('/spec/selector/a')], '09:00:00'],
    ['a part with named fields inside', [{ op: 'add', path: '/status', value: {} } as const], '10:00:05'],
    ['no entry: another field', [replace('/spec/paused')], undefined],
    ['no entry: a removed field', [{ op: 'remove', path: '/metadata/labels/app' } as const], undefined],
    ['the deletion request', [replace('/metadata/deletionTimestamp', iso('10:00:40'))], '10:00:10'],
    ['startTime', [{ op: 'add', path: '/status/startTime', value: iso('10:00:20') } as const], '10:00:20'],
  ])('%s', (_, patch, expected) => {
    expect(
      updatedAt(patch, { metadata: { deletionTimestamp: iso('10:00:40'), deletionGracePeriodSeconds: 30 } }, owned),
    ).toBe(expected === undefined ? undefined : time(expected))
  })
})

test('a deletion was requested one grace period before deletionTimestamp, and finalizers delay the end', () => {
  expect(deletionRequest({ metadata: { deletionTimestamp: iso('10:00:40'), deletionGracePeriodSeconds: 30 } })).toBe(
    time('10:00:10'),
  )
  expect(deletionRequest({ metadata: { deletionTimestamp: iso('10:00:40') } })).toBe(time('10:00:40'))
  expect(deletionRequest({ metadata: {} })).toBeUndefined()
  expect(goneAt({ metadata: { deletionTimestamp: iso('10:00:40') } })).toBe(time('10:00:40'))
  expect(goneAt({ metadata: { deletionTimestamp: iso('10:00:40'), finalizers: ['a'] } })).toBeUndefined()
})

test('the first deletion request counts, even if another one moved deletionTimestamp', () => {
  const requests = new DeletionRequests()
  const [requested, moved] = [
    { metadata: { deletionTimestamp: iso('10:00:35'), deletionGracePeriodSeconds: 30 } },
    { metadata: { deletionTimestamp: iso('10:00:20'), deletionGracePeriodSeconds: 0 } },
  ]
  requests.seen('a', requested)
  requests.seen('a', moved, requested)
  // The first observation after a restart: the previous state decides.
  requests.seen('b', moved, requested)
  requests.seen('c', { metadata: {} })
  expect(['a', 'b', 'c', 'a'].map((uid) => requests.gone(uid))).toEqual([
    time('10:00:05'),
    time('10:00:05'),
    undefined,
    undefined,
  ])
})
