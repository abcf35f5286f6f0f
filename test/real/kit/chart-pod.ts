// Pods of the chart as processes beside a real API server, with the accounts and rights that Helm rendered.
import { expect } from 'vitest'
import { stringify } from 'yaml'
import { runCommand } from '../../../tools/kit/command.ts'
import { selfSigned } from '../../kit/certificate.ts'
import { ofKind, placed, workloadsOf, type Manifest, type Workload } from './chart.ts'
import { kubeconfigOf, type Kube } from './kube.ts'
import type { KubeStage } from './kube-stage.ts'
import { startPod, type RunningPod } from './pod.ts'

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
function secretsOf(workloads: readonly Workload[], kube: Kube): Record<string, Record<string, string>> {
  const value = 'a-secret-of-more-than-thirty-two-characters'
  const { cert, key } = selfSigned()
  const found: Record<string, Record<string, string>> = {
    'weir-clouds': { 'clouds.yaml': clouds },
    'weir-tls': { 'tls.crt': cert, 'tls.key': key },
    'kafka-cluster-ca': { 'ca.crt': kube.ca() },
    'insights-token-secret': { token: value },
    'remote-kubeconfig': { kubeconfig: kubeconfigOf(kube, kube.tokens.weir) },
  }
  for (const { name, key: entry } of workloads.flatMap(({ spec }) =>
    (spec.template.spec.containers[0]?.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef ?? []),
  ))
    found[name] = { ...found[name], [entry]: value }
  return found
}

export interface ChartPod {
  readonly stage: KubeStage
  readonly all: readonly Manifest[]
  readonly workload: Workload
  readonly namespace: string
  /** Instead of those of the container. */
  readonly args?: readonly string[]
  /** Ports of this machine that the pod reaches under the same address. */
  readonly reach?: readonly number[]
}

/** Starts the first pod of a workload. */
export async function startChartPod({ stage, all, workload, namespace, args, reach }: ChartPod): Promise<RunningPod> {
  const { kube } = stage
  const { containers, volumes, serviceAccountName: name, automountServiceAccountToken } = workload.spec.template.spec
  const token = async (): Promise<string> =>
    (
      (await kube.call('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`, {
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
      secrets: secretsOf(workloadsOf(all), kube),
      ...(automountServiceAccountToken
        ? {
            account: {
              token: await token(),
              ca: kube.ca(),
              namespace,
              port: Number(new URL(kube.url).port),
            },
          }
        : {}),
      ...(reach === undefined ? {} : { reach }),
    },
    args,
  )
}

/** Creates the accounts and roles of a value set. */
export async function grant(stage: KubeStage, all: readonly Manifest[], namespace: string): Promise<void> {
  for (const name of [namespace, 'shop', 'billing'])
    await stage.kube.call('POST', '/api/v1/namespaces', { metadata: { name } }).catch(() => undefined)
  const rights = all.filter(({ kind }) => kind === 'ServiceAccount' || kind.includes('Role'))
  if (rights.length === 0) return
  const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: placed(rights, namespace) })
  const ran = await runCommand('sh', ['-c', 'printf %s "$1" | kubectl apply --filename -', 'sh', list], {
    limit: 300_000,
    env: { KUBECONFIG: stage.kubeconfig },
  })
  expect(ran.stderr).toBe('')
}
