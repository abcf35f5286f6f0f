// Slices of `weir netobserv --flowcollector cluster` against a real API server: they are created, changed and deleted
// while the process runs.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startExporter } from '../kit/cts-exporter.ts'
import { freePorts } from '../kit/free-port.ts'
import { useKube } from './kit/kube-stage.ts'

const stage = useKube('weir-slices')
const limit = { timeout: 60_000, interval: 200 }
const group = 'flows.netobserv.io'

const definition = (kind: string, scope: 'Cluster' | 'Namespaced', version: string): object => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `${kind.toLowerCase()}s.${group}` },
  spec: {
    group,
    scope,
    names: { kind, plural: `${kind.toLowerCase()}s`, singular: kind.toLowerCase(), listKind: `${kind}List` },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
})

describe('kube-apiserver', () => {
  test('slices apply as they are created, changed and deleted, and not while they are not enabled', async () => {
    const { kube, kubeconfig } = stage
    const collectors = `/apis/${group}/v1beta2/flowcollectors`
    const slices = `/apis/${group}/v1alpha1/namespaces/shop/flowcollectorslices`
    const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    await kube.call('POST', definitions, definition('FlowCollector', 'Cluster', 'v1beta2'))
    await kube.call('POST', definitions, definition('FlowCollectorSlice', 'Namespaced', 'v1alpha1'))
    await kube.call('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
    const served = (path: string): Promise<boolean> =>
      kube.call('GET', path).then(
        () => true,
        () => false,
      )
    for (const path of [collectors, slices]) await expect.poll(() => served(path), limit).toBe(true)
    const [port = 0, metrics = 0] = await freePorts(2)
    await kube.call('POST', collectors, {
      apiVersion: `${group}/v1beta2`,
      kind: 'FlowCollector',
      metadata: { name: 'cluster' },
      spec: {
        deploymentModel: 'Direct',
        loki: { enable: false },
        processor: {
          advanced: { port },
          metrics: { server: { port: metrics } },
          slicesConfig: { enable: true, collectionMode: 'AllowList' },
        },
      },
    })
    const folder = await mkdtemp(join(tmpdir(), 'weir-slices-data-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const args = ['netobserv', '--flowcollector', 'cluster', '--data', folder]
    await using weir = await startExporter({ KUBECONFIG: kubeconfig }, args)
    const running = async (): Promise<string> =>
      (await readFile(join(folder, 'netobserv.yaml'), 'utf8')) +
      (await readFile(join(folder, 'netobserv-networks.yaml'), 'utf8'))
    expect(await running()).not.toContain('shop')

    await kube.call('POST', slices, {
      apiVersion: `${group}/v1alpha1`,
      kind: 'FlowCollectorSlice',
      metadata: { name: 'own', namespace: 'shop' },
      spec: { sampling: 10, subnetLabels: [{ name: 'db', cidrs: ['192.0.2.0/24'] }] },
    })
    await expect.poll(running, limit).toMatch(/src_namespace = "shop"[^]*one_in: 10[^]*192\.0\.2\.0\/24/)
    await kube.call('PATCH', `${slices}/own`, { spec: { sampling: 3 } }, 'application/merge-patch+json')
    await expect.poll(running, limit).toContain('one_in: 3')
    await kube.call('DELETE', `${slices}/own`)
    await expect.poll(running, limit).not.toContain('shop')

    const enable = (on: boolean): Promise<unknown> =>
      kube.call(
        'PATCH',
        `${collectors}/cluster`,
        { spec: { processor: { slicesConfig: { enable: on, namespacesAllowList: ['bank'] } } } },
        'application/merge-patch+json',
      )
    await enable(true)
    await expect.poll(running, limit).toContain('bank')
    await enable(false)
    await expect.poll(running, limit).not.toContain('bank')
    expect(weir.log()).not.toMatch(/rejected|cannot be followed/)
    expect(await weir.stop()).toBe(0)
  })
})
