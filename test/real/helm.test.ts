// The chart of deploy/helm: rendered by a real Helm for each set of values, checked by kubeconform and a real API
// server, with the rights that the server grants.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { parse, stringify } from 'yaml'
import { runCommand } from '../../tools/kit/command.ts'
import { findKubectl } from './install/kubectl.ts'
import { findKubeconform, installHelm, installKubeconform } from './install/helm.ts'
import { installServiceMonitor } from './install/service-monitor.ts'
import {
  chart,
  namespaceOf,
  ofKind,
  placed,
  rendered,
  valueSets,
  workloadsOf,
  type Manifest,
  type ValueSet,
} from './kit/chart.ts'
import { chartRights } from './kit/chart-rights.ts'
import { useKube } from './kit/kube-stage.ts'
import { writeSchemas } from './kit/kube-schemas.ts'
import { rightsOf } from './kit/rights.ts'

const stage = useKube('weir-helm')
let missing: string | undefined
let schemas = ''

beforeAll(async () => {
  const [helm, conform, monitor, kubectl] = [
    await installHelm(),
    await installKubeconform(),
    await installServiceMonitor(),
    await findKubectl(),
  ]
  for (const each of [helm, conform, monitor, kubectl]) if (each.path === undefined) missing ??= each.reason
  if (missing !== undefined || monitor.path === undefined || stage.dir === '') return
  await stage.kube.call(
    'POST',
    '/apis/apiextensions.k8s.io/v1/customresourcedefinitions',
    parse(await readFile(monitor.path, 'utf8')) as object,
  )
  await vi.waitFor(
    async () => {
      const found = JSON.stringify(await stage.kube.call('GET', '/openapi/v2'))
      expect(found.includes('com.coreos.monitoring.v1.ServiceMonitor')).toBe(true)
    },
    { timeout: 120_000, interval: 500 },
  )
  schemas = await writeSchemas(stage.kube, join(stage.dir, 'schemas'))
  for (const name of ['shop', 'billing', ...valueSets.map(namespaceOf)])
    await stage.kube.call('POST', '/api/v1/namespaces', {
      metadata: { name, labels: { 'pod-security.kubernetes.io/warn': 'restricted' } },
    })
}, 1_800_000)

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

async function saved(set: ValueSet, manifests: readonly Manifest[]): Promise<string> {
  const file = join(await mkdtemp(join(stage.dir, 'rendered-')), 'all.yaml')
  await writeFile(
    file,
    placed(manifests, namespaceOf(set))
      .map((each) => stringify(each, { aliasDuplicateObjects: false }))
      .join('---\n'),
  )
  return file
}

const kubectl = (...args: readonly string[]) =>
  runCommand('kubectl', args, { limit: 300_000, env: { KUBECONFIG: stage.kubeconfig } })

describe.for(valueSets)('values $name', (set) => {
  test('kubeconform knows each field, by the schemas of the API server', async (context) => {
    const file = await saved(set, await rendered(context, set))
    const conform = findKubeconform()
    if (conform.path === undefined) return context.skip(conform.reason)
    const ran = await runCommand(
      conform.path,
      ['-strict', '-summary', '-output', 'json', '-schema-location', schemas, file],
      { limit: 300_000 },
    )
    const { resources, summary } = JSON.parse(ran.stdout) as {
      readonly resources: readonly object[]
      readonly summary: Readonly<Record<'valid' | 'invalid' | 'errors' | 'skipped', number>>
    }
    expect(resources).toEqual([])
    expect(summary).toMatchObject({ invalid: 0, errors: 0, skipped: 0 })
    expect(summary.valid).toBeGreaterThan(3)
  })

  test('the API server accepts each object, and each pod under the restricted standard', async (context) => {
    const all = await rendered(context, set)
    const file = await saved(
      set,
      all.filter(({ kind }) => kind !== 'DaemonSet'),
    )
    const ran = await kubectl('apply', '--dry-run=server', '--validate=strict', '--filename', file)
    expect([ran.code, ran.stderr]).toEqual([0, ''])
    const agents = ofKind(all, 'DaemonSet')
    if (agents.length === 0) return
    // Agents read the interfaces of a node, which the standard does not allow.
    const agent = await kubectl(
      'apply',
      '--dry-run=server',
      '--validate=strict',
      '--filename',
      await saved(set, agents),
    )
    expect([agent.code, agent.stderr.includes('would violate PodSecurity')]).toEqual([0, true])
  })

  test('each account has the listed rights, and no other', async (context) => {
    const all = await rendered(context, set)
    const kinds = ['ServiceAccount', 'Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding']
    const rights = all.filter(({ kind }) => kinds.includes(kind))
    if (rights.length > 0) {
      const ran = await kubectl('apply', '--filename', await saved(set, rights))
      expect([ran.code, ran.stderr]).toEqual([0, ''])
    }
    const expected = chartRights(set)
    const accounts = workloadsOf(all).map(({ spec }) => spec.template.spec.serviceAccountName)
    expect([...new Set(accounts)].toSorted()).toEqual(Object.keys(expected).toSorted())
    for (const [account, { may, mayNot }] of Object.entries(expected)) {
      const ask = rightsOf(stage.kube, `${namespaceOf(set)}:${account}`)
      // The server's authorizer watches roles asynchronously.
      await vi.waitFor(async () => expect(await ask(may)).toEqual(may), { timeout: 60_000, interval: 200 })
      expect(await ask(mayNot), account).toEqual([])
    }
  })

  test('a pod has a token exactly if its account has rights, and no secret is a value', async (context) => {
    const all = await rendered(context, set)
    for (const { spec, metadata } of workloadsOf(all)) {
      const { serviceAccountName, automountServiceAccountToken, containers } = spec.template.spec
      const hasRights = ofKind(all, 'RoleBinding')
        .concat(ofKind(all, 'ClusterRoleBinding'))
        .some((each) => JSON.stringify(each).includes(`"name":"${serviceAccountName}"`))
      expect([metadata.name, automountServiceAccountToken]).toEqual([metadata.name, hasRights])
      expect(containers).toMatchObject([
        {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          },
        },
      ])
    }
    const references = Object.keys(set.values.secrets?.env ?? {})
    const variables = workloadsOf(all).flatMap(({ spec }) => spec.template.spec.containers[0]?.env ?? [])
    for (const name of references)
      expect(variables.find((each) => each.name === name)?.valueFrom?.secretKeyRef, name).toBeDefined()
    expect(ofKind(all, 'Secret')).toEqual([])
  })
})

test('kinds.yaml lists exactly the kinds of the API server that can be listed and watched', async () => {
  expect(parse(await readFile(join(chart, 'kinds.yaml'), 'utf8'))).toEqual(await serverKinds())
})

/** As kinds.yaml has them. */
async function serverKinds(): Promise<object> {
  interface Resource {
    readonly name: string
    readonly kind: string
    readonly namespaced: boolean
    readonly verbs: readonly string[]
  }
  const { groups } = (await stage.kube.call('GET', '/apis')) as unknown as {
    readonly groups: readonly { readonly name: string; readonly versions: readonly { groupVersion: string }[] }[]
  }
  const places = [
    { group: '', paths: ['/api/v1'] },
    ...groups.map(({ name, versions }) => ({
      group: name,
      paths: versions.map(({ groupVersion }) => `/apis/${groupVersion}`),
    })),
  ].filter(({ group }) => group !== 'monitoring.coreos.com')
  const found: Record<string, readonly (readonly string[])[]> = {}
  for (const { group, paths } of places) {
    const kinds = new Map<string, readonly string[]>()
    for (const path of paths) {
      const { resources } = (await stage.kube.call('GET', path)) as unknown as { resources: readonly Resource[] }
      for (const { name, kind, namespaced, verbs } of resources)
        if (!name.includes('/') && verbs.includes('list') && verbs.includes('watch'))
          kinds.set(name, [name, kind, namespaced ? 'Namespaced' : 'Cluster'])
    }
    if (kinds.size > 0) found[group] = [...kinds.values()].toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))
  }
  return found
}
