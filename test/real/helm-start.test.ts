// The workloads of the chart, started as processes with the command, variables, probes and volumes that Helm rendered.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi, type TestContext } from 'vitest'
import { installHelm } from './install/helm.ts'
import { namespaceOf, rendered, valueSets, workloadsOf, type Workload } from './kit/chart.ts'
import { grant, startChartPod } from './kit/chart-pod.ts'
import { useKube } from './kit/kube-stage.ts'
import { podsMissing, type RunningPod } from './kit/pod.ts'

const stage = useKube('weir-helm-start')
let missing: string | undefined

beforeAll(async () => {
  const helm = await installHelm()
  missing = (helm.path === undefined ? helm.reason : undefined) ?? (await podsMissing())
}, 1_800_000)

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

async function startedPod(context: TestContext, name: string): Promise<{ pod: RunningPod; workload: Workload }> {
  const set = valueSets.find((each) => each.name === name)!
  const all = await rendered(context, set)
  await grant(stage, all, namespaceOf(set))
  const [workload] = workloadsOf(all)
  const pod = await startChartPod({ stage, all, workload: workload!, namespace: namespaceOf(set) })
  onTestFinished(async () => void (await pod.stop()))
  return { pod, workload: workload! }
}

describe('a pod of the chart', () => {
  test.for(['default', 'flows', 'access', 'monitoring', 'audit', 'kubernetes', 'kubernetes-namespaces'])(
    'with values %s passes its probes and writes to its volumes only',
    async (name, context) => {
      const { pod, workload } = await startedPod(context, name)
      const [container] = workload.spec.template.spec.containers
      // The root and the configuration are read-only file systems: a write elsewhere would end the process.
      expect(await pod.passes(container!.startupProbe)).toBe(200)
      expect(await pod.passes(container!.readinessProbe)).toBe(200)
      expect(await pod.passes(container!.livenessProbe)).toBe(200)
      expect(await readdir(pod.volume('data'))).toContain('lock')
      const { uid, mode } = await stat(join(pod.volume('data'), 'journal'))
      expect([uid, (mode & 0o077).toString(8)]).toEqual([65_532, '0'])
      expect(await readdir(pod.volume('config'))).toContain('weir.yaml')
      expect((await pod.get('/metrics')).body).toContain('weir_build_info')
      expect(pod.log()).not.toMatch(/EROFS|EACCES|EPERM|forbidden/i)
      expect(await pod.stop()).toBe(0)
    },
  )

  test('watches the cluster with the rights of the chart, and no kind is forbidden', async (context) => {
    const { pod, workload } = await startedPod(context, 'kubernetes')
    await pod.passes(workload.spec.template.spec.containers[0]!.readinessProbe)
    let made = 0
    await vi.waitFor(
      async () => {
        // An object that is made before the first list ends is no change.
        const metadata = { name: `seen-${made++}` }
        await stage.kube.call('POST', '/api/v1/namespaces/shop/configmaps', { metadata, data: { a: 'b' } })
        const { body } = await pod.get('/metrics')
        expect(body).toMatch(/weir_kubernetes_changes_total\{[^}]*kind="ConfigMap"[^}]*\} [1-9]/)
      },
      { timeout: 120_000, interval: 500 },
    )
    const ready = JSON.parse((await pod.get('/healthz/ready')).body) as { readonly warnings?: readonly unknown[] }
    expect(ready.warnings ?? []).toEqual([])
    expect(pod.log()).not.toMatch(/forbidden/i)
  })
})

test.for(valueSets)('the configuration of values $name is valid in each workload', async (set, context) => {
  const all = await rendered(context, set)
  await grant(stage, all, namespaceOf(set))
  for (const workload of workloadsOf(all)) {
    const [container] = workload.spec.template.spec.containers
    expect(container!.args[0]).toBe('run')
    const args = ['validate', ...container!.args.slice(1)]
    const pod = await startChartPod({ stage, all, workload, namespace: namespaceOf(set), args })
    const code = await pod.ended()
    expect([workload.metadata.name, code, code === 0 ? '' : pod.log()]).toEqual([workload.metadata.name, 0, ''])
    await pod.stop()
  }
})

test('the image has the entry point, user and folders that the chart assumes', async () => {
  const image = await readFile(join(import.meta.dirname, '../../deploy/image/Dockerfile'), 'utf8')
  expect(image).toContain('USER 65532:65532')
  expect(image).toContain('ENTRYPOINT ["node", "/weir/bin/weir.mjs"]')
})
