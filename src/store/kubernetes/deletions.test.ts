import { beforeEach, describe, expect, it } from 'vitest'
import type { ChangeData } from '../../model/kubernetes.ts'
import type { WeirEvent } from '../../model/events.ts'
import type { Store } from '../index.ts'
import { queryRows } from '../testing/query-rows.ts'
import { auditEvent, changeEvent, identity } from '../testing/cluster.ts'
import { FrameMaker } from '../testing/frames.ts'
import { temporaryStores } from '../testing/temporary.ts'

// Requests logged at level Metadata: without uid and version, where the API server returned the object itself.

const stores = temporaryStores()
const at = (time: string): string => `2026-11-20T${time}Z`

/** `created`: metadata.creationTimestamp of the deleted object. */
function deleted(
  of: string,
  time: string,
  {
    created = '09:00:00',
    metadata = {},
    ...more
  }: { readonly created?: string; readonly metadata?: object } & Partial<ChangeData> = {},
): WeirEvent {
  return changeEvent(identity(of), at(time), {
    operation: 'deleted',
    old: { metadata: { creationTimestamp: at(created), ...metadata } },
    ...more,
  })
}

type More = Parameters<typeof auditEvent>[4]

function request(who: string, of: string, time: string, more: More = {}, verb = 'delete'): WeirEvent {
  return auditEvent(identity(of), who, verb, at(time), more)
}

function collection(who: string, of: string, time: string, more: More = {}): WeirEvent {
  const { name: _, ...object } = identity(of)
  const made = auditEvent(identity(of), who, 'deletecollection', at(time), {
    uri: `/api/v1/namespaces/x/${object.resource}`,
    ...more,
    object: {
      group: object.group,
      version: 'v1',
      resource: object.resource,
      ...(object.namespace === undefined ? {} : { namespace: object.namespace }),
    },
  })
  return {
    ...made,
    subject: [
      object.resource,
      object.group === '' ? '' : `.${object.group}`,
      object.namespace === undefined ? '' : `/${object.namespace}`,
    ].join(''),
  }
}

let opened: { readonly store: Store; readonly make: FrameMaker } | undefined
let cases = 0
beforeEach(() => (opened = undefined))

/** Operation, actor and actor kind of each change. Each call uses a separate cluster. */
async function actors(...events: WeirEvent[]): Promise<string[]> {
  cases++
  const { store, make } = (opened ??= { store: await stores.open(), make: new FrameMaker() })
  await store.projection.apply([make.events(events.map((event) => ({ ...event, source: `${event.source}-${cases}` })))])
  await store.projection.commit()
  const ids = events.map(({ id }) => `'${id}'`).join(', ')
  return (
    await queryRows(
      store.reader,
      `SELECT operation, actor, actor_kind FROM changes WHERE id IN (${ids}) ORDER BY time, resource_version`,
    )
  ).map(({ operation, actor, actor_kind: kind }) => `${String(operation)} ${String(actor)} ${String(kind)}`)
}

const [nobody, alice] = [['deleted null null'], ['deleted alice user']]
const pod = 'Pod/shop/p'

describe('the actor of a deletion without a uid in the request', () => {
  it('is the one user that deleted an object of that cluster, kind, namespace and name', async () => {
    expect(await actors(deleted(pod, '10:00:05.3'), request('alice', pod, '10:00:05.1'))).toEqual(alice)
    expect(
      await actors(
        deleted(pod, '10:00:05.3'),
        request('bob', 'Pod/shop/other', '10:00:05.1'),
        request('bob', 'Pod/prod/p', '10:00:05.1'),
        request('bob', 'Service/shop/p', '10:00:05.1'),
        { ...request('bob', pod, '10:00:05.1'), source: '/kubernetes/c2' },
      ),
    ).toEqual(nobody)
  })

  it('has all fields of the request', async () => {
    const { reader } = await stores.filled([
      deleted(pod, '10:00:05.3'),
      request('alice', pod, '10:00:05.1', { auditID: 'a1', user: { username: 'alice', uid: '7' } }),
    ])
    expect(await queryRows(reader, 'SELECT actor, actor_kind, actor_ref, audit_id FROM changes')).toEqual([
      { actor: 'alice', actor_kind: 'user', actor_ref: 'user:c1/7', audit_id: 'a1' },
    ])
  })

  it('is a user with several requests, and NULL if two users sent requests within a minute', async () => {
    expect(
      await actors(deleted(pod, '10:00:05.3'), request('alice', pod, '10:00:04'), request('alice', pod, '10:00:05.1')),
    ).toEqual(alice)
    expect(
      await actors(deleted(pod, '10:00:05.3'), request('bob', pod, '10:00:04'), request('alice', pod, '10:00:05.1')),
    ).toEqual(nobody)
    expect(
      await actors(
        deleted(pod, '10:00:05.3'),
        request('alice', pod, '10:00:03'),
        request('bob', pod, '10:00:04'),
        request('alice', pod, '10:00:05.1'),
      ),
    ).toEqual(nobody)
    expect(
      await actors(
        deleted(pod, '10:00:05.3', { created: '08:00:00' }),
        request('bob', pod, '09:00:04'),
        request('alice', pod, '10:00:05.1'),
      ),
    ).toEqual(alice)
  })

  it('is no user that deleted an earlier or later object of the name', async () => {
    expect(
      await actors(
        deleted(pod, '10:00:05.3', { created: '10:00:01' }),
        request('bob', pod, '10:00:00.9'),
        request('alice', pod, '10:00:05.1'),
      ),
    ).toEqual(alice)
    expect(
      await actors(deleted(pod, '10:00:05.3'), request('alice', pod, '10:00:05.1'), request('bob', pod, '10:00:20')),
    ).toEqual(alice)
    expect(await actors(deleted(pod, '10:00:05.3'), request('bob', pod, '10:00:05.1', { uid: 'another' }))).toEqual(
      nobody,
    )
  })

  it('is found within a day if the deletion was noticed late, unless two users sent requests', async () => {
    expect(await actors(deleted(pod, '12:00:00', { coalesced: true }), request('alice', pod, '10:00:05'))).toEqual(
      alice,
    )
    expect(
      await actors(
        deleted(pod, '12:00:00', { coalesced: true }),
        request('alice', pod, '10:00:05'),
        request('bob', pod, '10:05:05'),
      ),
    ).toEqual(nobody)
    expect(
      await actors(
        deleted(pod, '12:00:00', { coalesced: true, created: '10:01:00' }),
        request('alice', pod, '10:00:05'),
        request('bob', pod, '10:05:05'),
      ),
    ).toEqual(['deleted bob user'])
    expect(
      await actors(
        changeEvent(identity(pod), '2026-11-21T12:00:00Z', { operation: 'deleted', old: {} }),
        request('alice', pod, '10:00:05'),
      ),
    ).toEqual(nobody)
  })

  it('is no user of a request that failed, was a dry run or used a subresource', async () => {
    const uri = '/api/v1/namespaces/shop/pods/p'
    expect(
      await actors(
        deleted(pod, '10:00:05.3'),
        request('bob', pod, '10:00:05', { code: 409 }),
        request('carol', pod, '10:00:05', { uri: `${uri}?dryRun=All` }),
        request('dave', pod, '10:00:05', {
          object: { group: '', version: 'v1', resource: 'pods', subresource: 'proxy', namespace: 'shop', name: 'p' },
        }),
        request('erin', pod, '10:00:05', {}, 'update'),
      ),
    ).toEqual(nobody)
  })

  it('is the user that evicted the pod', async () => {
    const eviction = {
      object: { group: '', version: 'v1', resource: 'pods', subresource: 'eviction', namespace: 'shop', name: 'p' },
    }
    expect(await actors(deleted(pod, '10:00:05.3'), request('alice', pod, '10:00:05.1', eviction, 'create'))).toEqual(
      alice,
    )
  })
})

describe('the actor of a collection deletion', () => {
  it('is the user that deleted the collection in this namespace', async () => {
    expect(await actors(deleted(pod, '10:00:05.3'), collection('alice', pod, '10:00:05.1'))).toEqual(alice)
    expect(
      await actors(
        deleted(pod, '10:00:05.3'),
        collection('bob', 'Pod/prod/p', '10:00:05.1'),
        collection('bob', 'Service/shop/p', '10:00:05.1'),
        collection('bob', 'Deployment/shop/p', '10:00:05.1'),
      ),
    ).toEqual(nobody)
    expect(await actors(deleted('Node/n1', '10:00:05.3'), collection('alice', 'Node/any', '10:00:05.1'))).toEqual(alice)
    expect(
      await actors(deleted(pod, '10:04:00'), collection('alice', pod, '10:00:05', { completed: at('10:04:01') })),
    ).toEqual(alice)
  })

  it('is NULL if two users deleted it at the same time, and a request for the object has priority', async () => {
    expect(
      await actors(
        deleted(pod, '10:00:05.3'),
        collection('alice', pod, '10:00:05.1'),
        collection('bob', pod, '10:00:04'),
      ),
    ).toEqual(nobody)
    expect(
      await actors(deleted(pod, '10:00:05.3'), request('alice', pod, '10:00:05.1'), collection('bob', pod, '10:00:04')),
    ).toEqual(alice)
  })

  it('is found later, too, but not for requests with a selector', async () => {
    expect(await actors(deleted(pod, '10:10:00'), collection('alice', pod, '10:00:05'))).toEqual(alice)
    expect(
      await actors(
        deleted(pod, '10:10:00'),
        collection('bob', pod, '10:00:05', { uri: '/api/v1/namespaces/shop/pods?labelSelector=app%3Dx' }),
      ),
    ).toEqual(nobody)
  })
})

describe('the actor of a deletion with finalizers or a grace period', () => {
  const waiting = { deletionTimestamp: at('10:00:05'), deletionGracePeriodSeconds: 0, finalizers: ['example.com/hold'] }

  it('is the user that set deletionTimestamp, not the one that removed the finalizer', async () => {
    const events = [
      changeEvent(identity('ConfigMap/shop/c', '5'), at('10:00:05.4'), {
        operation: 'updated',
        old: {},
        new: { metadata: waiting },
        patch: [{ op: 'add', path: '/metadata/deletionTimestamp', value: at('10:00:05') }],
        deletionRequested: at('10:00:05'),
        actor: { manager: 'kubectl-create', time: at('09:00:00') },
      }),
      deleted('ConfigMap/shop/c', '10:20:00', { metadata: waiting, resourceVersion: '6' }),
      request('alice', 'ConfigMap/shop/c', '10:00:05.1'),
      request('controller', 'ConfigMap/shop/c', '10:19:59.9', {}, 'patch'),
      request('controller', 'ConfigMap/shop/c', '10:19:59.8'),
    ]
    expect(await actors(...events)).toEqual(['updated alice user', 'deleted alice user'])
  })

  it('is no field manager: the last writer did not delete the object', async () => {
    expect(
      await actors(
        changeEvent(identity('ConfigMap/shop/c', '5'), at('10:00:05.4'), {
          operation: 'updated',
          old: {},
          new: { metadata: waiting },
          deletionRequested: at('10:00:05'),
          actor: { manager: 'kubectl-create', time: at('09:00:00') },
        }),
      ),
    ).toEqual(['updated null null'])
  })

  it('is that of the first request, regardless of the grace period and later requests', async () => {
    const ahead = { deletionTimestamp: at('10:00:35'), deletionGracePeriodSeconds: 30 }
    expect(
      await actors(
        deleted(pod, '10:00:36', { metadata: ahead }),
        request('alice', pod, '10:00:05.1'),
        request('kubelet', pod, '10:00:35.5'),
      ),
    ).toEqual(alice)
    const moved = { deletionTimestamp: at('10:00:35'), deletionGracePeriodSeconds: 0 }
    expect(
      await actors(
        deleted(pod, '10:00:36', { metadata: moved, deletionRequested: at('10:00:05') }),
        request('alice', pod, '10:00:05.1'),
        request('kubelet', pod, '10:00:35.5'),
      ),
    ).toEqual(alice)
  })

  it('is that of a collection', async () => {
    expect(
      await actors(
        deleted('ConfigMap/shop/c', '10:20:00', { metadata: waiting }),
        collection('alice', 'ConfigMap/shop/c', '10:00:04.9', { completed: at('10:00:05.2') }),
        collection('bob', 'ConfigMap/shop/c', '10:19:59'),
      ),
    ).toEqual(alice)
  })

  it('is NULL if two users sent requests in the same second', async () => {
    expect(
      await actors(
        deleted('ConfigMap/shop/c', '10:20:00', { metadata: waiting }),
        request('alice', 'ConfigMap/shop/c', '10:00:05.1'),
        request('bob', 'ConfigMap/shop/c', '10:00:05.7'),
      ),
    ).toEqual(nobody)
  })

  it('is the first of the requests with the uid', async () => {
    const who = { uid: identity(pod).uid }
    expect(
      await actors(
        deleted(pod, '10:00:36'),
        request('alice', pod, '10:00:05.1', who),
        request('kubelet', pod, '10:00:35.5', who),
      ),
    ).toEqual(alice)
  })
})

it('two thousand deletions of the same name each have their own actor', async () => {
  const [count, step] = [2000, 40]
  const iso = (ms: number): string => new Date(Date.parse(at('00:00:00')) + ms).toISOString()
  const events = Array.from({ length: count }, (_, n) => [
    changeEvent(identity(pod, String(n), `u${n}`), iso(n * step * 1000 + 300), {
      operation: 'deleted',
      old: { metadata: { creationTimestamp: iso((n * step - 30) * 1000) } },
    }),
    auditEvent(identity(pod), `user-${n % 7}`, 'delete', iso(n * step * 1000)),
  ]).flat()
  const { reader } = await stores.filled(events)
  expect(
    await queryRows(
      reader,
      `SELECT count(*)::INTEGER AS n, count(*) FILTER (actor = 'user-' || (CAST(resource_version AS INTEGER) %
        7))::INTEGER AS known FROM changes`,
    ),
  ).toEqual([{ n: count, known: count }])
})
