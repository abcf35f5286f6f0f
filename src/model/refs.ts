/** `k8s:<cluster>/<group>/<kind>/<namespace>/<name>`. Absent parts are empty: `k8s:prod//Node//worker-1`. */

export type KubernetesRef = Readonly<{
  cluster: string
  /** Empty for the core group. */
  group: string
  kind: string
  /** Empty for cluster-scoped objects. */
  namespace: string
  name: string
}>

/** No part can contain a slash, because Kubernetes uses them in paths. */
export function kubernetesRef({ cluster, group, kind, namespace, name }: KubernetesRef): string {
  return `k8s:${cluster}/${group}/${kind}/${namespace}/${name}`
}

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

type CloudRef = Readonly<{
  cloud: string
  tenant: string
  service: string
  type: string
  /** The id, or the name if there is no id. */
  id: string
}>

/** `otc:<tenant>/<service>/<type>/<id>`; separators within a part are percent-encoded. */
export function cloudRef({ cloud, tenant, service, type, id }: CloudRef): string {
  return `${cloud}:${[tenant, service, type, id].map((part) => part.replace(/[%/]/g, encodeURIComponent)).join('/')}`
}

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

export function workloadRef({ kind, ...rest }: Omit<KubernetesRef, 'group'>): string {
  return kubernetesRef({ ...rest, kind, group: workloadGroups[kind] ?? '' })
}
