/**
 * Names of resources across everything that Weir knows: `k8s:<cluster>/<group>/<kind>/<namespace>/<name>`, `ip:<address>` and
 * so on. Parts that a resource does not have are empty: `k8s:prod//Node//worker-1`.
 */

export interface KubernetesRef {
  readonly cluster: string
  /** Empty for the core group. */
  readonly group: string
  readonly kind: string
  /** Empty for what belongs to the whole cluster. */
  readonly namespace: string
  readonly name: string
}

/** None of the parts can hold a slash: they are parts of paths in the API of Kubernetes, too. */
export function kubernetesRef({ cluster, group, kind, namespace, name }: KubernetesRef): string {
  return `k8s:${cluster}/${group}/${kind}/${namespace}/${name}`
}

/** The parts of a reference; undefined when it is none of Kubernetes. */
export function parseKubernetesRef(ref: string): KubernetesRef | undefined {
  if (!ref.startsWith('k8s:')) return undefined
  const parts = ref.slice(4).split('/')
  const [cluster, group, kind, namespace, name] = parts
  if (
    parts.length !== 5 ||
    cluster === undefined ||
    group === undefined ||
    kind === undefined ||
    namespace === undefined ||
    name === undefined
  )
    return undefined
  return { cluster, group, kind, namespace, name }
}

export interface CloudRef {
  /** `otc`, `huawei`. */
  readonly cloud: string
  /** Project or account. */
  readonly tenant: string
  readonly service: string
  readonly type: string
  /** Its id; its name where it has none. */
  readonly id: string
}

/** `otc:<tenant>/<service>/<type>/<id>`; what would end a part early is written as in a URL. */
export function cloudRef({ cloud, tenant, service, type, id }: CloudRef): string {
  return `${cloud}:${[tenant, service, type, id].map((part) => part.replace(/[%/]/g, encodeURIComponent)).join('/')}`
}

/** API groups of kinds that own pods. Flows name an owner by its kind alone; of other kinds no group is known. */
export const workloadGroups: Readonly<Record<string, string>> = {
  Deployment: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  ReplicaSet: 'apps',
  Job: 'batch',
  CronJob: 'batch',
  Rollout: 'argoproj.io',
  DeploymentConfig: 'apps.openshift.io',
}

/** A workload as flows name it. */
export function workloadRef({ kind, ...rest }: Omit<KubernetesRef, 'group'>): string {
  return kubernetesRef({ ...rest, kind, group: workloadGroups[kind] ?? '' })
}
