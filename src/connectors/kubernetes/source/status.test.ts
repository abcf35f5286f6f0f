import { expect, it } from 'vitest'
import { healthOfWatches, type KubernetesStatus } from './status.ts'

const kind = (state: string, more: object = {}): KubernetesStatus['kinds'][number] => ({
  kind: 'Pod',
  group: '',
  state,
  objects: 0,
  lists: 1,
  watches: 0,
  ...more,
})
const status = (more: Partial<KubernetesStatus>): KubernetesStatus => ({
  cluster: 'c',
  reached: 1,
  objects: 0,
  changes: 0,
  hidden: 0,
  unavailable: [],
  synced: false,
  kinds: [],
  ...more,
})

it('a source that can watch no kind fails at once, one that can watch some fails in part', () => {
  expect(healthOfWatches(status({ kinds: [kind('watching'), kind('listing'), kind('waiting')] }))).toBeUndefined()
  expect(
    healthOfWatches(status({ kinds: [kind('forbidden', { reason: 'no right to list' }), kind('forbidden')] })),
  ).toEqual({ why: 'no kind is watched: Pod: no right to list', counts: 'now' })
  expect(
    healthOfWatches(status({ kinds: [kind('watching'), kind('forbidden', { reason: 'no right to list' })] })),
  ).toEqual({ why: '1 of 2 kinds are not watched: Pod: no right to list', counts: 'partly' })
  expect(healthOfWatches(status({ kinds: [kind('waiting', { reason: 'connection refused', watches: 3 })] }))).toEqual({
    why: 'no kind is watched: Pod: connection refused',
    counts: 'lasting',
  })
  expect(healthOfWatches(status({}))).toEqual({
    why: 'no selected kind may be watched',
    counts: 'now',
  })
})

it('a source without a response of its server fails at once, and a standby replica does not fail', () => {
  const { reached: _, ...never } = status({ problem: 'connection refused' })
  expect(healthOfWatches(never)).toEqual({ why: 'connection refused', counts: 'now' })
  expect(
    healthOfWatches({ ...never, lease: { namespace: 'n', name: 'l', state: 'stands by', waiting: 0 } }),
  ).toBeUndefined()
})
