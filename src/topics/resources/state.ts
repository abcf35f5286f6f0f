/** The parts of a manifest that show how an object runs. */
import { isRecord } from '../../model/json.ts'
import type { ObjectState } from './schema.ts'

export function objectState(manifest: Readonly<Record<string, unknown>> | null): ObjectState | null {
  if (manifest === null) return null
  const [spec, status] = [record(manifest['spec']), record(manifest['status'])]
  const jobSpec = record(record(spec['jobTemplate'])['spec'])
  const pod = [spec, jobSpec].map((entry) => record(record(entry['template'])['spec'])).find(hasContainers) ?? spec
  // A DaemonSet has a pod per node.
  const perNode = 'desiredNumberScheduled' in status
  const desired = perNode ? number(status['desiredNumberScheduled']) : number(spec['replicas'])
  // Kubernetes omits counters that are 0.
  const counted = (name: string) => number(status[name]) ?? (Object.keys(status).length > 0 ? 0 : null)
  return {
    images: [...records(pod['initContainers']), ...records(pod['containers'])].flatMap(({ name, image }) =>
      typeof image === 'string' ? [{ container: typeof name === 'string' ? name : '', image }] : [],
    ),
    replicas:
      desired === null
        ? null
        : {
            desired,
            ready: counted(perNode ? 'numberReady' : 'readyReplicas'),
            updated: 'template' in spec ? counted(perNode ? 'updatedNumberScheduled' : 'updatedReplicas') : null,
          },
    strategy: strategyOf(record(spec['strategy'] ?? spec['updateStrategy'])),
    conditions: records(status['conditions']).flatMap((condition) =>
      typeof condition['type'] === 'string'
        ? [
            {
              type: condition['type'],
              status: text(condition['status']) ?? 'Unknown',
              reason: text(condition['reason']),
              message: text(condition['message']),
              since: text(condition['lastTransitionTime']),
            },
          ]
        : [],
    ),
  }
}

function strategyOf({ type, rollingUpdate }: Readonly<Record<string, unknown>>) {
  if (typeof type !== 'string') return null
  const more = Object.entries(record(rollingUpdate)).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [`${name} ${value}`] : [],
  )
  return [type, ...more].join(', ')
}

const record = (value: unknown) => (isRecord(value) ? value : {})
const records = (value: unknown) => (Array.isArray(value) ? value.filter(isRecord) : [])
const text = (value: unknown) => (typeof value === 'string' ? value : null)
const number = (value: unknown) => (typeof value === 'number' ? value : null)
const hasContainers = (spec: Readonly<Record<string, unknown>>) => Array.isArray(spec['containers'])
