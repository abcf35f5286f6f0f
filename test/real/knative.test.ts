// deploy/knative on a real API server with Knative's definitions: accepted resources, and the results of the make
// targets. Also starts the container of the Deployment.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { ROOT, runCommand, type CommandResult } from '../../tools/kit/command.ts'
import { ExportedCloud, startExporter } from '../kit/cts-exporter.ts'
import { EventReceiver } from '../kit/event-receiver.ts'
import { installKnative } from './install/knative.ts'
import { findKubectl } from './install/kubectl.ts'
import { useKube } from './kit/kube-stage.ts'

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec?: Readonly<Record<string, unknown>>
  readonly data?: Readonly<Record<string, string>>
}

interface Template {
  readonly spec: {
    readonly containers: readonly {
      readonly args: readonly string[]
      readonly envFrom: readonly { configMapRef: { name: string } }[]
      readonly volumeMounts: readonly { name: string; mountPath: string }[]
    }[]
  }
}

const stage = useKube('weir-knative')
/** A copy, with clouds.yaml filled. */
let deploy = ''
let missing: string | undefined

beforeAll(async () => {
  const [definitions, kubectl] = [await installKnative(), await findKubectl()]
  missing =
    definitions.path === undefined ? definitions.reason : kubectl.path === undefined ? kubectl.reason : undefined
  if (definitions.path === undefined || missing !== undefined || stage.dir === '') return
  deploy = join(stage.dir, 'knative')
  await cp(join(ROOT, 'deploy/knative'), deploy, { recursive: true })
  await cp(join(deploy, 'clouds/clouds.tpl'), join(deploy, 'clouds/clouds.yaml'))
  for (const file of await readdir(definitions.path)) {
    const definition = parse(await readFile(join(definitions.path, file), 'utf8')) as {
      metadata: { name: string }
      spec: { conversion?: unknown }
    }
    // There is no conversion webhook; these three have one version each.
    expect(definition.spec.conversion).toBeUndefined()
    await stage.kube.call('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definition)
    const conditions = async (): Promise<unknown> =>
      (
        (
          await stage.kube.call(
            'GET',
            `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${definition.metadata.name}`,
          )
        )['status'] as { conditions?: unknown } | undefined
      )?.conditions
    await vi.waitFor(
      async () => {
        expect(await conditions()).toContainEqual(expect.objectContaining({ type: 'Established', status: 'True' }))
      },
      { timeout: 60_000 },
    )
  }
}, 300_000)

beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

const env = (): Record<string, string> => ({ KUBECONFIG: stage.kubeconfig })
const run = (command: string, ...args: readonly string[]): Promise<CommandResult> =>
  runCommand(command, args, { limit: 120_000, env: env() })

async function built(folder: string): Promise<Manifest[]> {
  const ran = await run('kubectl', 'kustomize', join(deploy, folder))
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  return parseAllDocuments(ran.stdout).map((document) => document.toJS() as Manifest)
}

/** What the server would do with them; fields that it does not know are refused. */
async function dryRun(manifests: readonly unknown[]): Promise<CommandResult> {
  const file = join(await mkdtemp(join(stage.dir, 'dry-')), 'all.yaml')
  await writeFile(file, manifests.map((each) => stringify(each)).join('---\n'))
  return run('kubectl', 'apply', '--namespace', 'default', '--dry-run=server', '--validate=strict', '--filename', file)
}

const make = (...args: readonly string[]): Promise<CommandResult> =>
  run('make', '--no-print-directory', '-C', deploy, ...args)
const password = 'a password: with "signs" = $1'
const namesOf = async (kinds: string): Promise<string[]> => {
  const { code, stdout, output } = await run('kubectl', 'get', kinds, '--namespace', 'default', '--output', 'name')
  expect(code, output).toBe(0)
  return stdout
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('configmap/kube-') && line !== 'service/kubernetes')
    .sort()
}
const weirSource =
  'configmaps,secrets,deployments,persistentvolumeclaims,containersources.sources.knative.dev,sinkbindings.sources.knative.dev,services.serving.knative.dev'

/** Whatever makes one for each namespace is a controller, which does not run here. */
const defaults = async (): Promise<string[]> =>
  (await namesOf('serviceaccounts')).filter((name) => name === 'serviceaccount/default')

describe('kube-apiserver', () => {
  test('takes every manifest of every folder, with no field that it does not know', async () => {
    const folders = (await readdir(deploy, { withFileTypes: true }))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name)
    const kinds = new Set<string>()
    for (const folder of folders) {
      const all = await built(folder)
      const { code, stdout, output } = await dryRun(all)
      expect([folder, code, output]).toEqual([folder, 0, stdout])
      expect(stdout.match(/ \(server dry run\)$/gm), folder).toHaveLength(all.length)
      for (const { kind } of all) kinds.add(kind)
    }
    expect([...kinds].sort()).toEqual([
      'ConfigMap',
      'ContainerSource',
      'Deployment',
      'PersistentVolumeClaim',
      'Role',
      'RoleBinding',
      'Secret',
      'Service',
      'ServiceAccount',
      'SinkBinding',
    ])
  })

  test('refuses the same with one field misspelt, whichever kind it is', async () => {
    for (const folder of ['container-source', 'sink-binding', 'event-display', 'pod']) {
      for (const each of (await built(folder)).filter(({ spec }) => spec !== undefined)) {
        const { code, output } = await dryRun([{ ...each, spec: { ...each.spec, sinkk: {} } }])
        expect([code === 0, output], each.kind).toEqual([false, expect.stringContaining('unknown field "spec.sinkk"')])
      }
    }
  })

  test('takes the pod of the ContainerSource as the Deployment that Knative makes of it', async () => {
    const source = (await built('container-source')).find(({ kind }) => kind === 'ContainerSource')
    const template = source?.spec?.['template'] as { metadata?: object; spec: object }
    const labels = {
      'sources.knative.dev/containerSource': 'cts-exporter',
      'sources.knative.dev/source': 'container-source-controller',
    }
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'cts-exporter-deployment', labels },
      spec: {
        selector: { matchLabels: labels },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    }
    const { code, output } = await dryRun([deployment])
    expect([code, output]).toEqual([0, 'deployment.apps/cts-exporter-deployment created (server dry run)\n'])
  })

  test('creates the resources with the given image and sink; uninstall keeps only the volume claim', async () => {
    const image = 'registry.example.com/weir:0.1.0'
    const done = async (...args: readonly string[]): Promise<void> => {
      const { code, output } = await make(...args)
      expect(code, output).toBe(0)
    }
    expect(await namesOf(weirSource)).toEqual([])
    await done('install-configuration', 'install-event-display')
    await done('install-containersource', `IMAGE=${image}`)
    expect(await namesOf(weirSource)).toEqual([
      'configmap/cts-exporter-settings',
      'containersource.sources.knative.dev/cts-exporter',
      'secret/cts-exporter-clouds',
      'service.serving.knative.dev/event-display',
    ])
    const secret = (await stage.kube.call(
      'GET',
      '/api/v1/namespaces/default/secrets/cts-exporter-clouds',
    )) as unknown as Manifest
    expect(Buffer.from(secret.data?.['clouds.yaml'] ?? '', 'base64').toString()).toBe(
      await readFile(join(ROOT, 'deploy/knative/clouds/clouds.tpl'), 'utf8'),
    )
    const source = (await stage.kube.call(
      'GET',
      '/apis/sources.knative.dev/v1/namespaces/default/containersources/cts-exporter',
    )) as unknown as Manifest
    expect(source.spec).toMatchObject({
      template: { spec: { containers: [{ image }] } },
      sink: { ref: { kind: 'Service', name: 'event-display' } },
    })
    expect(await make('install-neo4j-sink', `IMAGE=${image}`)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('NEO4J_PASSWORD') as string,
    })
    await stage.kube.call('POST', '/api/v1/namespaces/default/secrets', {
      metadata: { name: 'neo4j-sink-login' },
      stringData: { NEO4J_PASSWORD: password },
    })
    await done('install-sinkbinding', 'install-neo4j-sink', `IMAGE=${image}`)
    expect(await namesOf(weirSource)).toEqual(
      expect.arrayContaining([
        'deployment.apps/cts-exporter',
        'persistentvolumeclaim/cts-exporter-data',
        'service.serving.knative.dev/neo4j-sink',
        'sinkbinding.sources.knative.dev/cts-exporter',
      ]),
    )
    await done('install-deployment', `IMAGE=${image}`, 'SINK=http://sink.example.com/in')
    expect(
      (await stage.kube.call('GET', '/api/v1/namespaces/default/configmaps/cts-exporter-settings'))['data'],
    ).toMatchObject({ K_SINK: 'http://sink.example.com/in', CTS_FROM: '5' })
    await done('install-replicas', `IMAGE=${image}`)
    const replicas = (await stage.kube.call(
      'GET',
      '/apis/apps/v1/namespaces/default/deployments/cts-exporter',
    )) as unknown as Manifest
    const leased = {
      serviceAccountName: 'cts-exporter',
      automountServiceAccountToken: true,
      containers: [{ env: [{ name: 'CTS_LEASE', value: 'cts-exporter' }] }],
      volumes: [{}, {}, { name: 'data', emptyDir: {} }],
    }
    expect(replicas.spec).toMatchObject({ replicas: 2, template: { spec: leased } })
    expect(source.spec).toMatchObject({ template: { spec: leased } })
    await done('uninstall')
    expect(await namesOf(`${weirSource},serviceaccounts,roles,rolebindings`)).toEqual([
      'persistentvolumeclaim/cts-exporter-data',
      ...(await defaults()),
    ])
    await done('uninstall')
  })

  test.for([
    ['install-containersource', 'containersources'],
    ['install-sinkbinding', 'sinkbindings'],
  ] as const)('%s with SINK_SERVICE=neo4j-sink installs everything in one command', async ([target, plural]) => {
    const { code, output } = await runCommand(
      'make',
      [
        '--no-print-directory',
        '-C',
        deploy,
        target,
        'SINK_SERVICE=neo4j-sink',
        'IMAGE=registry.example.com/weir:0.1.0',
        'NEO4J_URI=neo4j://graph.example.com:7687',
      ],
      { limit: 120_000, env: { ...env(), NEO4J_PASSWORD: password } },
    )
    expect(code, output).toBe(0)
    expect(output).not.toContain(password)
    const get = async (path: string): Promise<Manifest> =>
      (await stage.kube.call('GET', path.replace('@', 'namespaces/default'))) as unknown as Manifest
    expect((await get(`/apis/sources.knative.dev/v1/@/${plural}/cts-exporter`)).spec).toMatchObject({
      sink: { ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: 'neo4j-sink' } },
    })
    expect((await get('/apis/serving.knative.dev/v1/@/services/neo4j-sink')).metadata.name).toBe('neo4j-sink')
    expect((await get('/api/v1/@/configmaps/neo4j-sink-settings')).data).toMatchObject({
      NEO4J_URI: 'neo4j://graph.example.com:7687',
    })
    const { data } = await get('/api/v1/@/secrets/neo4j-sink-login')
    expect(Buffer.from(data?.['NEO4J_PASSWORD'] ?? '', 'base64').toString()).toBe(password)
    expect(await namesOf('secrets,services.serving.knative.dev')).toEqual([
      'secret/cts-exporter-clouds',
      'secret/neo4j-sink-login',
      'service.serving.knative.dev/neo4j-sink',
    ])
    expect((await make('uninstall')).code).toBe(0)
  })

  test('gets nothing from make without an image or a filled clouds.yaml, and make prints the reason', async () => {
    expect(await make('install-containersource')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('IMAGE=') as string,
    })
    await rm(join(deploy, 'clouds/clouds.yaml'))
    onTestFinished(() => cp(join(deploy, 'clouds/clouds.tpl'), join(deploy, 'clouds/clouds.yaml')))
    expect(await make('install-configuration')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Copy clouds/clouds.tpl') as string,
    })
    expect(await namesOf('configmaps,secrets,containersources.sources.knative.dev')).toEqual([])
  })

  test('has a Deployment with command line, variables and probes to read and post traces', async () => {
    const all = await built('deployment')
    const { spec } = all.find(({ kind }) => kind === 'Deployment') as unknown as { spec: { template: Template } }
    const [container] = spec.template.spec.containers
    const settings = Object.assign(
      {},
      ...(container?.envFrom ?? []).map(
        ({ configMapRef: { name } }) =>
          all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)?.data,
      ),
    ) as Record<string, string>
    const folder = await mkdtemp(join(tmpdir(), 'weir-knative-pod-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const cloud = await ExportedCloud.start(folder)
    onTestFinished(() => cloud.stop())
    await using receiver = await EventReceiver.start()
    const traces = cloud.put(60, 60_000)
    // Its volumes are folders here: the one with data, and the one in which the Secret is.
    expect(container?.volumeMounts.map(({ mountPath }) => mountPath)).toEqual(['/etc/openstack', '/data', '/tmp'])
    const args = container?.args.map((arg) => (arg === '/data' ? join(folder, 'data') : arg))
    await using pod = await startExporter(
      { ...settings, OS_CLIENT_CONFIG_FILE: cloud.env['OS_CLIENT_CONFIG_FILE'] ?? '', K_SINK: receiver.url },
      args,
    )
    await expect.poll(() => receiver.received.length, { timeout: 60_000 }).toBe(60)
    expect(receiver.received.map(({ id }) => id).sort()).toEqual(traces.map(({ trace_id: id }) => id ?? '').sort())
    const { livenessProbe, readinessProbe, ports } = container as unknown as Record<
      'livenessProbe' | 'readinessProbe',
      { httpGet: { path: string; port: string } }
    > & { ports: { name: string; containerPort: number }[] }
    for (const { httpGet } of [livenessProbe, readinessProbe]) {
      expect((await fetch(pod.opsUrl + httpGet.path)).status).toBe(200)
      // The default address of the image, which the test overrides.
      expect(ports.find(({ name }) => name === httpGet.port)?.containerPort).toBe(8081)
    }
    expect(await pod.stop()).toBe(0)
  })
})
