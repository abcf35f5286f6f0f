import { parseKubernetesRef } from '../../model/refs.ts'
import { withoutUndefined, textOf, type Fields } from '../../model/json.ts'

export type Properties = Readonly<Record<string, string>>

export type KeyedNode = Readonly<{
  key: string
  set: Properties
}>

export interface ResourceNode extends KeyedNode {
  readonly workload?: true
}

/** An index key of Neo4j holds about 8 KB. */
const longestKey = 4000
const longestText = 4096
const workloads = new Set([
  'Deployment',
  'StatefulSet',
  'DaemonSet',
  'ReplicaSet',
  'Job',
  'CronJob',
  'Pod',
  'ReplicationController',
  'Rollout',
  'DeploymentConfig',
])

/** Equal for every source. Undefined for other references. */
export function objectNode(ref: string): ResourceNode | undefined {
  const parts = parseKubernetesRef(ref)
  if (parts === undefined) return undefined
  const { cluster, group, kind, namespace, name } = parts
  return {
    key: ref,
    set: withoutUndefined<Properties>({
      cluster,
      kind,
      name,
      group: textOf(group),
      namespace: textOf(namespace),
    } as Record<string, string>),
    ...(workloads.has(kind) ? { workload: true } : {}),
  }
}

export function shortened(texts: Fields): Properties {
  return withoutUndefined<Properties>(
    Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, textOf(value)?.slice(0, longestText)])),
  )
}

export function timeOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : null
}

export function checkKeyLengths(keys: Readonly<Record<string, string | undefined>>): void {
  for (const [what, text] of Object.entries(keys)) {
    const bytes = text === undefined ? 0 : Buffer.byteLength(text)
    if (bytes > longestKey) throw new Error(`${what} has ${bytes} bytes; a node key is limited to ${longestKey}`)
  }
}
