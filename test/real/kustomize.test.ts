import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, type TestContext } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { listenersOf } from '../../src/app/config-facts.ts'
import { loadDocument } from '../../src/app/load-config.ts'
import { launch } from '../../src/cli/testing/launch.ts'
import { parseYaml } from '../../src/schema/index.ts'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { findKubectl } from './install/kubectl.ts'

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly [more: string]: unknown
}

interface Rule {
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly verbs: readonly string[]
  readonly resourceNames?: readonly string[]
}

async function built(context: TestContext, overlay: string, below = 'kustomize/kollect/overlays'): Promise<Manifest[]> {
  const kubectl = await findKubectl()
  if (kubectl.path === undefined) return context.skip(kubectl.reason)
  const ran = await runCommand(kubectl.path, ['kustomize', join(ROOT, 'deploy', below, overlay)], { limit: 60_000 })
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  return parseAllDocuments(ran.stdout).map((document) => document.toJS() as Manifest)
}

const rules = (all: readonly Manifest[], kind: string): Rule[] =>
  all.filter((each) => each.kind === kind).flatMap((each) => each['rules'] as Rule[])
const find = (all: readonly Manifest[], kind: string): Manifest =>
  all.find((each) => each.kind === kind) ?? expect.unreachable(`there is no ${kind}`)

interface Port {
  readonly port: number | string
  readonly targetPort?: number | string
  readonly protocol?: string
}

/** Presets with the addresses that they listen on, beside overlays with a weir.yaml. */
const overlays: readonly (readonly [overlay: string, listeners: readonly string[] | undefined])[] = [
  ['weir/overlays/all-in-one', undefined],
  ['weir/overlays/audit', undefined],
  ['weir/overlays/flows', ['TCP 2055', 'TCP 9102']],
  ['insights-remote/overlays/one', ['TCP insights-ws']],
]

test.for(overlays)(
  'the Services and the policy of %s have the port of each listener',
  async ([overlay, given], context) => {
    const all = await built(context, overlay, 'kustomize')
    const ports = (kind: string): string[] =>
      all
        .filter((each) => each.kind === kind)
        .flatMap(({ spec }) => {
          const { ports = [], ingress = [] } = spec as { ports?: Port[]; ingress?: { ports: Port[] }[] }
          return [...ports, ...ingress.flatMap((rule) => rule.ports)]
        })
        .map(({ protocol = 'TCP', port, targetPort = port }) => `${protocol} ${targetPort}`)
    const expected = given ?? (await listenersIn(find(all, 'ConfigMap')))
    expect(expected.length).toBeGreaterThan(0)
    expect(ports('Service')).toEqual(expect.arrayContaining([...expected]))
    expect(ports('NetworkPolicy')).toEqual(expect.arrayContaining([...expected]))
  },
)

async function listenersIn(map: Manifest): Promise<string[]> {
  const { 'weir.yaml': text = '' } = map['data'] as Readonly<Record<string, string>>
  const { config } = await loadDocument(parseYaml(text, 'weir.yaml'), [], 'none')
  return listenersOf(config)
    .filter(({ path: [under] }) => under === 'sources')
    .map(({ protocol, address: { port } }) => `${protocol.toUpperCase()} ${port}`)
}

describe('kubectl', () => {
  test.for(['with-secrets', 'without-secrets'])(
    'builds %s: pods without privileges that take turns, their settings, a volume each, their account',
    async (overlay, context) => {
      const all = await built(context, overlay)
      const names = all.map(({ kind, metadata }) => `${kind}/${metadata.name}`)
      expect(names).toEqual(
        expect.arrayContaining([
          'Namespace/kollect',
          'ServiceAccount/kollect',
          'ConfigMap/kollect-settings',
          'StatefulSet/kollect',
          'Service/kollect',
          'Role/kollect-lease',
          'RoleBinding/kollect-lease',
        ]),
      )
      expect(new Set(names).size).toBe(names.length)
      const ofCluster = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding'])
      for (const { kind, metadata } of all)
        expect(metadata.namespace, kind).toBe(ofCluster.has(kind) ? undefined : 'kollect')
      const { template, replicas, volumeClaimTemplates } = find(all, 'StatefulSet')['spec'] as {
        template: { spec: Record<string, unknown> }
        replicas: number
        volumeClaimTemplates: unknown
      }
      expect([replicas, find(all, 'ConfigMap')['data']]).toEqual([
        2,
        expect.objectContaining({ WEIR_SOURCES_KUBERNETES_LEASE_NAME: 'kollect' }),
      ])
      expect(volumeClaimTemplates).toEqual([
        expect.objectContaining({ metadata: expect.objectContaining({ name: 'data' }) as object }),
      ])
      expect(template.spec).toMatchObject({
        serviceAccountName: 'kollect',
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            args: ['kollect', '--data', '/data'],
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            livenessProbe: { httpGet: { path: '/__/health' } },
            readinessProbe: { httpGet: { path: '/__/ready' } },
            volumeMounts: [{ name: 'data', mountPath: '/data' }, { mountPath: '/tmp' }],
          },
        ],
      })
    },
  )

  test.for(['with-secrets', 'without-secrets'])(
    'builds %s: what all may be done is list and watch, and its own lease',
    async (overlay, context) => {
      const all = await built(context, overlay)
      for (const { verbs } of rules(all, 'ClusterRole')) expect(verbs).toEqual(['list', 'watch'])
      expect(rules(all, 'Role')).toEqual([
        { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
        {
          apiGroups: ['coordination.k8s.io'],
          resources: ['leases'],
          resourceNames: ['kollect'],
          verbs: ['get', 'update'],
        },
      ])
      const subjects = all
        .filter(({ kind }) => kind.endsWith('Binding'))
        .flatMap((each) => each['subjects'] as object[])
      for (const subject of subjects)
        expect(subject).toEqual({ kind: 'ServiceAccount', name: 'kollect', namespace: 'kollect' })
    },
  )

  test('builds without-secrets: no rule includes Secrets, and they are not requested', async (context) => {
    const all = await built(context, 'without-secrets')
    for (const { apiGroups, resources } of rules(all, 'ClusterRole')) {
      expect(apiGroups).not.toContain('*')
      if (apiGroups.includes('')) expect(resources.filter((name) => name === '*' || name === 'secrets')).toEqual([])
    }
    expect(find(all, 'ConfigMap')['data']).toMatchObject({ WEIR_SOURCES_KUBERNETES_EXCLUDE: 'Secret' })
    expect(find(await built(context, 'with-secrets'), 'ConfigMap')['data']).not.toHaveProperty(
      'WEIR_SOURCES_KUBERNETES_EXCLUDE',
    )
  })

  test.for([
    ['one', 1],
    ['replicas', 2],
    ['complete', 2],
  ] as const)(
    'builds insights-remote for %s, which may write one Secret and starts',
    async ([overlay, count], context) => {
      const all = await built(context, overlay, 'kustomize/insights-remote/overlays')
      const { replicas, template } = find(all, 'StatefulSet')['spec'] as {
        readonly replicas: number
        readonly template: { readonly spec: { readonly containers: readonly { readonly args: readonly string[] }[] } }
      }
      expect(replicas).toBe(count)
      expect(template.spec).toMatchObject({
        securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [{ securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } } }],
      })
      expect(find(all, 'Service')).toMatchObject({
        metadata: { name: 'lagoon-remote-insights-remote' },
        spec: { ports: [{ port: 80, targetPort: 'insights-ws' }] },
      })
      const secrets = rules(all, 'ClusterRole').filter(({ resources }) => resources.includes('secrets'))
      expect(secrets.map(({ verbs, resourceNames }) => [verbs, resourceNames])).toEqual([
        ...(overlay === 'complete' ? [[['get'], ['lagoon-env']]] : []),
        [['list', 'watch', 'create'], undefined],
        [['patch'], ['insights-token']],
      ])
      const pods = rules(all, 'ClusterRole').filter(({ resources }) => resources.includes('pods'))
      expect(pods).toHaveLength(overlay === 'complete' ? 1 : 0)
      const secret = 'a-secret-of-at-least-thirty-two-bytes'
      const { code, stdout } = await launch([...(template.spec.containers[0]?.args ?? []), '--print-config'], {
        env: {
          PATH: process.env['PATH'],
          INSIGHTS_TOKEN_SECRET: secret,
          ...(find(all, 'ConfigMap')['data'] as Record<string, string>),
        },
      })
      expect([code, stdout.includes(secret)]).toEqual([0, false])
      const { sources } = parse(stdout) as {
        readonly sources: { readonly insights: { readonly lease?: object; readonly scanner?: object } }
      }
      expect(sources.insights).toMatchObject({
        burn: true,
        ack: 'sink:lagoon',
        ...(overlay === 'complete' ? { ack_custom_endpoint: 'sink:dependency-track-custom', scanner: {} } : {}),
      })
      expect(sources.insights.scanner === undefined).toBe(overlay !== 'complete')
      expect(sources.insights.lease).toEqual(overlay === 'one' ? undefined : { name: 'ac8a682b.lagoon.sh' })
      expect(rules(all, 'Role').flatMap(({ resourceNames = [] }) => resourceNames)).toEqual(['ac8a682b.lagoon.sh'])
    },
  )

  describe('replace cts_exporter', () => {
    interface Pod {
      readonly serviceAccountName?: string
      readonly automountServiceAccountToken: boolean
      readonly containers: readonly {
        readonly args: readonly string[]
        readonly envFrom: unknown
        readonly env?: readonly object[]
      }[]
      readonly volumes: readonly { readonly name: string }[]
    }
    const podOf = (all: readonly Manifest[], kind: string): Pod =>
      (find(all, kind)['spec'] as { template: { spec: Pod } }).template.spec
    const ways = {
      deployment: ['ConfigMap', 'PersistentVolumeClaim', 'Deployment'],
      'sink-binding': ['ConfigMap', 'PersistentVolumeClaim', 'Deployment', 'SinkBinding'],
      'container-source': ['ConfigMap', 'ContainerSource', 'Role', 'RoleBinding', 'ServiceAccount'],
      replicas: ['ConfigMap', 'Deployment', 'Role', 'RoleBinding', 'ServiceAccount'],
    } as const

    test('builds each variant with the same unprivileged pod that reads clouds.yaml', async (context) => {
      const pods: Pod[] = []
      for (const [way, kinds] of Object.entries(ways)) {
        const all = await built(context, way, 'knative')
        expect(all.map(({ kind }) => kind).sort()).toEqual([...kinds].sort())
        pods.push(podOf(all, way === 'container-source' ? 'ContainerSource' : 'Deployment'))
        for (const each of all.filter(({ kind }) => kind === 'SinkBinding' || kind === 'ContainerSource'))
          expect(each['spec']).toMatchObject({
            sink: { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'event-display' } },
          })
      }
      // A workload without a volume has a Lease, and an account with no other right.
      const [withVolume, withLease] = [pods.slice(0, 2), pods.slice(2)]
      for (const { serviceAccountName, automountServiceAccountToken, containers } of withLease) {
        expect([serviceAccountName, automountServiceAccountToken, containers.map(({ env }) => env)]).toEqual([
          'cts-exporter',
          true,
          [[{ name: 'CTS_LEASE', value: 'cts-exporter' }]],
        ])
      }
      for (const { serviceAccountName, automountServiceAccountToken, containers } of withVolume) {
        expect([serviceAccountName, automountServiceAccountToken, containers.map(({ env }) => env)]).toEqual([
          undefined,
          false,
          [undefined],
        ])
      }
      const alike = pods.map(
        ({ serviceAccountName: _, automountServiceAccountToken: __, containers, volumes, ...pod }) => ({
          ...pod,
          containers: containers.map(({ env: ___, ...container }) => container),
          volumes: volumes.filter(({ name }) => name !== 'data'),
        }),
      )
      expect(alike).toEqual(alike.map(() => alike[0]))
      expect(alike[0]).toMatchObject({
        securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            args: ['cts-exporter', '--data', '/data'],
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ['ALL'] },
            },
            volumeMounts: [
              { name: 'clouds', mountPath: '/etc/openstack', readOnly: true },
              { mountPath: '/data' },
              { mountPath: '/tmp' },
            ],
          },
        ],
        volumes: [{ secret: { secretName: 'cts-exporter-clouds', defaultMode: 0o440 } }, { name: 'temporary' }],
      })
    })

    test('its command line and settings are such that it starts', async (context) => {
      const all = await built(context, 'deployment', 'knative')
      const [container] = podOf(all, 'Deployment').containers
      expect(container?.envFrom).toEqual([{ configMapRef: { name: 'cts-exporter-settings' } }])
      const { code, stdout } = await launch([...(container?.args ?? []), '--print-config'], {
        env: { PATH: process.env['PATH'], ...(find(all, 'ConfigMap')['data'] as Record<string, string>) },
      })
      expect(code).toBe(0)
      expect(parse(stdout)).toMatchObject({
        data: '/data',
        sources: { cts: { auth: { type: 'clouds', cloud: 'otc' }, backfill: '5m' } },
        sinks: { knative: { type: 'http', url: 'http://event-display.default.svc.cluster.local' } },
      })
    })

    test('replaces neo4j_sink with a Knative Service with a valid command line and settings', async (context) => {
      const all = await built(context, 'neo4j-sink', 'knative')
      expect(all.map(({ kind, apiVersion }) => `${kind} ${String(apiVersion)}`).sort()).toEqual([
        'ConfigMap v1',
        'Service serving.knative.dev/v1',
      ])
      const [container] = podOf(all, 'Service').containers
      expect(container).toMatchObject({
        envFrom: [{ configMapRef: { name: 'neo4j-sink-settings' } }, { secretRef: { name: 'neo4j-sink-login' } }],
        ports: [{ containerPort: 8080 }],
        securityContext: { runAsNonRoot: true, readOnlyRootFilesystem: true },
      })
      const { code, stdout } = await launch([...(container?.args ?? []), '--print-config'], {
        env: {
          PATH: process.env['PATH'],
          PORT: '8080',
          NEO4J_PASSWORD: 'secret',
          ...(find(all, 'ConfigMap')['data'] as Record<string, string>),
        },
      })
      expect([code, stdout.includes('secret')]).toEqual([0, false])
      expect(parse(stdout)).toMatchObject({
        data: '/data',
        http: { listen: '0.0.0.0:8080', ack: 'sink:graph' },
        sinks: { graph: { url: 'neo4j://neo4j.default.svc.cluster.local:7687', auth: { user: 'neo4j' } } },
      })
    })

    test('the template of clouds.yaml is YAML, with a cloud of the name that the settings have', async () => {
      expect(parse(await readFile(join(ROOT, 'deploy/knative/clouds/clouds.tpl'), 'utf8'))).toMatchObject({
        clouds: { otc: { profile: 'otc', auth: { project_name: 'eu-de_project' } } },
      })
    })
  })
})
