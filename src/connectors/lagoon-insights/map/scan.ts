/** Pods that scan the images of a namespace after a build. Pure. */
import { fieldsOf, isRecord, textOf, type Fields } from '../../../model/json.ts'
import type { ObjectMeta } from '../../../net/kubernetes/follow-collection.ts'
import type { InsightsConfig } from '../config.ts'

export const buildName = 'lagoon.sh/buildName'
/** Label of a build that was scanned. */
export const scanned = 'insights.lagoon.sh/scanned'
/** Labels of a scanner's pod. */
export const scanStatus = 'insights.lagoon.sh/scan-status'
const imageScanner = 'insights.lagoon.sh/imagescanner'
const dockerHost = 'dockerhost.lagoon.sh/name'
const namePrefix = 'insights-scanner-'
const copied = new RegExp(
  '^(?:BRANCH|BUILD_TYPE|ENVIRONMENT|ENVIRONMENT_TYPE|PROJECT|PR_(?:BASE_BRANCH|HEAD_BRANCH|NUMBER)|' +
    'LAGOON_ENVIRONMENT_VARIABLES|LAGOON_FEATURE_FLAG_.+)$',
)

/** Workloads with their place of a pod's template, in the order in which they are read. */
export const workloads = [
  { group: 'apps/v1', kind: 'deployments', isStrict: true },
  { group: 'apps/v1', kind: 'statefulsets', isStrict: false },
  { group: 'apps/v1', kind: 'daemonsets', isStrict: false },
  { group: 'batch/v1', kind: 'cronjobs', isStrict: false },
] as const

/** Whether the pod is a finished build that was not scanned. */
export function needsScan({ labels }: ObjectMeta, pod: unknown): boolean {
  const isBuild = buildName in labels && !(scanStatus in labels)
  return isBuild && !(scanned in labels) && fieldsOf(fieldsOf(pod)['status'])['phase'] === 'Succeeded'
}

export function isScanner({ name, labels }: ObjectMeta): boolean {
  return scanStatus in labels && name.startsWith(namePrefix)
}

/** Images of the pods that a workload makes. `strict`: of its containers only, as insights-remote. */
export function imagesOf(workload: unknown, { strict }: Readonly<{ strict: boolean }>): readonly string[] {
  const spec = fieldsOf(fieldsOf(workload)['spec'])
  const job = fieldsOf(fieldsOf(spec['jobTemplate'])['spec'])
  const template = fieldsOf(fieldsOf(fieldsOf(spec['template'] ?? job['template'])['spec']))
  return [...(strict ? [] : listOf(template['initContainers'])), ...listOf(template['containers'])].flatMap(
    ({ image }) => textOf(image) ?? [],
  )
}

type ScanOptions = Readonly<{
  build: ObjectMeta
  pod: unknown
  images: readonly string[]
  scanner: NonNullable<InsightsConfig['scanner']>
}>

export function scannerPod({ build, pod, images, scanner }: ScanOptions): Readonly<{ name: string; pod: object }> {
  const { namespace, annotations } = build
  const env = new Map<string, Fields>()
  for (const variable of listOf(listOf(fieldsOf(fieldsOf(pod)['spec'])['containers'])[0]?.['env'])) {
    const name = textOf(variable['name']) ?? ''
    if (copied.test(name)) env.set(name, variable)
  }
  const set = (name: string, value: string): void => void env.set(name, { name, value })
  set('INSIGHT_SCAN_IMAGES', images.join(','))
  set('NAMESPACE', namespace)
  set('DOCKER_HOST', annotations[dockerHost] ?? 'docker-host.lagoon.svc')
  for (const [name, value] of Object.entries(scanner.env)) set(name, value)
  const name = `${namePrefix}${build.name}`
  return {
    name,
    pod: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace, labels: { [imageScanner]: 'true', [scanStatus]: 'scanning' } },
      spec: {
        serviceAccountName: scanner.service_account,
        restartPolicy: 'Never',
        containers: [
          {
            name: 'scanner',
            image: scanner.image,
            imagePullPolicy: 'Always',
            env: [...env.values()].sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1)),
            volumeMounts: [{ name: scanner.pull_secret, mountPath: '/home/.docker/', readOnly: true }],
          },
        ],
        volumes: [
          {
            name: scanner.pull_secret,
            secret: {
              secretName: scanner.pull_secret,
              items: [{ key: '.dockerconfigjson', path: 'config.json' }],
            },
          },
        ],
      },
    },
  }
}

function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? (value as unknown[]).filter(isRecord) : []
}
