import { expect, test } from 'vitest'
import type { WatchedCluster } from '../../engine/control.ts'
import { kindForbidden } from '../../model/kubernetes.ts'
import { clusterFindings } from './clusters.ts'

const cluster: WatchedCluster = {
  name: 'k',
  type: 'kubernetes',
  cluster: 'c1',
  objects: 3,
  changes: 0,
  hidden: 0,
  unavailable: [],
  synced: true,
  kinds: [],
}
const kind = (name: string, more: object): WatchedCluster['kinds'][number] => ({
  kind: name,
  group: '',
  state: 'watching',
  objects: 0,
  lists: 1,
  watches: 1,
  ...more,
})

test('a cluster that cannot be watched fails with the sentence of the log and its cause', () => {
  const problem = 'The cluster rejects the credentials (401); Weir tries again. /version answered 401: Unauthorized'
  expect(clusterFindings({ ...cluster, problem })).toMatchObject([
    { check: 'cluster c1', status: 'fail', fact: problem },
  ])
})

test('a forbidden kind has the sentence of the log, and another kind its state', () => {
  const found = clusterFindings({
    ...cluster,
    kinds: [
      kind('Pod', {}),
      kind('Secret', { state: 'forbidden', reason: '403: no' }),
      kind('Node', { state: 'waiting', reason: 'silent' }),
    ],
  })
  expect(found.filter(({ status }) => status === 'warn').map(({ check, fact }) => [check, fact])).toEqual([
    ['Secret', `${kindForbidden} (forbidden: 403: no)`],
    ['Node', 'waiting: silent'],
  ])
})
