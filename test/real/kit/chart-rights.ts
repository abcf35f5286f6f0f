// Rights that each account of a set of values needs, and rights that it must not have.
import { namespaceOf, type ValueSet } from './chart.ts'
import type { Right } from './rights.ts'

interface Rights {
  readonly may: readonly Right[]
  readonly mayNot: readonly Right[]
}

const watching = (kinds: readonly string[], namespace = ''): Right[] =>
  kinds.flatMap((kind) => ['list', 'watch'].map((verb) => `${verb} ${kind} ${namespace}`.trim()))

const leasing = (name: string, namespace: string): Right[] => [
  `create leases.coordination.k8s.io ${namespace}`,
  `get leases.coordination.k8s.io/${name} ${namespace}`,
  `update leases.coordination.k8s.io/${name} ${namespace}`,
]

/** Of no account, with any values. */
const refused = (namespace: string): Right[] => [
  ...[
    'pods',
    'services',
    'nodes',
    'namespaces',
    'deployments.apps',
    'serviceaccounts',
    'roles.rbac.authorization.k8s.io',
  ].flatMap((kind) => ['update', 'deletecollection'].map((verb) => `${verb} ${kind}`)),
  ...['create', 'update', 'delete'].map((verb) => `${verb} clusterroles.rbac.authorization.k8s.io`),
  ...['exec', 'attach', 'portforward', 'proxy', 'log'].flatMap((part) => [
    `get pods:${part} ${namespace}`,
    `create pods:${part} ${namespace}`,
  ]),
  'get nodes:proxy',
  `create serviceaccounts:token ${namespace}`,
  'impersonate users',
  'bind clusterroles.rbac.authorization.k8s.io',
  'escalate clusterroles.rbac.authorization.k8s.io',
  'update leases.coordination.k8s.io/kube-scheduler kube-system',
  'create leases.coordination.k8s.io kube-system',
  `delete leases.coordination.k8s.io ${namespace}`,
  'get /metrics',
  'get /logs',
]

const reading = watching(['pods', 'nodes', 'services', 'configmaps', 'deployments.apps', 'jobs.batch'])
const secrets = [...watching(['secrets']), 'get secrets', 'get secrets kube-system', 'list secrets kube-system']

const core = [
  'configmaps',
  'endpoints',
  'events',
  'limitranges',
  'namespaces',
  'nodes',
  'persistentvolumeclaims',
  'persistentvolumes',
  'pods',
  'podtemplates',
  'replicationcontrollers',
  'resourcequotas',
  'serviceaccounts',
  'services',
]
const others = [
  'deployments.apps',
  'statefulsets.apps',
  'jobs.batch',
  'ingresses.networking.k8s.io',
  'leases.coordination.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
  'poddisruptionbudgets.policy',
]

/** By account. */
export function chartRights(set: ValueSet): Readonly<Record<string, Rights>> {
  const here = namespaceOf(set)
  const never = refused(here)
  const nothing: Rights = { may: [], mayNot: [...never, ...reading, ...secrets, ...leasing('weir', here)] }
  switch (set.name) {
    case 'kubernetes':
      return {
        weir: {
          may: watching([...core, ...others, 'gateways.gateway.networking.k8s.io', 'widgets.example.com']),
          mayNot: [...never, ...secrets, 'get pods', 'get configmaps', ...watching(['gadgets.example.org'])],
        },
      }
    case 'kubernetes-secrets':
      return {
        weir: {
          may: [...watching([...core, ...others, 'secrets', 'gadgets.example.org']), ...leasing('weir-watch', here)],
          mayNot: [...never, 'get secrets', 'get pods', `get leases.coordination.k8s.io/other ${here}`],
        },
      }
    case 'kubernetes-namespaces':
      return {
        'weir-shop': {
          may: [
            ...['shop', 'billing'].flatMap((namespace) =>
              watching(
                ['pods', 'events', 'events.events.k8s.io', 'deployments.apps', 'jobs.batch', 'widgets.example.com'],
                namespace,
              ),
            ),
            ...leasing('weir-shop', 'shop'),
          ],
          mayNot: [
            ...never,
            ...reading,
            ...secrets,
            ...watching(['pods', 'jobs.batch'], 'default'),
            ...watching(['secrets', 'services', 'replicasets.apps', 'cronjobs.batch'], 'shop'),
            ...leasing('weir-shop', here),
            ...leasing('weir-shop', 'billing'),
          ],
        },
      }
    case 'flows':
      return {
        weir: {
          may: watching([
            'pods',
            'nodes',
            'services',
            'endpointslices.discovery.k8s.io',
            'replicasets.apps',
            'jobs.batch',
          ]),
          mayNot: [...never, ...secrets, ...watching(['configmaps', 'events', 'deployments.apps', 'cronjobs.batch'])],
        },
      }
    case 'audit':
      return {
        weir: {
          may: leasing('weir-cts', here),
          mayNot: [...never, ...reading, ...secrets, `get leases.coordination.k8s.io/other ${here}`],
        },
      }
    case 'inventory':
      return {
        weir: { may: watching(['pods'], 'shop'), mayNot: [...never, ...reading, ...secrets, 'list services shop'] },
      }
    case 'images':
      return {
        weir: {
          may: [
            ...['get', 'list', 'watch', 'patch', 'delete'].map((verb) => `${verb} configmaps`),
            ...['get', 'list', 'watch'].map((verb) => `${verb} namespaces`),
            'create events',
            ...['list', 'watch', 'create'].map((verb) => `${verb} secrets`),
            'patch secrets/insights-token shop',
            ...watching(['pods']),
            'get secrets/lagoon-env shop',
            ...leasing('weir-insights', here),
          ],
          mayNot: [
            ...never,
            'get secrets',
            'patch secrets',
            'delete secrets',
            'get secrets/other shop',
            'create configmaps',
            'create pods',
            'get pods',
            'list services',
            'list deployments.apps',
          ],
        },
      }
    case 'split-kafka':
      return {
        'weir-collector': { may: watching([...core, ...others]), mayNot: [...never, ...secrets] },
        'weir-deliverer': nothing,
        'weir-api': nothing,
      }
    case 'split-nats':
      return {
        'weir-collector': {
          may: watching(['pods', 'deployments.apps']),
          mayNot: [...never, ...secrets, ...watching(['nodes', 'services', 'replicasets.apps'])],
        },
        'weir-deliverer': {
          may: ['get secrets/dtrack shop'],
          mayNot: [...never, ...reading, ...secrets, 'get secrets/other shop', 'list secrets shop'],
        },
        'weir-api': nothing,
      }
    case 'monitoring':
      return { 'weir-monitoring': nothing }
    case 'no-roles':
      return { existing: nothing }
    default:
      return { weir: nothing }
  }
}
