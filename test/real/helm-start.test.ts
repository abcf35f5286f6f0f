// The workloads of the chart, started as processes with the command, variables, probes and volumes that Helm rendered.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi, type TestContext } from 'vitest'
import { stringify } from 'yaml'
import { runCommand } from '../../tools/kit/command.ts'
import { selfSigned } from '../kit/certificate.ts'
import { installHelm } from './install/helm.ts'
import {
  namespaceOf,
  ofKind,
  placed,
  rendered,
  valueSets,
  workloadsOf,
  type Manifest,
  type ValueSet,
  type Workload,
} from './kit/chart.ts'
import { useKube } from './kit/kube-stage.ts'
import { kubeconfigOf } from './kit/kube.ts'
import { podsMissing, startPod, type RunningPod } from './kit/pod.ts'

const stage = useKube('weir-helm-start')
let missing: string | undefined

beforeAll(async () => {
  const helm = await installHelm()
  missing = (helm.path === undefined ? helm.reason : undefined) ?? (await podsMissing())
}, 1_800_000)

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

const clouds = stringify({
  clouds: {
    otc: {
      profile: 'otc',
      auth: {
        auth_url: 'https://iam.eu-de.otc.t-systems.com:443/v3',
        project_name: 'eu-de_project',
        ak: 'an-access-key',
        sk: 'a-secret-key',
      },
      region_name: 'eu-de',
    },
  },
})

/** Each Secret that the pods refer to. */
function secretsOf(workloads: readonly Workload[]): Record<string, Record<string, string>> {
  const value = 'a-secret-of-more-than-thirty-two-characters'
  const { cert, key } = selfSigned()
  const found: Record<string, Record<string, string>> = {
    'weir-clouds': { 'clouds.yaml': clouds },
    'weir-tls': { 'tls.crt': cert, 'tls.key': key },
    'kafka-cluster-ca': { 'ca.crt': stage.kube.ca() },
    'insights-token-secret': { token: value },
    'remote-kubeconfig': { kubeconfig: kubeconfigOf(stage.kube, stage.kube.tokens.weir) },
  }
  for (const { name, key: entry } of workloads.flatMap(({ spec }) =>
    (spec.template.spec.containers[0]?.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
  ))
    found[name] = { ...found[name], [entry]: value }
  return found
}

async function start(all: readonly Manifest[], workload: Workload, set: ValueSet, args?: readonly string[]) {
  const { containers, volumes, serviceAccountName: name, automountServiceAccountToken } = workload.spec.template.spec
  const namespace = namespaceOf(set)
  const token = async (): Promise<string> =>
    (
      (await stage.kube.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {},
      })) as { status: { token: string } }
    ).status.token
  return startPod(
    {
      container: containers[0]!,
      volumes,
      name: `${workload.metadata.name}-0`,
      configMaps: Object.fromEntries(ofKind(all, 'ConfigMap').map(({ metadata, data }) => [metadata.name, data ?? {}])),
      secrets: secretsOf(workloadsOf(all)),
      ...(automountServiceAccountToken
        ? {
            account: {
              token: await token(),
              ca: stage.kube.ca(),
              namespace,
              port: Number(new URL(stage.kube.url).port),
            },
          }
        : {}),
    },
    args,
  )
}

/** Creates the accounts and roles of a value set. */
async function grant(all: readonly Manifest[], set: ValueSet): Promise<void> {
  for (const name of [namespaceOf(set), 'shop', 'billing'])
    await stage.kube.call('POST', '/api/v1/namespaces', { metadata: { name } }).catch(() => undefined)
  const rights = all.filter(({ kind }) => kind === 'ServiceAccount' || kind.includes('Role'))
  if (rights.length === 0) return
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: placed(rights, namespaceOf(set)) })
  const ran = await runCommand('sh', ['-c', 'printf %s "$1" | kubectl apply --filename -', 'sh', list], {
    limit: 300_000,
    env: { KUBECONFIG: stage.kubeconfig },
  })
  expect(ran.stderr).toBe('')
}

async function startedPod(context: TestContext, name: string): Promise<{ pod: RunningPod; workload: Workload }> {
  const set = valueSets.find((each) => each.name === name)!
  const all = await rendered(context, set)
  await grant(all, set)
  const [workload] = workloadsOf(all)
  const pod = await start(all, workload!, set)
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
  await grant(all, set)
  for (const workload of workloadsOf(all)) {
    const [container] = workload.spec.template.spec.containers
    expect(container!.args[0]).toBe('run')
    const pod = await start(all, workload, set, ['validate', ...container!.args.slice(1)])
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
