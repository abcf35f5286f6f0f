import {
  kubernetesTypes,
  type AuditData,
  type ChangeData,
  type ObjectIdentity,
  type ResourceData,
} from '../../model/kubernetes.ts'
import { kubernetesRef } from '../../model/refs.ts'
import type { WeirEvent } from '../../model/events.ts'
import { event } from './frames.ts'

const resources: Readonly<Record<string, string>> = {
  Pod: 'pods',
  Deployment: 'deployments',
  ReplicaSet: 'replicasets',
  Node: 'nodes',
  Service: 'services',
  EndpointSlice: 'endpointslices',
  ConfigMap: 'configmaps',
  Namespace: 'namespaces',
}
const groups: Readonly<Record<string, string>> = {
  Deployment: 'apps',
  ReplicaSet: 'apps',
  EndpointSlice: 'discovery.k8s.io',
}

/** `of`: `Pod/shop/web-1` or `Node/worker-1` of cluster c1. */
export function identity(of: string, resourceVersion = '1', uid = `u-${of}`): ObjectIdentity {
  const parts = of.split('/')
  const kind = parts[0] ?? ''
  const [namespace, name = ''] = parts.length === 3 ? [parts[1], parts[2]] : [undefined, parts[1]]
  return {
    cluster: 'c1',
    group: groups[kind] ?? '',
    version: 'v1',
    kind,
    resource: resources[kind] ?? `${kind.toLowerCase()}s`,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    uid: uid.replaceAll('/', '-'),
    resourceVersion,
  }
}

export function subjectOf({
  resource,
  group,
  namespace,
  name,
}: Pick<ObjectIdentity, 'resource' | 'group' | 'namespace' | 'name'>): string {
  return `${resource}${group === '' ? '' : `.${group}`}/${namespace === undefined ? '' : `${namespace}/`}${name}`
}

let made = 0

function envelope(
  identity: ObjectIdentity,
  type: string,
  family: WeirEvent['family'],
  time: string,
  json: object,
): WeirEvent {
  const { cluster, group, kind, namespace = '', name, uid } = identity
  return event(`k${++made}`, {
    source: `/kubernetes/${cluster}`,
    type,
    ...(family === undefined ? {} : { family }),
    time: Date.parse(time),
    ref: kubernetesRef({ cluster, group, kind, namespace, name }),
    key: `${cluster}/${uid}`,
    subject: subjectOf(identity),
    json,
  })
}

export function changeEvent(
  identity: ObjectIdentity,
  time: string,
  more: Partial<ChangeData> & Pick<ChangeData, 'operation'>,
): WeirEvent {
  const data: ChangeData = { ...identity, old: null, new: null, patch: [], ...more }
  return envelope(identity, kubernetesTypes[data.operation], 'change', time, data)
}

export function resourceEvent(identity: ObjectIdentity, since: string, more: Partial<ResourceData> = {}): WeirEvent {
  const data: ResourceData = { ...identity, since, state: 'present', ...more }
  return envelope(identity, kubernetesTypes.resource, 'resource', since, data)
}

export function auditEvent(
  identity: ObjectIdentity,
  username: string,
  verb: string,
  received: string,
  more: Partial<AuditData> & { readonly version?: string; readonly uid?: string } = {},
): WeirEvent {
  const { version, uid, ...rest } = more
  const { cluster, group, resource, namespace, name } = identity
  const data: AuditData = {
    cluster,
    auditID: `audit-${++made}`,
    verb,
    user: { username },
    sourceIPs: ['192.0.2.7'],
    userAgent: 'kubectl/v1.34',
    uri: `/api/v1/${resource}/${name}`,
    code: 200,
    received,
    completed: received,
    audit: {
      actor: { kind: 'user', name: username, domain: cluster },
      action: verb,
      service: 'kubernetes',
      tenant: cluster,
      outcome: 'success',
      severity: 'normal',
      resource: {
        type: [
          resource,
          group === '' ? '' : `.${group}`,
          rest.object?.subresource === undefined ? '' : `/${rest.object.subresource}`,
        ].join(''),
      },
    },
    object: {
      group,
      version: 'v1',
      resource,
      ...(namespace === undefined ? {} : { namespace }),
      name,
      ...(uid === undefined ? {} : { uid }),
      ...(version === undefined ? {} : { resourceVersion: version }),
    },
    ...rest,
  }
  return {
    ...envelope(identity, kubernetesTypes.audit, 'audit', received, data),
    id: `${data.auditID}/ResponseComplete`,
  }
}
