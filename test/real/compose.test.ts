// The Compose files of deploy/compose, read by the library of Docker Compose, and their containers as processes.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test, type TestContext } from 'vitest'
import { ROOT, runCommand } from '../../tools/kit/command.ts'
import { installCompose } from './install/compose.ts'
import { podsMissing, startPod, type Container, type RunningPod } from './kit/pod.ts'

interface Service {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly security_opt?: readonly string[]
  readonly volumes?: readonly {
    readonly type: string
    readonly source: string
    readonly target: string
    readonly read_only?: boolean
  }[]
  readonly depends_on?: Readonly<Record<string, object>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly ports?: readonly { readonly target: number; readonly host_ip?: string; readonly protocol: string }[]
}

const folders = ['all-in-one', 'complete', 'kubeconfig'] as const
const variables = {
  WEIR_TOKEN: 'a-token-of-weir',
  CLICKHOUSE_PASSWORD: 'a-password',
  NEO4J_PASSWORD: 'another-password',
  GRAFANA_PASSWORD: 'a-third-password',
  KUBECONFIG_FILE: '/home/user/.kube/config',
}

let program = ''
beforeEach(async (context) => {
  const installed = await installCompose()
  if (installed.path === undefined) return context.skip(installed.reason)
  program = installed.path
}, 1_800_000)

const read = (folder: string, env: Readonly<Record<string, string>> = variables) =>
  runCommand(program, ['compose.yaml'], { cwd: join(ROOT, 'deploy/compose', folder), limit: 60_000, env })

async function servicesOf(folder: string): Promise<Readonly<Record<string, Service>>> {
  const ran = await read(folder)
  expect([ran.code, ran.stderr]).toEqual([0, ''])
  return (JSON.parse(ran.stdout) as { services: Record<string, Service> }).services
}

const ofWeir = (services: Readonly<Record<string, Service>>): readonly (readonly [string, Service])[] =>
  Object.entries(services).filter(([, { image }]) => image === 'weir')

describe.for(folders)('deploy/compose/%s', (folder) => {
  test('follows the Compose specification, and each mounted file exists', async () => {
    const services = await servicesOf(folder)
    expect(ofWeir(services).length).toBeGreaterThan(0)
    for (const { volumes = [], depends_on: needed = {} } of Object.values(services)) {
      for (const name of Object.keys(needed)) expect(services).toHaveProperty(name)
      for (const { type, source } of volumes)
        if (type === 'bind' && source.startsWith(ROOT))
          await expect(runCommand('test', ['-e', source], { limit: 10_000 })).resolves.toMatchObject({ code: 0 })
    }
  })

  test('runs Weir read-only and without capabilities', async () => {
    for (const [, service] of ofWeir(await servicesOf(folder)))
      expect(service).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
  })

  test('publishes consoles and databases on loopback only', async () => {
    const ports = Object.values(await servicesOf(folder)).flatMap((service) => service.ports ?? [])
    const open = ports.filter(({ host_ip: address }) => address !== '127.0.0.1')
    for (const { target } of open) expect([2055, 4739, 6343]).toContain(target)
    expect(open.length).toBe(folder === 'kubeconfig' ? 0 : 4)
  })

  test('has a configuration that Weir accepts in each container', async (context) => {
    for (const [name, service] of ofWeir(await servicesOf(folder))) {
      const { running } = await container(context, name, service, (args) => ['validate', ...args.slice(1)])
      const code = await running.ended()
      expect([name, code, code === 0 ? '' : running.log()]).toEqual([name, 0, ''])
    }
  })
})

test.for(['WEIR_TOKEN', 'CLICKHOUSE_PASSWORD', 'NEO4J_PASSWORD', 'GRAFANA_PASSWORD'] as const)(
  'without %s nothing starts',
  async (name) => {
    const ran = await read('complete', { ...variables, [name]: '' })
    expect([ran.code, ran.stderr.includes(name)]).toEqual([1, true])
  },
)

test('the single container passes its health check', async (context) => {
  const [[name, service]] = ofWeir(await servicesOf('all-in-one')) as [[string, Service]]
  const { running, probe } = await container(context, name, service)
  // The test of the image runs this command in it.
  expect(service.healthcheck?.test).toEqual(['CMD', 'weir', 'health'])
  expect(await running.passes(probe)).toBe(200)
  expect(await running.stop()).toBe(0)
})

const kubeconfig = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'a',
  contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
  clusters: [{ name: 'a', cluster: { server: 'https://127.0.0.1:6443' } }],
  users: [{ name: 'a', user: { token: 'a' } }],
})

/** As Docker starts it: files become those of a folder. */
async function container(
  context: TestContext,
  name: string,
  { command = [], environment = {}, volumes = [] }: Service,
  change?: (args: readonly string[]) => readonly string[],
) {
  const reason = await podsMissing()
  if (reason !== undefined) return context.skip(reason)
  const probe = { httpGet: { path: '/healthz/ready', port: 'ops' } }
  const files: Record<string, string> = {}
  for (const { source, target } of volumes.filter(({ type }) => type === 'bind'))
    if (target.startsWith('/etc/weir/'))
      files[target.slice('/etc/weir/'.length)] = target.endsWith('kubeconfig')
        ? kubeconfig
        : await readFile(source, 'utf8')
  const given: Container = {
    args: command,
    env: Object.entries(environment).map(([variable, value]) => ({ name: variable, value })),
    volumeMounts: [
      { name: 'config', mountPath: '/etc/weir', readOnly: true },
      { name: 'data', mountPath: '/data' },
      { name: 'temporary', mountPath: '/tmp' },
    ],
    livenessProbe: probe,
    readinessProbe: probe,
    startupProbe: probe,
    ports: [{ name: 'ops', containerPort: 8081 }],
    securityContext: {},
  }
  const running: RunningPod = startPod(
    {
      container: given,
      volumes: [{ name: 'config', configMap: { name: 'config' } }],
      name,
      configMaps: { config: files },
      secrets: {},
    },
    change?.(command),
  )
  onTestFinished(async () => void (await running.stop()))
  return { running, probe }
}
