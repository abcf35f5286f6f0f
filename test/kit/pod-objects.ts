// Realistic objects of a cluster, by number.

export interface Shape {
  /** `pod`: two containers with 24 variables and two managers, about 11 KB. `small`: about 1 KB. */
  readonly size: 'pod' | 'small'
  readonly objects: number
}

const fields = (): object => ({
  'f:metadata': { 'f:labels': named(12, (index) => [`f:label-${index}`, {}]) },
  'f:spec': {
    'f:containers': Object.fromEntries(
      ['a', 'b'].map((name) => [
        `k:{"name":"${name}"}`,
        {
          '.': {},
          'f:image': {},
          'f:env': named(24, (index) => [
            `k:{"name":"VARIABLE_NUMBER_${index}"}`,
            { '.': {}, 'f:name': {}, 'f:value': {} },
          ]),
          'f:resources': { 'f:limits': { 'f:cpu': {}, 'f:memory': {} } },
        },
      ]),
    ),
  },
})

function named(count: number, entry: (index: number) => readonly [string, unknown]): object {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => entry(index)))
}

function identity(index: number, version: number): object {
  return {
    name: `app-${index % 5000}-${index}`,
    namespace: `ns-${index % 100}`,
    uid: `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    resourceVersion: String(version),
    creationTimestamp: '2026-11-01T00:00:00Z',
  }
}

export function objectAt({ size }: Shape, index: number, version: number, turn: number): object {
  if (size === 'small')
    return {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { ...identity(index, version), labels: { app: `app-${index % 5000}` } },
      spec: { nodeName: `node-${index % 500}`, containers: [{ name: 'a', image: `example.test/app:${index % 50}` }] },
      status: { phase: 'Running', message: `turn ${turn} `.repeat(40) },
    }
  const container = (name: string): object => ({
    name,
    image: `example.test/team/app-${index % 50}:v${index % 7}`,
    env: Array.from({ length: 24 }, (_, at) => ({
      name: `VARIABLE_NUMBER_${at}`,
      value: `value ${at} of ${index % 97}, with some text in it`,
    })),
    resources: { limits: { cpu: '500m', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } },
    ports: [{ containerPort: 8080, protocol: 'TCP' }],
    volumeMounts: [
      { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true },
    ],
    livenessProbe: { httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' }, timeoutSeconds: 1, periodSeconds: 10 },
  })
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...identity(index, version),
      labels: named(12, (at) => [`label-${at}`, `value-${index % 31}`]),
      annotations: { 'checksum/config': `${index}abcdef` },
      ownerReferences: [
        {
          apiVersion: 'apps/v1',
          kind: 'ReplicaSet',
          name: `app-${index % 5000}`,
          uid: `10000000-0000-4000-8000-${String(index % 5000).padStart(12, '0')}`,
          controller: true,
        },
      ],
      managedFields: [
        {
          manager: 'kube-controller-manager',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-01T00:00:00Z',
          fieldsV1: fields(),
        },
        {
          manager: 'kubelet',
          operation: 'Update',
          apiVersion: 'v1',
          time: turn === 0 ? '2026-11-01T00:00:05Z' : `${new Date().toISOString().slice(0, 19)}Z`,
          subresource: 'status',
          fieldsV1: { 'f:status': { 'f:conditions': {}, 'f:containerStatuses': {}, 'f:phase': {}, 'f:podIP': {} } },
        },
      ],
    },
    spec: {
      nodeName: `node-${index % 500}`,
      containers: [container('a'), container('b')],
      serviceAccountName: 'default',
    },
    status: {
      phase: 'Running',
      podIP: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`,
      conditions: ['Ready', 'Initialized', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: '2026-11-01T00:00:05Z',
      })),
      containerStatuses: ['a', 'b'].map((name) => ({
        name,
        ready: true,
        restartCount: turn,
        image: 'x',
        imageID: 'example.test/team/app@sha256:abc',
        state: { running: { startedAt: '2026-11-01T00:00:04Z' } },
      })),
    },
  }
}

/** About 9 KB: 40 images, conditions, and two managers. */
export function nodeAt(index: number, version: number, turn: number): object {
  const name = `node-${index}`
  return {
    kind: 'Node',
    apiVersion: 'v1',
    metadata: {
      name,
      uid: `20000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
      resourceVersion: String(version),
      creationTimestamp: '2026-11-01T00:00:00Z',
      labels: named(12, (at) => [`label-${at}`, `value-${index % 31}`]),
      managedFields: [
        {
          manager: 'kubelet',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-01T00:00:05Z',
          subresource: 'status',
          fieldsV1: { 'f:status': { 'f:images': {}, 'f:conditions': named(5, (at) => [`k:{"type":"T${at}"}`, {}]) } },
        },
      ],
    },
    spec: { podCIDR: `10.${(index >> 8) & 255}.${index & 255}.0/24`, providerID: `example://${name}` },
    status: {
      addresses: [{ type: 'InternalIP', address: `172.16.${(index >> 8) & 255}.${index & 255}` }],
      allocatable: { cpu: '16', memory: '64Gi', pods: '110' },
      conditions: ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'].map((type) => ({
        type,
        status: type === 'Ready' ? 'True' : 'False',
        lastHeartbeatTime: '2026-11-01T00:00:05Z',
        message: `turn ${turn}`,
      })),
      images: Array.from({ length: 40 }, (_, at) => ({
        names: [`example.test/team/app-${at}@sha256:${'0123456789abcdef'.repeat(4)}`, `example.test/team/app-${at}:v1`],
        sizeBytes: 50_000_000 + at,
      })),
    },
  }
}
