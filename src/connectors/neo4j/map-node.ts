/** Nodes that rows of several kinds make. */
import { parseKubernetesRef } from '../../model/refs.ts'
import { known, textOf, type Fields } from '../../model/json.ts'

export type Properties = Readonly<Record<string, string>>

export interface KeyedNode {
  readonly key: string
  readonly set: Properties
}

export interface ResourceNode extends KeyedNode {
  /** It runs something, or is what runs: it has the label WORKLOAD, too. */
  readonly workload?: true
}

/** An index of Neo4j takes about 8 KB; what a node is found by is kept well below. */
const longestKey = 4000
/** Texts that nobody looks for are kept to this many characters. */
const longestText = 4096
const workloads: ReadonlySet<string> = new Set([
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

/** An object of a cluster by its reference; whoever tells of it, the node is the same. Undefined for any other. */
export function objectNode(ref: string): ResourceNode | undefined {
  const parts = parseKubernetesRef(ref)
  if (parts === undefined) return undefined
  const { cluster, group, kind, namespace, name } = parts
  return {
    key: ref,
    set: known<Properties>({ cluster, kind, name, group: textOf(group), namespace: textOf(namespace) } as Record<
      string,
      string
    >),
    ...(workloads.has(kind) ? { workload: true } : {}),
  }
}

export function shortened(texts: Fields): Properties {
  return known<Properties>(
    Object.fromEntries(Object.entries(texts).map(([name, value]) => [name, textOf(value)?.slice(0, longestText)])),
  )
}

export function timeOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? Math.trunc(value) : null
}

/** Throws, in words, when one of the texts is too long to find a node by. */
export function within(keys: Readonly<Record<string, string | undefined>>): void {
  for (const [what, text] of Object.entries(keys)) {
    const bytes = text === undefined ? 0 : Buffer.byteLength(text)
    if (bytes > longestKey)
      throw new Error(`its ${what} has ${bytes} bytes, and a node is found by ${longestKey} at most`)
  }
}
