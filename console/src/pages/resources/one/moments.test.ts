import { expect, test } from 'vitest'
import type { ResourceState } from '../../../api/objects.ts'
import { contentAt, momentsOf } from './moments.ts'

const at = (time: string): string => `2026-11-20T${time}.000Z`
const state = (from: string, to: string | null, more: Partial<ResourceState> = {}): ResourceState => ({
  cluster: 'c',
  group: '',
  kind: 'Pod',
  namespace: 'shop',
  name: 'web-1',
  uid: 'u1',
  ref: 'k8s:c//Pod/shop/web-1',
  labels: null,
  node: null,
  zone: null,
  phase: 'Running',
  owner_kind: null,
  owner_name: null,
  owner_uid: null,
  created: null,
  valid_from: at(from),
  valid_to: to === null ? null : at(to),
  resource_version: from,
  ...more,
})
const version = (from: string): { valid_from: string } => ({ valid_from: at(from) })

test('states with equal content are one, a change and a deletion are moments', () => {
  const intervals = [
    state('10:00:00', '10:00:05', { phase: 'Pending' }),
    state('10:00:05', '10:01:00'),
    state('10:01:00', '10:02:00'),
    state('10:02:00', '11:00:00'),
  ]
  expect(momentsOf({ intervals, versions: [version('10:00:00'), version('10:02:00')] as never })).toEqual(
    ['10:00:00', '10:00:05', '10:02:00', '11:00:00'].map(at),
  )
})

test('an object that was created again has a moment for the new one', () => {
  const intervals = [state('12:00:00', null, { uid: 'u2' }), state('10:00:00', '11:00:00')]
  expect(momentsOf({ intervals, versions: [] })).toEqual(['10:00:00', '11:00:00', '12:00:00'].map(at))
})

test('the content at a time is that of the version then, of this object', () => {
  const version = (uid: string, from: string, to: string | null) =>
    ({ uid, resource_version: from, operation: 'updated', valid_from: from, valid_to: to, images: [] }) as const
  const versions = [version('a', '3', null), version('b', '2', null), version('a', '1', '3')]
  expect(contentAt(versions, 'a', '3')?.resource_version).toBe('3')
  expect(contentAt(versions, 'a', '2')?.resource_version).toBe('1')
  expect(contentAt(versions, 'a', '0')).toBeUndefined()
})
