import { expect, test } from 'vitest'
import { startStored, type StoredApi } from '../api/testing/stored.ts'
import { toEventBatch } from '../model/events.ts'
import { auditEvent, changeEvent, identity, resourceEvent } from '../store/testing/cluster.ts'
import { changesText } from './changes.ts'
import { weir } from './testing/command.ts'

async function cluster(): Promise<StoredApi> {
  const api = await startStored()
  const time = new Date(Date.now() - 60_000).toISOString()
  const web = identity('Deployment/shop/web', '7')
  await api.addBatch(
    toEventBatch([
      changeEvent(web, time, { operation: 'updated', patch: [{ op: 'replace', path: '/spec/replicas', value: 2 }] }),
      auditEvent(web, 'alice', 'patch', time, { version: '7' }),
      changeEvent(identity('Pod/shop/web-1'), time, { operation: 'updated', noise: ['status'] }),
      resourceEvent(identity('Pod/shop/web-1'), time, {
        phase: 'Running',
        node: 'n1',
        owners: [{ kind: 'ReplicaSet', group: 'apps', name: 'web-abc', uid: 'rs', controller: true }],
      }),
    ]),
    Date.now(),
  )
  return api
}

test('`weir changes` shows each change with its actor, and how much noise is hidden', async () => {
  const { url } = await cluster()
  const { out, code, err } = await weir(['changes', '--url', url, '--namespace', 'shop'])
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(
    /time \(UTC\) +operation +kind +object +by +fields\n\S+ \S+ +updated +Deployment +shop\/web +alice +\/spec\/replicas\n\n1 more are hidden as noise \(status 1\)/,
  )
  const json = JSON.parse(
    (await weir(['changes', '--url', url, '--noise', 'shown', '--kind', 'Pod', '-o', 'json'])).out,
  ) as {
    changes: { name: string }[]
  }
  expect(json.changes.map(({ name }) => name)).toEqual(['web-1'])
  expect((await weir(['changes', '--url', url, '--name', 'nobody'])).out).toBe('No matching changes.\n')
  expect((await weir(['changes', 'no-such-word', '--url', url])).out).toBe('No matching changes.\n')
  expect(await weir(['changes', '--url', url, '--from', 'soon'])).toMatchObject({
    code: 1,
    err: expect.stringContaining('"from" is not a time: soon.') as string,
  })
})

test('`weir resources` shows what there is, and of one object all that is known', async () => {
  const { url } = await cluster()
  const { out, code } = await weir(['resources', '--url', url, '--kind', 'Pod'])
  expect(code).toBe(0)
  expect(out).toMatch(/c1 +Pod +shop\/web-1 +Running +n1 +ReplicaSet web-abc +\S+ \S+\n/)
  expect((await weir(['resources', '--url', url, '--at', 'now-1h'])).out).toMatch(/^No matching objects at /)
  const one = await weir(['resources', 'k8s:c1//Pod/shop/web-1', '--url', url])
  expect(one.out).toMatch(
    /^k8s:c1\/\/Pod\/shop\/web-1 at .* UTC: Running\n[^]*Owners\n[^]*owned-by +k8s:c1\/apps\/ReplicaSet\/shop\/web-abc[^]*Relations\n[^]*runs-on[^]*Changes\n/,
  )
  expect(await weir(['resources', 'k8s:c1//Pod/shop/none', '--url', url])).toMatchObject({
    code: 1,
    err: expect.stringContaining('is unknown') as string,
  })
})

test('what an object is called cannot act on the terminal', () => {
  const change = {
    time: '2026-11-20T10:00:00Z',
    kind: 'Pod',
    name: 'a\u001b[2J',
    namespace: null,
    operation: 'updated',
    actor: 'x\ny',
    actor_kind: 'manager' as const,
    paths: ['/a', '/b', '/c', '/d'],
  }
  expect(changesText({ changes: [change], next: 'more' })).toMatch(
    /a \[2J +\(x y\) +\/a \/b \/c and 1 more\n\nOlder changes exist/,
  )
})
