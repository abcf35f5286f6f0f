import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { synced } from '../kit/synced.ts'
import { weirCommand } from '../kit/weir-command.ts'
import type { WeirProcess } from '../kit/weir-process.ts'
import { Churn, emittedByAll, emittedChanges } from './kit/kube-churn.ts'
import { clusterOf, holderOf, judgedAll, leaseIn, overlaps, prepareReplica, standsBy } from './kit/kube-turns.ts'
import { useKube } from './kit/kube-stage.ts'
import { kubeconfigOf } from './kit/kube.ts'

const stage = useKube('weir-turns')
let number = 0
const running: WeirProcess[] = []

afterEach(async () => {
  for (const weir of running.splice(0)) {
    weir.signal('SIGCONT')
    await weir.kill()
  }
  if (stage.dir !== '')
    await stage.kube
      .call('DELETE', '/apis/coordination.k8s.io/v1/namespaces/default/leases/weir')
      .catch(() => undefined)
})

async function replica(settings: Readonly<Record<string, unknown>> = {}): Promise<WeirProcess> {
  const weir = await prepareReplica({
    folder: join(stage.dir, `weir-${number++}`),
    kubeconfig: stage.kubeconfig,
    duration: '4s',
    settings,
  })
  running.push(weir)
  await weir.start()
  return weir
}

/** The leader, and a standby. */
async function pair(): Promise<{ readonly first: WeirProcess; readonly second: WeirProcess }> {
  const first = await replica()
  await holderOf([first])
  const second = await replica()
  await standsBy(second)
  return { first, second }
}

describe('kube-apiserver', () => {
  test('one replica leads and the other reports it; a clean stop hands over at once without repeats', async () => {
    const { first, second } = await pair()
    const churn = new Churn(stage.kube, 'handed')
    await churn.run(4, 20)
    expect(await judgedAll([first], churn, 'handed', 60_000)).toEqual([])
    expect(await emittedChanges(second, 'handed')).toEqual([])
    const { holderIdentity, leaseTransitions } = await leaseIn(stage.kube)
    expect((await clusterOf(first))?.lease).toMatchObject({
      state: 'holds',
      holder: holderIdentity,
      epoch: leaseTransitions,
    })
    expect((await clusterOf(second))?.lease).toMatchObject({
      state: 'stands by',
      holder: holderIdentity,
      epoch: leaseTransitions,
    })
    // The next renewal of the Lease has the holder's position.
    await expect.poll(async () => (await clusterOf(second))?.lease?.waiting, { timeout: 30_000 }).toBe(0)
    const { stdout } = await weirCommand('doctor', '--config', join(second.data, '../weir.yaml'))
    expect(stdout).toMatch(/standby; the leader is \S+ since \S+ \(Lease default\/weir, epoch 1, 0 events buffered\)/)
    const writing = churn.run(4, 40)
    await sleep(500)
    await first.stop()
    await holderOf([second])
    await writing
    await first.start()
    expect(await judgedAll([first, second], churn, 'handed', 60_000)).toEqual([])
    expect((await emittedByAll([first, second], 'handed')).again).toBe(0)
    expect(await overlaps([first, second])).toEqual([])
    expect((await leaseIn(stage.kube)).leaseTransitions).toBe(2)
  }, 240_000)

  test('after a kill of the leader the other takes over, and the changes of both equal the writes', async () => {
    const { first, second } = await pair()
    const churn = new Churn(stage.kube, 'killed')
    const writing = churn.run(4)
    for (let kills = 0; kills < 3; kills++) {
      await sleep(1000)
      const { holder } = await holderOf([first, second])
      const other = holder === first ? second : first
      await holder.kill()
      await holderOf([other])
      await holder.start()
      await standsBy(holder)
    }
    churn.stop()
    await writing
    expect(await judgedAll([first, second], churn, 'killed', 60_000)).toEqual([])
    expect(await overlaps([first, second])).toEqual([])
  }, 240_000)

  test('frozen and thawed, the former holder emits nothing more, and reports it', async () => {
    const { first, second } = await pair()
    const churn = new Churn(stage.kube, 'frozen')
    const writing = churn.run(4)
    await sleep(1000)
    first.signal('SIGSTOP')
    await holderOf([second])
    await sleep(2000)
    first.signal('SIGCONT')
    await standsBy(first)
    await sleep(1000)
    churn.stop()
    await writing
    expect(await judgedAll([first, second], churn, 'frozen', 60_000)).toEqual([])
    expect(await overlaps([first, second])).toEqual([])
    expect(first.lastLog).toContain('This replica stands by')
    expect((await clusterOf(second))?.lease?.state).toBe('holds')
  }, 240_000)

  test('an API server that freezes takes the turn from all, and gives it back to one', async () => {
    const { first, second } = await pair()
    const churn = new Churn(stage.kube, 'away')
    const writing = churn.run(3)
    await sleep(1000)
    stage.kube.pause()
    await expect
      .poll(async () => [(await clusterOf(first))?.lease?.state, (await clusterOf(second))?.lease?.state], {
        timeout: 30_000,
      })
      .toEqual(['stands by', 'stands by'])
    stage.kube.resume()
    await holderOf([first, second])
    await sleep(1000)
    churn.stop()
    await writing
    expect(await judgedAll([first, second], churn, 'away', 90_000)).toEqual([])
    expect(await overlaps([first, second])).toEqual([])
  }, 240_000)

  test("a new replica starts at the leader's state, even if the leader ends at once", async () => {
    const first = await replica()
    await holderOf([first])
    await synced(first)
    const churn = new Churn(stage.kube, 'fresh')
    const writing = churn.run(4)
    await sleep(3000)
    const second = await replica()
    await first.kill()
    await holderOf([second])
    churn.stop()
    await writing
    await first.start()
    expect(await judgedAll([first, second], churn, 'fresh', 60_000)).toEqual([])
  }, 240_000)

  test('without the right to the Lease nothing is emitted, and doctor reports the missing right', async () => {
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    const make = (kind: string, path: string, name: string, more: object): Promise<unknown> =>
      stage.kube.call('POST', `${rbac}/${path}`, {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind,
        metadata: { name },
        ...more,
      })
    const bound = (kind: string): object => ({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name: 'turns' },
      subjects: [{ kind: 'User', name: 'weir' }],
    })
    await make('ClusterRole', 'clusterroles', 'turns', {
      rules: [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list', 'watch'] }],
    })
    await make('ClusterRoleBinding', 'clusterrolebindings', 'turns', bound('ClusterRole'))
    await writeFile(join(stage.dir, 'kubeconfig-weir'), kubeconfigOf(stage.kube, stage.kube.tokens.weir), {
      mode: 0o600,
    })
    const weir = await replica({ kubeconfig: join(stage.dir, 'kubeconfig-weir') })
    await expect.poll(async () => (await clusterOf(weir))?.lease?.problem, { timeout: 30_000 }).toMatch(/403/)
    const { stdout } = await weirCommand('doctor', '--config', join(weir.data, '../weir.yaml'))
    expect(stdout).toMatch(/the leader is unknown, so this replica emits no events: Lease default\/weir: .*403/)
    await make('Role', 'namespaces/default/roles', 'turns', {
      rules: [
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          resourceNames: ['weir'],
          verbs: ['get', 'update'],
        },
      ],
    })
    await make('RoleBinding', 'namespaces/default/rolebindings', 'turns', bound('Role'))
    await holderOf([weir])
    const churn = new Churn(stage.kube, 'allowed')
    await expect.poll(async () => (await clusterOf(weir))?.synced, { timeout: 30_000 }).toBe(true)
    await churn.run(2, 10)
    expect(await judgedAll([weir], churn, 'allowed', 60_000)).toEqual([])
  }, 240_000)
})
