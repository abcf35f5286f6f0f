// Values of deploy/terraform in the charts that they are for, rendered by a real Helm.
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { findTerraform, render, type RenderOutputs } from '../terraform/render.ts'
import { findHelm } from './install/helm.ts'
import { cacheFolder } from './kit/cache.ts'

interface Container {
  readonly name: string
  /** Undefined for containers that an operator completes. */
  readonly image?: string
  readonly env?: readonly { readonly name: string }[]
  readonly resources?: { readonly requests?: { readonly memory?: string } }
}

interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: {
    readonly ports?: readonly { readonly port: number }[]
    readonly rules?: readonly { readonly host: string }[]
    readonly template?: { readonly spec: { readonly containers: readonly Container[] } }
    readonly nodeSets?: readonly { readonly podTemplate: { readonly spec: { readonly containers: Container[] } } }[]
  }
}

const limit = 900_000
const helm = findHelm()
const terraform = await findTerraform()
let folder = ''
let outputs: RenderOutputs

beforeAll(async () => {
  if (helm.path === undefined || terraform === undefined) return
  folder = await mkdtemp(join(tmpdir(), 'weir-charts-'))
  outputs = await render({
    domain: 'example.org',
    ingress: { tls_issuer: 'letsencrypt' },
    components: { keycloak: true, pushgateway: true, loki: true, alloy: true, elasticsearch: true, influxdb: true },
    oidc: { client_secret: { name: 'grafana-oidc', key: 'client_secret' } },
    keycloak: { admin_secret: 'keycloak-admin', github_secret: 'keycloak-github' },
    grafana: { admin_secret: 'grafana-admin' },
    object_store: { endpoint: 'https://s3.example.org', region: 'eu', bucket: 'logs', secret: 'loki-s3' },
    influxdb: { secret: 'influxdb-auth' },
    weir: {
      token: { name: 'weir-auth', key: 'viewer' },
      secrets: { WEIR_VIEWER: { secret: 'weir-auth', key: 'viewer' } },
      config: {
        auth: { tokens: [{ name: 'grafana', role: 'viewer', token: 'env:WEIR_VIEWER' }] },
        sources: { kubernetes: { cluster: 'main' } },
      },
    },
  })
}, limit)
afterAll(() => (folder === '' ? undefined : rm(folder, { recursive: true, force: true })))

/** Manifests of a release. Other charts than Weir's are brought by a person: they are on no package registry. */
async function manifests(context: TestContext, name: string): Promise<readonly Manifest[]> {
  if (helm.path === undefined) return context.skip(helm.reason)
  if (terraform === undefined) return context.skip('there is no terraform on the PATH')
  const { chart, version, values } = outputs.releases[name]!
  const path = name === 'weir' ? join(ROOT, 'deploy/helm/weir') : join(cacheFolder('charts'), name)
  const described = join(path, 'Chart.yaml')
  if (!existsSync(described)) return context.skip(`unpack the chart ${chart} ${version} as ${path}`)
  const { version: found } = parse(await readFile(described, 'utf8')) as { version: string }
  if (found !== version) return context.skip(`${path} has version ${found}, and the lock file ${version}`)
  const file = join(folder, `${name}.yaml`)
  await writeFile(file, values)
  const args = ['template', name, path, '--namespace', 'observability', '--kube-version', '1.33.0', '--values', file]
  const ran = await runCommand(helm.path, args, { limit })
  expect(ran.code, ran.stderr).toBe(0)
  return parseAllDocuments(ran.stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null)
}

const containersOf = (all: readonly Manifest[]): Container[] =>
  all.flatMap(({ kind, spec }) =>
    /^(?:Deployment|StatefulSet|DaemonSet)$/.test(kind)
      ? [...(spec?.template?.spec.containers ?? [])]
      : (spec?.nodeSets ?? []).flatMap(({ podTemplate }) => podTemplate.spec.containers),
  )

function requestedMib(containers: readonly Container[]): number {
  return containers.reduce((sum, { resources }) => {
    const [, number = '0', unit = 'Mi'] = /^(\d+)(Mi|Gi)$/.exec(resources?.requests?.memory ?? '') ?? []
    return sum + Number(number) * (unit === 'Gi' ? 1024 : 1)
  }, 0)
}

describe('charts', { timeout: limit }, () => {
  test('the chart of Weir has its configuration, its secret, its service and its host', async (context) => {
    const all = await manifests(context, 'weir')
    const named = (kind: string): Manifest[] => all.filter((each) => each.kind === kind)
    expect(named('Service').map(({ metadata, spec }) => [metadata.name, spec?.ports?.[0]?.port])).toContainEqual([
      'weir',
      8080,
    ])
    expect(named('Ingress').flatMap(({ spec }) => spec?.rules?.map(({ host }) => host))).toEqual(['weir.example.org'])
    expect(JSON.stringify(named('ConfigMap').map(({ data }) => data))).toContain('env:WEIR_VIEWER')
    const [container] = containersOf(all)
    expect(container?.env?.map(({ name }) => name)).toContain('WEIR_VIEWER')
    expect(container?.image).toBe('weir:0.1.0')
  })

  test('each chart accepts its values, and together they have the stated memory and services', async (context) => {
    const services: string[] = []
    let memory = 0
    for (const name of Object.keys(outputs?.releases ?? { weir: 0 })) {
      const all = await manifests(context, name)
      const containers = containersOf(all)
      memory += requestedMib(containers)
      for (const { image = 'completed:1' } of containers) expect(image).not.toMatch(/:latest$|^[^:]*$/)
      for (const { kind, metadata, spec } of all) {
        if (kind === 'Service') for (const { port } of spec?.ports ?? []) services.push(`${metadata.name}:${port}`)
        // The operator creates the service.
        if (kind === 'Elasticsearch') services.push(`${metadata.name}-es-http:9200`)
      }
    }
    expect(memory).toBe(outputs.memory.sum)
    const { datasources } = parse(outputs.secrets['datasources']!.data['stack.yaml']!) as {
      datasources: { url: string }[]
    }
    for (const { url } of datasources) {
      const { hostname, port } = new URL(url)
      expect(services).toContain(`${hostname.split('.')[0]}:${port === '' ? 80 : port}`)
    }
  })
})
