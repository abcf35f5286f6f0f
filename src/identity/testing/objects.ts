import type { ResourceData } from '../../model/kubernetes.ts'

export const t0 = Date.UTC(2026, 10, 20, 8)

export function pod(name: string, ip: string | undefined, at: number, more: Partial<ResourceData> = {}): ResourceData {
  return {
    cluster: 'prod',
    group: '',
    version: 'v1',
    kind: 'Pod',
    resource: 'pods',
    namespace: 'shop',
    name,
    uid: `uid-${name}`,
    resourceVersion: String(at),
    since: new Date(t0 + at).toISOString(),
    state: 'present',
    node: 'worker-1',
    phase: 'Running',
    ...(ip === undefined ? {} : { addresses: [{ ip, as: 'pod' as const }] }),
    ...more,
  }
}

export function gone(data: ResourceData, at: number): ResourceData {
  const { cluster, group, version, kind, resource, namespace, name, uid } = data
  return {
    cluster,
    group,
    version,
    kind,
    resource,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    uid,
    resourceVersion: String(at),
    since: new Date(t0 + at).toISOString(),
    state: 'gone',
  }
}

export function other(kind: string, name: string, more: Partial<ResourceData> = {}, at = 0): ResourceData {
  const { phase: _1, node: _2, ...plain } = pod(name, undefined, at)
  return { ...plain, kind, resource: `${kind.toLowerCase()}s`, ...more }
}

export function node(
  name: string,
  ip: string,
  zone: string | undefined,
  more: Partial<ResourceData> = {},
): ResourceData {
  const { namespace: _, ...plain } = other('Node', name, {
    addresses: [{ ip, as: 'node' }],
    ...(zone === undefined ? {} : { zone }),
    ...more,
  })
  return plain
}
