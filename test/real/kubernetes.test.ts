import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { synced } from '../kit/synced.ts'
import { weirCommand } from '../kit/weir-command.ts'
import { measured, proves } from '../kit/proof.ts'
import { prepareWeir, type WeirProcess } from '../kit/weir-process.ts'
import { Churn, judged, emittedChanges } from './kit/kube-churn.ts'
import { againstKube, useKube } from './kit/kube-stage.ts'
import { kubeconfigOf } from './kit/kube.ts'

const stage = useKube('weir-kubernetes', ['--min-request-timeout=30'])
let weir: WeirProcess | undefined

afterEach(async () => {
  await weir?.kill()
  weir = undefined
})

let number = 0

interface Status {
  readonly synced: boolean
  readonly objects: number
  readonly kinds: readonly {
    readonly kind: string
    readonly state: string
    readonly reason?: string
    readonly lists: number
    readonly objects: number
  }[]
}

async function startWatching(settings: Readonly<Record<string, unknown>> = {}): Promise<WeirProcess> {
  const started = await prepareWeir({
    folder: join(stage.dir, `weir-${number++}`),
    config: { sources: { kubernetes: { cluster: 'c1', kubeconfig: stage.kubeconfig, ...settings } } },
  })
  await started.start()
  weir = started
  await synced(started)
  return started
}

const statusOf = async (of: WeirProcess): Promise<Status> =>
  (await of.get<{ clusters: Status[] }>('/api/v1/clusters')).clusters[0] as Status

describe('kube-apiserver', () => {
  proves('source', ...againstKube('kubernetes', () => stage.kube))

  test('every write of a churn is emitted once, in order, each starting at the previous state', async () => {
    const running = await startWatching()
    const churn = new Churn(stage.kube, 'churn')
    await churn.run(8, 60)
    expect(await judged(running, churn, 'churn', 60_000)).toEqual([])
    expect(churn.writes).toBeGreaterThan(450)
    measured('by key')
  }, 180_000)

  test('a restart lists nothing and emits only later changes, in order', async () => {
    const running = await startWatching()
    const churn = new Churn(stage.kube, 'again')
    const uids = [await churn.create(), await churn.create(), await churn.create()]
    expect(await judged(running, churn, 'again', 60_000)).toEqual([])
    const changes = async (): Promise<number> =>
      Number((await running.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE family = 'change'"))[0]?.n)
    const before = await changes()
    await running.stop()
    await running.start()
    await synced(running)
    expect((await statusOf(running)).kinds.filter(({ lists }) => lists > 0)).toEqual([])
    expect(await changes()).toBe(before)
    await running.stop()
    const [first = '', second = ''] = uids
    await churn.change(first)
    await churn.change(first)
    await churn.remove(second)
    await churn.create()
    await running.start()
    expect(await judged(running, churn, 'again', 60_000)).toEqual([])
    expect((await emittedChanges(running, 'again')).filter(({ coalesced }) => coalesced === true)).toEqual([])
  }, 180_000)

  test('killed in the middle of a churn, again and again, it emits every write once', async () => {
    const running = await startWatching()
    const churn = new Churn(stage.kube, 'killed')
    const writing = churn.run(4)
    for (let kills = 0; kills < 4; kills++) {
      await sleep(700)
      await running.kill()
      await running.start()
    }
    churn.stop()
    await writing
    await synced(running)
    expect(await judged(running, churn, 'killed', 60_000)).toEqual([])
  }, 240_000)

  test('a restart, a freeze and a lost history of the API server cause no error, repeat or disorder', async () => {
    const running = await startWatching()
    const churn = new Churn(stage.kube, 'rough')
    const writing = churn.run(3)
    await sleep(500)
    await stage.kube.restart('SIGKILL')
    await sleep(500)
    stage.kube.pause()
    await sleep(1500)
    stage.kube.resume()
    await sleep(500)
    churn.stop()
    await writing
    await synced(running)
    // A restarted server has no history, so that earlier objects appear as a difference.
    expect(await judged(running, churn, 'rough', 90_000, true)).toEqual([])
  }, 240_000)

  test('changes that the server forgot while Weir was down are emitted as one marked difference', async () => {
    const running = await startWatching({ include: ['ConfigMap', 'Secret'] })
    const churn = new Churn(stage.kube, 'gone')
    const [changed, removed] = [await churn.create(), await churn.create(), await churn.create()]
    expect(await judged(running, churn, 'gone', 60_000)).toEqual([])
    const quiet = (await running.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE family = 'change'"))[0]?.n
    await running.stop()
    for (let time = 0; time < 3; time++) await churn.change(changed)
    await churn.remove(removed)
    await churn.create()
    // From here on the server knows no version that Weir has.
    await stage.kube.compact()
    await stage.kube.restart()
    await running.start()
    expect(await judged(running, churn, 'gone', 90_000, true)).toEqual([])
    const emitted = await emittedChanges(running, 'gone')
    expect(
      emitted
        .filter(({ coalesced }) => coalesced === true)
        .map(({ operation }) => operation)
        .sort(),
    ).toEqual(['created', 'deleted', 'updated'])
    expect(
      Number((await running.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE family = 'change'"))[0]?.n),
    ).toBe(Number(quiet) + 3)
  }, 240_000)

  test('a kind that is installed later is watched within seconds; its removal deletes its objects', async () => {
    const running = await startWatching()
    const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    await stage.kube.call('POST', definition, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'tides.weir.test' },
      spec: {
        group: 'weir.test',
        scope: 'Namespaced',
        names: { plural: 'tides', singular: 'tide', kind: 'Tide' },
        versions: [
          {
            name: 'v1',
            served: true,
            storage: true,
            schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        ],
      },
    })
    const objects = '/apis/weir.test/v1/namespaces/default/tides'
    const make = (name: string): Promise<unknown> =>
      stage.kube.call('POST', objects, { apiVersion: 'weir.test/v1', kind: 'Tide', metadata: { name }, height: 3 })
    await expect
      .poll(
        () =>
          make('first').then(
            () => true,
            () => false,
          ),
        { timeout: 30_000, interval: 200 },
      )
      .toBe(true)
    for (let index = 0; index < 9; index++) await make(`more-${index}`)
    const counted = (operation: string): Promise<number> =>
      running
        .sql<{ n: number }>(
          `SELECT count(*) AS n FROM events WHERE type = 'weir.kubernetes.${operation}' AND subject LIKE ` +
            `'tides.weir.test/default/%'`,
        )
        .then(([row]) => Number(row?.n))
    await expect.poll(() => counted('created'), { timeout: 60_000, interval: 100 }).toBe(10)
    await stage.kube.call('DELETE', `${definition}/tides.weir.test`)
    await expect.poll(() => counted('deleted'), { timeout: 90_000, interval: 200 }).toBe(10)
    await expect
      .poll(async () => (await statusOf(running)).kinds.filter(({ kind }) => kind === 'Tide'), {
        timeout: 60_000,
        interval: 200,
      })
      .toEqual([])
  }, 240_000)

  test('a kind that the account may not read keeps nothing else waiting, and is watched once it may', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    const role = (resources: readonly string[]): object => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'weir-some' },
      rules: [{ apiGroups: [''], resources, verbs: ['get', 'list', 'watch'] }],
    })
    await stage.kube.call('POST', `${rbac}/clusterroles`, role(['configmaps']))
    await stage.kube.call('POST', `${rbac}/clusterrolebindings`, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'weir-some' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'weir-some' },
      subjects: [{ kind: 'User', name: 'weir' }],
    })
    await writeFile(join(stage.dir, 'kubeconfig-weir'), kubeconfigOf(stage.kube, stage.kube.tokens.weir), {
      mode: 0o600,
    })
    const running = await startWatching({
      kubeconfig: join(stage.dir, 'kubeconfig-weir'),
      include: ['ConfigMap', 'Secret'],
    })
    const stateOf = async (kind: string): Promise<string | undefined> =>
      (await statusOf(running)).kinds.find((each) => each.kind === kind)?.state
    expect(await stateOf('ConfigMap')).toBe('watching')
    // Kinds arrive independently.
    await expect.poll(() => stateOf('Secret'), { timeout: 20_000 }).toBe('forbidden')
    const { stdout } = await weirCommand('doctor', '--config', join(stage.dir, `weir-${number - 1}`, 'weir.yaml'))
    expect(stdout).toMatch(/cluster c1 .*1 of 2 kinds are watched/)
    expect(stdout).toMatch(/Secret .*forbidden: 403/)
    const churn = new Churn(stage.kube, 'some')
    await churn.run(2, 5)
    expect(await judged(running, churn, 'some', 60_000)).toEqual([])
    await stage.kube.call('PUT', `${rbac}/clusterroles/weir-some`, role(['configmaps', 'secrets']))
    await expect.poll(() => stateOf('Secret'), { timeout: 120_000, interval: 200 }).toBe('watching')
  }, 240_000)

  test('values of secrets are in no file that Weir writes and in no answer; their change is emitted', async () => {
    const running = await startWatching({ initial: 'snapshot', include: ['Secret', 'ConfigMap'] })
    const values = Array.from({ length: 20 }, () => randomBytes(24))
    const secrets = '/api/v1/namespaces/default/secrets'
    for (const [index, value] of values.entries()) {
      const applied = JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: `hidden-${index}` },
        stringData: { key: value.toString('hex') },
      })
      await stage.kube.call('POST', secrets, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: `hidden-${index}`,
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': applied },
        },
        data: { key: Buffer.from(value.toString('hex')).toString('base64') },
      })
      await stage.kube.call('POST', '/api/v1/namespaces/default/configmaps', {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: `hidden-${index}` },
        data: { DB_PASSWORD: value.toString('hex'), plain: 'seen' },
      })
    }
    await stage.kube.call(
      'PATCH',
      `${secrets}/hidden-0`,
      { data: { key: Buffer.from(values[1]?.toString('hex') ?? '').toString('base64') } },
      'application/merge-patch+json',
    )
    const counted = (): Promise<number> =>
      running
        .sql<{ n: number }>(
          "SELECT count(*) AS n FROM events WHERE family = 'change' AND (subject LIKE " +
            "'secrets/default/hidden-%' OR subject LIKE 'configmaps/default/hidden-%')",
        )
        .then(([row]) => Number(row?.n))
    await expect.poll(counted, { timeout: 60_000, interval: 200 }).toBe(41)
    const rows = await running.sql<{ data: unknown }>(
      "SELECT subject, data, extensions FROM events WHERE family IN ('change', 'resource')",
    )
    const text = JSON.stringify(rows) + running.log
    expect(text).toContain('redacted:')
    expect(text).toContain('seen')
    const forms = values.flatMap((value) => [
      value.toString('hex'),
      Buffer.from(value.toString('hex')).toString('base64').replace(/=+$/, ''),
      value.toString('base64'),
    ])
    expect(forms.filter((form) => text.includes(form))).toEqual([])
  }, 240_000)

  test('only the namespaces that are wanted are watched, and nothing of the whole cluster', async () => {
    for (const name of ['shown', 'hidden'])
      await stage.kube
        .call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
        .catch(() => undefined)
    const running = await startWatching({ namespaces: ['shown'] })
    for (const name of ['shown', 'hidden'])
      await stage.kube.call('POST', `/api/v1/namespaces/${name}/configmaps`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'one' },
      })
    const subjects = (): Promise<string[]> =>
      running
        .sql<{ subject: string }>("SELECT subject FROM events WHERE family = 'change'")
        .then((rows) => rows.map(({ subject }) => subject))
    await expect.poll(subjects, { timeout: 60_000, interval: 200 }).toEqual(['configmaps/shown/one'])
    expect(
      new Set(
        (
          await running.get<{ clusters: { kinds: { namespace?: string }[] }[] }>('/api/v1/clusters')
        ).clusters[0]?.kinds.map(({ namespace }) => namespace),
      ),
    ).toEqual(new Set(['shown']))
  }, 240_000)

  test('an object that leaves or enters the selected labels is emitted as deleted or created', async () => {
    const running = await startWatching({ include: ['ConfigMap'], labels: 'team=shop' })
    const maps = '/api/v1/namespaces/default/configmaps'
    const label = (team: string): Promise<unknown> =>
      stage.kube.call('PATCH', `${maps}/labelled`, { metadata: { labels: { team } } }, 'application/merge-patch+json')
    await stage.kube.call('POST', maps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'labelled', labels: { team: 'other' } },
      data: { value: '1' },
    })
    await label('shop')
    await stage.kube.call('PATCH', `${maps}/labelled`, { data: { value: '2' } }, 'application/merge-patch+json')
    await label('other')
    const emittedRows = async (): Promise<unknown[]> =>
      (
        await running.sql<{ operation: string; old: unknown; new: unknown }>(
          "SELECT operation, old->>'$.data.value' AS old, new->>'$.data.value' AS new FROM changes WHERE " +
            "name = 'labelled' ORDER BY resource_version::BIGINT",
        )
      ).map((row) => [row.operation, row.old, row.new])
    await expect.poll(emittedRows, { timeout: 60_000, interval: 200 }).toEqual([
      ['created', null, '1'],
      ['updated', '1', '2'],
      ['deleted', '2', null],
    ])
  }, 240_000)

  test('relations of pods, services and nodes are emitted at each change; events have a separate stream', async () => {
    const running = await startWatching()
    await stage.kube.call('POST', '/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'worker-1', labels: { 'topology.kubernetes.io/zone': 'eu-1a' } },
      spec: { providerID: 'test://1' },
    })
    await stage.kube.call(
      'PATCH',
      '/api/v1/nodes/worker-1/status',
      { status: { addresses: [{ type: 'InternalIP', address: '192.0.2.1' }] } },
      'application/merge-patch+json',
    )
    await stage.kube.call('POST', '/api/v1/namespaces/default/pods', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web-1', labels: { app: 'web' } },
      spec: {
        nodeName: 'worker-1',
        containers: [
          { name: 'web', image: 'example.test/web:1', env: [{ name: 'API_TOKEN', value: 'hush-hush-hush' }] },
        ],
      },
    })
    await stage.kube.call(
      'PATCH',
      '/api/v1/namespaces/default/pods/web-1/status',
      { status: { phase: 'Running', podIP: '10.1.2.3', podIPs: [{ ip: '10.1.2.3' }] } },
      'application/merge-patch+json',
    )
    await stage.kube.call('POST', '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    })
    await stage.kube.call('POST', '/api/v1/namespaces/default/events', {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web-1.1' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web-1', namespace: 'default' },
      reason: 'BackOff',
      message: 'it does not start',
      type: 'Warning',
      count: 3,
      lastTimestamp: new Date().toISOString().replace(/\.\d+/, ''),
    })
    const lastOf = async (kind: string, name: string): Promise<Record<string, unknown> | undefined> => {
      const rows = await running.sql<{ data: unknown; p: string }>(
        `SELECT data, _pos AS p FROM events WHERE family = 'resource' AND ref LIKE 'k8s:c1/%/${kind}/%/${name}'`,
      )
      const all = rows.map(({ data, p }) => ({
        at: p.split(':').slice(-2).map(Number),
        data: (typeof data === 'string' ? JSON.parse(data) : data) as Record<string, unknown>,
      }))
      return all.sort((a, b) => (a.at[0] ?? 0) - (b.at[0] ?? 0) || (a.at[1] ?? 0) - (b.at[1] ?? 0)).at(-1)?.data
    }
    await expect
      .poll(() => lastOf('Pod', 'web-1'), { timeout: 60_000, interval: 200 })
      .toMatchObject({
        state: 'present',
        phase: 'Running',
        node: 'worker-1',
        labels: { app: 'web' },
        addresses: [{ ip: '10.1.2.3', as: 'pod' }],
        images: [{ container: 'web', image: 'example.test/web:1' }],
      })
    await expect
      .poll(() => lastOf('Node', 'worker-1'), { timeout: 60_000, interval: 200 })
      .toMatchObject({ zone: 'eu-1a', providerId: 'test://1', addresses: [{ ip: '192.0.2.1', as: 'node' }] })
    await expect
      .poll(() => lastOf('Service', 'web'), { timeout: 60_000, interval: 200 })
      .toMatchObject({ selector: { app: 'web' }, ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }] })
    // The server may have emitted changes itself meanwhile.
    await expect
      .poll(
        () =>
          running.sql(
            "SELECT ref, data->>'reason' AS reason, (data->>'count')::INT AS count FROM events WHERE family " +
              "= 'k8s-event' AND ref LIKE '%/Pod/%'",
          ),
        { timeout: 60_000, interval: 200 },
      )
      .toEqual([{ ref: 'k8s:c1//Pod/default/web-1', reason: 'BackOff', count: 3 }])
    await stage.kube.call('DELETE', '/api/v1/namespaces/default/pods/web-1?gracePeriodSeconds=0')
    await expect.poll(() => lastOf('Pod', 'web-1'), { timeout: 60_000, interval: 200 }).toMatchObject({ state: 'gone' })
    expect(
      JSON.stringify(await running.sql("SELECT data FROM events WHERE subject = 'pods/default/web-1'")),
    ).not.toContain('hush-hush-hush')
  }, 240_000)

  test('changes missed by watches are found by comparison, recorded as a gap, and emitted', async () => {
    const settings = { include: ['ConfigMap'], reconcile: '10s' }
    const running = await startWatching(settings)
    const churn = new Churn(stage.kube, 'missed')
    const [missing, stale] = [await churn.create(), await churn.create(), await churn.create()]
    expect(await judged(running, churn, 'missed', 60_000)).toEqual([])
    await running.stop()
    // Rows without checksums, as an earlier version wrote them: a wrong checksum would be found at the start.
    // Simulates a watch that missed a creation and a change, and reported an object that never existed.
    const map = new DatabaseSync(join(running.data, 'state/sources/kubernetes/objects.sqlite'))
    map.prepare('DELETE FROM objects WHERE uid = ?').run(missing)
    map.prepare("UPDATE objects SET version = '1', hash = 'another', facts_sum = NULL WHERE uid = ?").run(stale)
    map
      .prepare(
        'INSERT INTO objects (row, collection, uid, version, hash, emitted, namespace, name, block, slot) ' +
          "SELECT 1000000, collection, 'never-was', '1', 'x', '', 'default', 'missed-never', block, slot FROM " +
          'objects WHERE uid = ?',
      )
      .run(stale)
    map.close()
    await running.start()
    // A list and a watch are compared at one moment: in a quiet kind once a minute.
    const gaps = async (): Promise<unknown> => {
      await churn.create()
      return running.sql(
        "SELECT (data->>'missing')::INT AS missing, (data->>'stale')::INT AS stale, (data->>'extra')::INT AS " +
          "extra, data->>'resource' AS resource FROM events WHERE type = 'weir.kubernetes.gap'",
      )
    }
    await expect
      .poll(gaps, { timeout: 120_000, interval: 500 })
      .toEqual([{ missing: 1, stale: 1, extra: 1, resource: 'configmaps' }])
    await expect
      .poll(
        () =>
          running.sql(
            `SELECT type, data->>'uid' AS uid FROM events WHERE family = 'change' AND (data->>'coalesced') = ` +
              `'true' AND (data->>'uid') IN ('${missing}', '${stale}', 'never-was') ORDER BY type`,
          ),
        { timeout: 60_000, interval: 500 },
      )
      .toEqual([
        { type: 'weir.kubernetes.created', uid: missing },
        { type: 'weir.kubernetes.deleted', uid: 'never-was' },
      ])
    await sleep(12_000)
    expect((await running.sql("SELECT 1 FROM events WHERE type = 'weir.kubernetes.gap'")).length).toBe(1)
  }, 240_000)
})
