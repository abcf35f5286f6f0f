import { describe, expect, it } from 'vitest'
import type { WeirEvent } from '../../model/events.ts'
import { queryRows } from '../testing/query-rows.ts'
import { auditEvent, changeEvent, identity, resourceEvent } from '../testing/cluster.ts'
import { temporaryStores } from '../testing/temporary.ts'

const stores = temporaryStores()
const at = (time: string): string => `2026-11-20T${time}Z`

describe('changes', () => {
  const web = identity('Deployment/shop/web', '7')
  const actor = { manager: 'kubectl-edit', operation: 'Update', time: at('10:00:01') }

  it("has the fields of a change, and the parts of its object's name", async () => {
    const { reader } = await stores.filled([
      changeEvent(web, at('10:00:01'), {
        operation: 'updated',
        old: { spec: { replicas: 1 } },
        new: { spec: { replicas: 2 } },
        patch: [
          { op: 'replace', path: '/spec/replicas', value: 2 },
          { op: 'remove', path: '/metadata/labels/a~1b' },
        ],
        actor,
        noise: ['heartbeat'],
      }),
    ])
    expect(await queryRows(reader, 'SELECT * EXCLUDE (time_received) FROM changes')).toEqual([
      {
        time: at('10:00:01.000'),
        cluster: 'c1',
        api_group: 'apps',
        kind: 'Deployment',
        namespace: 'shop',
        name: 'web',
        uid: 'u-Deployment-shop-web',
        operation: 'updated',
        actor: 'kubectl-edit',
        actor_kind: 'manager',
        manager: 'kubectl-edit',
        audit_id: null,
        coalesced: false,
        initial: false,
        noise: ['heartbeat'],
        paths: ['/spec/replicas', '/metadata/labels/a~1b'],
        diff: [
          { op: 'replace', path: '/spec/replicas', value: 2 },
          { op: 'remove', path: '/metadata/labels/a~1b' },
        ],
        old: { spec: { replicas: 1 } },
        new: { spec: { replicas: 2 } },
        resource_version: '7',
        ref: 'k8s:c1/apps/Deployment/shop/web',
        subject: 'deployments.apps/shop/web',
        _pos: 'http:1:1:0',
        actor_ref: null,
        id: expect.any(String),
      },
    ])
  })

  it('a cluster-scoped object has no namespace; a created object has no old state and no path', async () => {
    const { reader } = await stores.filled([
      changeEvent(identity('Node/n1'), at('10:00:00'), { operation: 'created', new: { kind: 'Node' }, initial: true }),
    ])
    expect(
      await queryRows(reader, 'SELECT namespace, name, old, new, paths, diff, initial, actor, actor_kind FROM changes'),
    ).toEqual([
      {
        namespace: null,
        name: 'n1',
        old: null,
        new: { kind: 'Node' },
        paths: [],
        diff: [],
        initial: true,
        actor: null,
        actor_kind: null,
      },
    ])
  })

  it('finds the user of a change by the version that the request created', async () => {
    const { reader } = await stores.filled(
      [changeEvent(web, at('10:00:01'), { operation: 'updated', actor })],
      [
        auditEvent(web, 'bob', 'patch', at('10:00:00.5'), { version: '6' }),
        auditEvent(web, 'alice', 'patch', at('10:00:01.2'), { version: '7', auditID: 'a7' }),
        auditEvent(identity('Deployment/shop/api'), 'carol', 'patch', at('10:00:01.2'), { version: '7' }),
        auditEvent(web, 'dave', 'get', at('10:00:01.2'), { version: '7' }),
      ],
    )
    expect(await queryRows(reader, 'SELECT actor, actor_kind, actor_ref, manager, audit_id FROM changes')).toEqual([
      { actor: 'alice', actor_kind: 'user', actor_ref: 'user:c1/alice', manager: 'kubectl-edit', audit_id: 'a7' },
    ])
  })

  it('without a version, object, manager and second identify the user, unless two are possible', async () => {
    const asks = (who: string, time: string, manager: string): WeirEvent =>
      auditEvent(web, who, 'patch', at(time), {
        uri: `/apis/apps/v1/namespaces/shop/deployments/web?fieldManager=${manager}&force=true`,
      })
    const changed = (version: string, time: string): WeirEvent =>
      changeEvent(identity('Deployment/shop/web', version), at(time), {
        operation: 'updated',
        actor: { ...actor, time: at(time) },
      })
    const { reader } = await stores.filled([
      changed('1', '10:00:01'),
      asks('alice', '10:00:01.7', 'kubectl-edit'),
      asks('other', '10:00:01.6', 'argo%2Fcd'),
      changed('2', '10:00:02'),
      asks('alice', '10:00:02.1', 'kubectl-edit'),
      asks('bob', '10:00:02.3', 'kubectl-edit'),
      changed('3', '10:00:03'),
      auditEvent(web, 'carol', 'patch', at('10:00:03'), { code: 409 }),
    ])
    expect(
      (await queryRows(reader, 'SELECT actor, actor_kind FROM changes ORDER BY resource_version')).map(
        ({ actor: who, actor_kind: kind }) => `${String(who)} ${String(kind)}`,
      ),
    ).toEqual(['alice user', 'kubectl-edit manager', 'kubectl-edit manager'])
  })

  it('requests match within a day before the change was seen, and query bounds do not change the result', async () => {
    const { reader } = await stores.filled([
      changeEvent(web, '2026-11-21T10:00:00Z', { operation: 'updated', actor }),
      auditEvent(web, 'alice', 'patch', at('10:00:01.2'), { version: '7' }),
      changeEvent(identity('Deployment/shop/web', '8'), '2026-11-21T10:00:02Z', { operation: 'updated', actor }),
      auditEvent(web, 'bob', 'patch', at('10:00:01.2'), { version: '8' }),
    ])
    for (const where of [
      '',
      ' AND time >= make_timestamptz(1795255200000000) AND time < make_timestamptz(1795258800000000)',
      ' AND time > make_timestamptz(1795251600000000)',
    ]) {
      expect(
        await queryRows(
          reader,
          `SELECT resource_version, actor FROM changes WHERE kind = 'Deployment'${where} ORDER BY 1`,
        ),
      ).toEqual([
        { resource_version: '7', actor: 'alice' },
        { resource_version: '8', actor: 'kubectl-edit' },
      ])
    }
  })

  it('the uid identifies the user of a deletion, even if the name was reused', async () => {
    const { reader } = await stores.filled([
      changeEvent(identity('ConfigMap/shop/c', '5', 'old'), at('10:00:05'), { operation: 'deleted', old: {} }),
      changeEvent(identity('ConfigMap/shop/c', '9', 'new'), at('10:00:09'), { operation: 'deleted', old: {} }),
      auditEvent(identity('ConfigMap/shop/c'), 'alice', 'delete', at('10:00:05'), { uid: 'old' }),
      auditEvent(identity('ConfigMap/shop/c'), 'bob', 'delete', at('10:00:09'), { uid: 'new' }),
    ])
    expect(await queryRows(reader, "SELECT uid, actor FROM changes WHERE actor_kind = 'user' ORDER BY time")).toEqual([
      { uid: 'old', actor: 'alice' },
      { uid: 'new', actor: 'bob' },
    ])
  })

  it('a deletion with finalizers is two changes: the request and the removal', async () => {
    const pod = identity('Pod/shop/p', '5')
    const { reader } = await stores.filled([
      changeEvent(pod, at('10:00:05'), { operation: 'updated', old: {}, new: {} }),
      changeEvent({ ...pod, resourceVersion: '6' }, at('10:00:35'), { operation: 'deleted', old: {} }),
      auditEvent(pod, 'alice', 'delete', at('10:00:05'), { uid: pod.uid, version: '5' }),
    ])
    expect(await queryRows(reader, 'SELECT operation, actor FROM changes ORDER BY time')).toEqual([
      { operation: 'updated', actor: 'alice' },
      { operation: 'deleted', actor: 'alice' },
    ])
  })
})

describe('resources', () => {
  const pod = identity('Pod/shop/web-1')

  it('has a row for each state of an object, and the deletion ends the last one', async () => {
    const { reader } = await stores.filled(
      [resourceEvent(pod, at('10:00:00'), { phase: 'Pending', labels: { app: 'web' }, created: at('10:00:00') })],
      [
        resourceEvent({ ...pod, resourceVersion: '2' }, at('10:00:05'), {
          phase: 'Running',
          node: 'n1',
          owners: [{ kind: 'ReplicaSet', group: 'apps', name: 'web-abc', uid: 'rs', controller: true }],
          labels: { app: 'web' },
        }),
      ],
      [resourceEvent({ ...pod, resourceVersion: '3' }, at('10:00:30'), { state: 'gone' })],
    )
    expect(await queryRows(reader, 'SELECT * EXCLUDE (data) FROM resources ORDER BY valid_from')).toEqual([
      {
        kind: 'Pod',
        api_group: '',
        namespace: 'shop',
        name: 'web-1',
        uid: 'u-Pod-shop-web-1',
        cluster: 'c1',
        labels: { app: 'web' },
        node: null,
        zone: null,
        phase: 'Pending',
        status: null,
        ready: null,
        desired: null,
        restarts: null,
        images: [],
        addresses: [],
        conditions: null,
        owner_kind: null,
        owner_name: null,
        owner_uid: null,
        created: at('10:00:00.000'),
        valid_from: at('10:00:00.000'),
        valid_to: at('10:00:05.000'),
        resource_version: '1',
        ref: 'k8s:c1//Pod/shop/web-1',
      },
      {
        kind: 'Pod',
        api_group: '',
        namespace: 'shop',
        name: 'web-1',
        uid: 'u-Pod-shop-web-1',
        cluster: 'c1',
        labels: { app: 'web' },
        node: 'n1',
        zone: null,
        phase: 'Running',
        status: null,
        ready: null,
        desired: null,
        restarts: null,
        images: [],
        addresses: [],
        conditions: null,
        owner_kind: 'ReplicaSet',
        owner_name: 'web-abc',
        owner_uid: 'rs',
        created: null,
        valid_from: at('10:00:05.000'),
        valid_to: at('10:00:30.000'),
        resource_version: '2',
        ref: 'k8s:c1//Pod/shop/web-1',
      },
    ])
  })

  it('a pod has the zone of its node, selected by name, by star or as a whole row', async () => {
    const { reader } = await stores.filled([
      resourceEvent(identity('Node/n1'), at('09:00:00'), { zone: 'eu-1a' }),
      resourceEvent(identity('Node/n2'), at('09:00:00')),
      resourceEvent(pod, at('10:00:00'), { node: 'n1' }),
      resourceEvent(identity('Pod/shop/lost'), at('10:00:00'), { node: 'n2' }),
    ])
    const zones = [
      { name: 'lost', zone: null },
      { name: 'n1', zone: 'eu-1a' },
      { name: 'n2', zone: null },
      { name: 'web-1', zone: 'eu-1a' },
    ]
    expect(await queryRows(reader, 'SELECT name, zone FROM resources ORDER BY name')).toEqual(zones)
    expect(
      (await queryRows(reader, 'SELECT * FROM resources ORDER BY name')).map(({ name, zone }) => ({ name, zone })),
    ).toEqual(zones)
    expect(await queryRows(reader, "SELECT count(*) AS n FROM resources r WHERE r.zone = 'eu-1a'")).toEqual([{ n: 2 }])
  })

  it('returns the state at any time: at most one row per object, also if a name was reused', async () => {
    const again = identity('Pod/shop/web-1', '9', 'second')
    const { reader } = await stores.filled([
      resourceEvent(pod, at('10:00:00'), { phase: 'Pending' }),
      resourceEvent(pod, at('10:00:00'), { phase: 'Running' }),
      resourceEvent(pod, at('10:00:10'), { state: 'gone' }),
      resourceEvent(again, at('10:00:10'), { phase: 'Running' }),
    ])
    const then = async (time: string): Promise<unknown> =>
      queryRows(
        reader,
        `SELECT uid, phase FROM resources WHERE valid_from <= TIMESTAMPTZ '${at(time)}'
          AND (valid_to IS NULL OR valid_to > TIMESTAMPTZ '${at(time)}')`,
      )
    expect(await then('09:59:59')).toEqual([])
    expect(await then('10:00:00')).toEqual([{ uid: 'u-Pod-shop-web-1', phase: 'Running' }])
    expect(await then('10:00:10')).toEqual([{ uid: 'second', phase: 'Running' }])
    expect(await then('11:00:00')).toEqual([{ uid: 'second', phase: 'Running' }])
  })
})

describe('relations', () => {
  it('has owners, nodes, namespaces, images, services and providers with validity intervals', async () => {
    const { reader } = await stores.filled([
      resourceEvent(identity('Node/n1'), at('09:00:00'), { providerId: 'aws:///eu-1a/i-1', zone: 'eu-1a' }),
      resourceEvent(identity('Pod/shop/web-1'), at('10:00:00'), {
        node: 'n1',
        phase: 'Pending',
        owners: [
          { kind: 'ReplicaSet', group: 'apps', name: 'web-abc', uid: 'rs' },
          { kind: 'Node', group: '', name: 'n1', uid: 'n' },
        ],
      }),
      resourceEvent(identity('Pod/shop/web-1'), at('10:00:05'), {
        node: 'n1',
        phase: 'Running',
        owners: [{ kind: 'ReplicaSet', group: 'apps', name: 'web-abc', uid: 'rs' }],
        images: [
          { container: 'web', image: 'nginx:1', id: 'docker-pullable://docker.io/library/nginx@sha256:ab' },
          { container: 'side', image: 'busybox' },
        ],
      }),
      resourceEvent(identity('Pod/shop/web-1'), at('10:00:30'), { state: 'gone' }),
      resourceEvent(identity('EndpointSlice/shop/web-x'), at('10:00:06'), {
        service: 'web',
        endpoints: [
          { addresses: ['10.0.0.1'], ready: true, kind: 'Pod', namespace: 'shop', name: 'web-1' },
          { addresses: ['10.0.0.2'], ready: true },
        ],
      }),
      resourceEvent(identity('EndpointSlice/shop/web-y'), at('10:00:08'), {
        service: 'web',
        endpoints: [{ addresses: ['fd00::1'], ready: true, kind: 'Pod', name: 'web-1' }],
      }),
      resourceEvent(identity('EndpointSlice/shop/web-x'), at('10:00:20'), { service: 'web', endpoints: [] }),
    ])
    const rows = await queryRows(
      reader,
      `SELECT from_ref, relation, to_ref, strftime(valid_from, '%H:%M:%S') AS f, strftime(valid_to, '%H:%M:%S') AS t
        FROM relations ORDER BY ALL`,
    )
    expect(
      rows.map(
        ({ from_ref: from, relation, to_ref: to, f, t }) =>
          `${String(from)} ${String(relation)} ${String(to)} ${String(f)} ${String(t)}`,
      ),
    ).toEqual([
      'k8s:c1//Node//n1 provided-by aws:///eu-1a/i-1 09:00:00 null',
      'k8s:c1//Pod/shop/web-1 in-namespace k8s:c1//Namespace//shop 10:00:00 10:00:30',
      'k8s:c1//Pod/shop/web-1 owned-by k8s:c1//Node//n1 10:00:00 10:00:05',
      'k8s:c1//Pod/shop/web-1 owned-by k8s:c1/apps/ReplicaSet/shop/web-abc 10:00:00 10:00:30',
      'k8s:c1//Pod/shop/web-1 runs-on k8s:c1//Node//n1 10:00:00 10:00:30',
      'k8s:c1//Pod/shop/web-1 uses-image image:busybox 10:00:05 10:00:30',
      'k8s:c1//Pod/shop/web-1 uses-image image:docker.io/library/nginx@sha256:ab 10:00:05 10:00:30',
      'k8s:c1//Service/shop/web selects k8s:c1//Pod/shop/web-1 10:00:06 null',
      'k8s:c1/discovery.k8s.io/EndpointSlice/shop/web-x in-namespace k8s:c1//Namespace//shop 10:00:06 null',
      'k8s:c1/discovery.k8s.io/EndpointSlice/shop/web-y in-namespace k8s:c1//Namespace//shop 10:00:08 null',
    ])
  })

  it('a relation that ended and began again has two rows', async () => {
    const labels = (time: string, selected: boolean): WeirEvent =>
      resourceEvent(identity('EndpointSlice/shop/web-x'), at(time), {
        service: 'web',
        endpoints: selected ? [{ addresses: ['10.0.0.1'], ready: true, kind: 'Pod', name: 'web-1' }] : [],
      })
    const { reader } = await stores.filled([
      labels('10:00:00', true),
      labels('10:00:10', false),
      labels('10:00:20', true),
    ])
    expect(
      await queryRows(
        reader,
        `SELECT strftime(valid_from, '%S') AS f, strftime(valid_to, '%S') AS t FROM relations
          WHERE relation = 'selects' ORDER BY 1`,
      ),
    ).toEqual([
      { f: '00', t: '10' },
      { f: '20', t: null },
    ])
  })
})

it('the views exist when a statement names them, and are empty without events', async () => {
  const { reader } = await stores.filled()
  for (const view of ['changes', 'RESOURCES', 'Relations'])
    expect(await queryRows(reader, `SELECT count(*) AS n FROM ${view}`)).toEqual([{ n: 0 }])
})
