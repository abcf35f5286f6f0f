// The ports of the chart of deploy/helm follow the listeners of `config`: in containers, Services and policies.
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, type TestContext } from 'vitest'
import { sinkSchemas, sourceSchemas } from '../../src/components/manifests.ts'
import { infoOf } from '../../src/schema/index.ts'
import { runCommand } from '../../tools/kit/command.ts'
import { installHelm } from './install/helm.ts'
import { chart, helmOf, ofKind, render, workloadsOf, type Manifest } from './kit/chart.ts'

let folder = ''
let missing: string | undefined
beforeAll(async () => {
  const helm = await installHelm()
  missing = helm.path === undefined ? helm.reason : undefined
  folder = await mkdtemp(join(tmpdir(), 'weir-helm-listeners-'))
}, 1_800_000)
afterAll(() => rm(folder, { recursive: true, force: true }))
beforeEach((context) => {
  if (missing !== undefined) context.skip(missing)
})

interface Values {
  readonly mode?: 'split'
  readonly config?: {
    readonly sources?: object
    readonly sinks?: object
    readonly http?: object
    readonly journal?: object
    readonly connectors?: readonly string[]
  }
  readonly receivers?: object
  readonly netobservAgent?: object
  readonly env?: object
  readonly secrets?: object
}

async function fileOf(values: Values): Promise<string> {
  const file = join(await mkdtemp(join(folder, 'values-')), 'values.json')
  await writeFile(file, JSON.stringify(values))
  return file
}

const manifests = async (context: TestContext, values: Values): Promise<readonly Manifest[]> =>
  render(helmOf(context), { name: 'listeners', file: await fileOf(values) })

/** The message of a rendering that fails. */
async function refusal(context: TestContext, values: Values): Promise<string> {
  const args = ['template', 'weir', chart, '--kube-version', '1.34.4', '--values', await fileOf(values)]
  const ran = await runCommand(helmOf(context), args, { limit: 120_000 })
  expect(ran.code).not.toBe(0)
  return ran.stderr
}

interface Port {
  readonly name?: string
  readonly port: number | string
  readonly targetPort?: number
  readonly protocol?: string
}

const fixed = ['http', 'ops']
const textOf = (protocol: string | undefined, port: number | string | undefined) => `${protocol ?? 'TCP'} ${port}`
const isFree = ({ port, name }: Port) => !fixed.includes(name ?? String(port))

const containerPorts = (all: readonly Manifest[], workload = 'weir'): string[] =>
  workloadsOf(all)
    .filter(({ metadata }) => metadata.name === workload)
    .flatMap(({ spec }) => spec.template.spec.containers[0]?.ports ?? [])
    .filter(({ name }) => !fixed.includes(name))
    .map(({ containerPort, ...port }) => textOf((port as { protocol?: string }).protocol, containerPort))
    .toSorted()

const servicePorts = (all: readonly Manifest[], name: RegExp): Port[] =>
  ofKind(all, 'Service')
    .filter(({ metadata }) => name.test(metadata.name))
    .flatMap(({ spec }) => (spec as unknown as { readonly ports: readonly Port[] }).ports)
    .filter(isFree)

const policyPorts = (all: readonly Manifest[], workload = 'weir'): string[] =>
  ofKind(all, 'NetworkPolicy')
    .filter(({ metadata }) => metadata.name === workload)
    .flatMap(({ spec }) => (spec as unknown as { ingress: readonly { readonly ports: readonly Port[] }[] }).ingress)
    .flatMap(({ ports }) => ports)
    .filter(isFree)
    .map(({ protocol, port }) => textOf(protocol, port))
    .toSorted()

const targets = (ports: readonly Port[]) => ports.map((each) => textOf(each.protocol, each.targetPort)).toSorted()

const builtIn = ['TCP 4739', 'UDP 2055', 'UDP 4739', 'UDP 6343']
const token = 'env:TOKEN'
const withToken = { secrets: { env: { TOKEN: { secret: 'push', key: 'token' } } } }
const tls = { cert_file: '/etc/tls/tls.crt', key_file: '/etc/tls/tls.key' }

const listening: readonly (readonly [type: string, settings: object, ports: readonly string[]])[] = [
  ['kube-audit', { cluster: 'a', listen: '0.0.0.0:9443', token, tls }, ['TCP 9443']],
  ['lagoon-insights', { cluster: 'a', listen: '[::]:8888' }, ['TCP 8888']],
  ['loki-push', { listen: '0.0.0.0:3100', token }, ['TCP 3100']],
  ['netobserv', {}, ['TCP 2055']],
  ['netobserv', { listen: ['0.0.0.0:9998', '0.0.0.0:9999'] }, ['TCP 9998', 'TCP 9999']],
  ['otlp', { listen: '0.0.0.0:4318', grpc: '0.0.0.0:4317', token }, ['TCP 4317', 'TCP 4318']],
  ['remote-write', { listen: '0.0.0.0:9090', token }, ['TCP 9090']],
  ['syslog', { udp: '0.0.0.0:5514', tcp: '0.0.0.0:6514' }, ['TCP 6514', 'UDP 5514']],
  ['syslog', { udp: ['0.0.0.0:5514', '0.0.0.0:5515'], tcp: 'off' }, ['UDP 5514', 'UDP 5515']],
  ['netflow', { listen: '0.0.0.0:9995', tcp: 'off' }, ['UDP 9995']],
  ['netflow', { listen: 'off', tcp: false }, []],
  ['sflow', { listen: '0.0.0.0:${SFLOW:-16343}' }, ['UDP 16343']],
]

describe('the port of', () => {
  test.for(listening)('a source %s with %j is open', async ([type, settings, ports], context) => {
    const all = await manifests(context, { config: { sources: { [type]: settings } }, ...withToken })
    const replaced = { netflow: /4739|2055/, sflow: /6343/ }[type] ?? /^$/
    const expected = [...builtIn.filter((port) => !replaced.test(port)), ...ports].toSorted()
    expect(containerPorts(all)).toEqual(expected)
    expect(targets(servicePorts(all, /receivers/))).toEqual(expected)
    expect(policyPorts(all)).toEqual(expected)
  })

  test('the table has every source and sink that listens', () => {
    const types = (schemas: typeof sourceSchemas) =>
      Object.entries(schemas).flatMap(([type, { fields }]) =>
        Object.values(fields).some((field) => infoOf(field).kind === 'listen') ? [type] : [],
      )
    expect([...new Set(listening.map(([type]) => type))].toSorted()).toEqual(types(sourceSchemas).toSorted())
    expect(types(sinkSchemas)).toEqual(['prometheus'])
  })

  test('a source with another id is open', async (context) => {
    const config = { sources: { Racks_1: { type: 'syslog', udp: '0.0.0.0:5514', tcp: 'off' } } }
    const all = await manifests(context, { config })
    const expected = { name: 'racks-1-5514', port: 5514, targetPort: 5514, protocol: 'UDP' }
    expect(servicePorts(all, /receivers/)).toContainEqual(expected)
  })

  test('a sink is open in the deliverer only, for scrapers', async (context) => {
    const config = {
      journal: { on: { type: 'nats', url: 'nats://nats:4222' } },
      sinks: { metrics: { type: 'prometheus', listen: '0.0.0.0:9102' } },
    }
    const all = await manifests(context, { mode: 'split', config })
    expect(containerPorts(all, 'weir-deliverer')).toEqual(['TCP 9102'])
    expect(policyPorts(all, 'weir-deliverer')).toEqual(['TCP 9102'])
    expect(targets(servicePorts(all, /deliverer-pods/))).toEqual(['TCP 9102'])
    expect(containerPorts(all, 'weir-collector')).toEqual(builtIn)
    expect(containerPorts(all, 'weir-api')).toEqual([])
  })

  test('http.listen is open', async (context) => {
    const all = await manifests(context, { config: { http: { listen: '0.0.0.0:8082' } } })
    expect(targets(servicePorts(all, /receivers-tcp/))).toEqual(['TCP 4739', 'TCP 8082'])
  })

  test('a variable of env is open', async (context) => {
    const config = { sources: { syslog: { udp: '0.0.0.0:${PORT}', tcp: 'off' } } }
    expect(policyPorts(await manifests(context, { config, env: { PORT: 1514 } }))).toContain('UDP 1514')
  })

  test('an entry of receivers.ports replaces that of its target', async (context) => {
    const all = await manifests(context, {
      config: { sources: { syslog: { udp: '0.0.0.0:5514', tcp: 'off' } } },
      receivers: { ports: [{ name: 'syslog', port: 514, targetPort: 5514, protocol: 'UDP' }] },
    })
    expect(servicePorts(all, /receivers-udp/).filter(({ targetPort }) => targetPort === 5514)).toEqual([
      { name: 'syslog', port: 514, targetPort: 5514, protocol: 'UDP' },
    ])
    expect(policyPorts(all)).toContain('UDP 5514')
  })

  test('a source of a package is open if receivers.ports has it', async (context) => {
    const all = await manifests(context, {
      config: { connectors: ['@example/acme'], sources: { acme: { port: 7000 } } },
      receivers: { ports: [{ name: 'acme', port: 7000, protocol: 'TCP' }] },
    })
    expect(policyPorts(all)).toContain('TCP 7000')
  })
})

test('agents send to the port of the source netobserv', async (context) => {
  const all = await manifests(context, {
    config: { sources: { agents: { type: 'netobserv', listen: '0.0.0.0:9999' } } },
    netobservAgent: { enabled: true },
  })
  expect(JSON.stringify(ofKind(all, 'DaemonSet'))).toContain('{"name":"TARGET_PORT","value":"9999"}')
})

test('notes name a default that only the pod reaches, beside one that is open', async (context) => {
  // Helm prints notes only with an API server.
  const kinds = (groupVersion: string, ...names: readonly string[]) => ({
    kind: 'APIResourceList',
    groupVersion,
    resources: names.map((kind) => ({ name: `${kind.toLowerCase()}s`, kind, namespaced: true, verbs: ['get'] })),
  })
  const group = (name: string) => ({ name, versions: [{ groupVersion: `${name}/v1`, version: 'v1' }] })
  const replies: Readonly<Record<string, object>> = {
    '/version': { major: '1', minor: '34', gitVersion: 'v1.34.4' },
    '/api': { kind: 'APIVersions', versions: ['v1'] },
    '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [group('apps'), group('networking.k8s.io')] },
    '/api/v1': kinds('v1', 'ConfigMap', 'Service', 'ServiceAccount'),
    '/apis/apps/v1': kinds('apps/v1', 'StatefulSet'),
    '/apis/networking.k8s.io/v1': kinds('networking.k8s.io/v1', 'NetworkPolicy'),
  }
  const server = createServer(({ url = '' }, response) => {
    const reply = replies[url.split('?')[0] ?? '']
    response.statusCode = reply === undefined ? 404 : 200
    response.setHeader('content-type', 'application/json').end(JSON.stringify(reply ?? {}))
  }).listen(0, '127.0.0.1')
  context.onTestFinished(() => void server.close())
  await once(server, 'listening')
  const file = await fileOf({ config: { sources: { otlp: { listen: '0.0.0.0:4318', token } } }, ...withToken })
  const at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const args = ['install', 'weir', chart, '--dry-run=client', '--disable-openapi-validation']
  args.push('--kube-apiserver', at, '--values', file)
  const ran = await runCommand(helmOf(context), args, { limit: 120_000, env: { KUBECONFIG: '/dev/null' } })
  expect(ran.output).toContain('Warning: config.sources.otlp.grpc: 127.0.0.1:4317 is reachable only inside the pod')
})

describe('rendering fails for', () => {
  const sources = (given: object): Values => ({ config: { sources: given }, ...withToken })
  const refusals: readonly (readonly [name: string, values: Values, message: RegExp])[] = [
    [
      'a default on loopback',
      sources({ 'loki-push': {} }),
      /sources\.loki-push\.listen: 127\.0\.0\.1:3100 is reachable only inside the pod; write 0\.0\.0\.0:3100/,
    ],
    [
      'an address on loopback',
      sources({ otlp: { listen: '0.0.0.0:4318', grpc: '[::1]:4317', token } }),
      /sources\.otlp\.grpc: \[::1\]:4317 is reachable only inside the pod/,
    ],
    ['an address of a machine', sources({ sflow: { listen: '192.0.2.1:6343' } }), /no fixed address 192\.0\.2\.1/],
    ['port 0', sources({ sflow: { listen: '0.0.0.0:0' } }), /no Service reaches port 0/],
    [
      'two sources on one port',
      sources({ a: { type: 'netobserv' }, b: { type: 'netobserv' } }),
      /sources\.b\.listen: sources\.a\.listen already listens on TCP port 2055/,
    ],
    ['the port of the console', sources({ 'loki-push': { listen: '0.0.0.0:8080', token } }), /listen already listens/],
    ['the port of health', sources({ 'loki-push': { listen: '0.0.0.0:8081', token } }), /ops already listens/],
    [
      'an entry of receivers.ports without a listener',
      { receivers: { ports: [{ name: 'a', port: 7000, protocol: 'UDP' }] } },
      /no source of config listens on UDP port 7000/,
    ],
    [
      'two entries with one number',
      {
        receivers: {
          ports: [
            { name: 'a', port: 514, targetPort: 2055, protocol: 'UDP' },
            { name: 'b', port: 514, targetPort: 4739, protocol: 'UDP' },
          ],
        },
      },
      /two ports of the Service for UDP have the port 514/,
    ],
    [
      'a variable without a value',
      sources({ 'http-poll': { url: 'https://${HOST_OF_FEED}/x', every: '1m' } }),
      /config refers to \$\{HOST_OF_FEED\}, and neither env nor secrets\.env has a value for HOST_OF_FEED/,
    ],
    [
      'a variable with an empty value',
      { ...sources({ kubernetes: { cluster: '${CLUSTER}' } }), env: { CLUSTER: '' } },
      /value for CLUSTER/,
    ],
    ['half a variable', sources({ kubernetes: { cluster: 'a${CLUSTER' } }), /which is no variable/],
    [
      'a port in a Secret',
      { ...sources({ sflow: { listen: '0.0.0.0:${TOKEN}' } }) },
      /the chart cannot read the port of 0\.0\.0\.0:\$\{TOKEN\}/,
    ],
  ]
  test.for(refusals)('%s', async ([, values, message], context) => {
    expect(await refusal(context, values)).toMatch(message)
  })

  test('no variable with a value', async (context) => {
    const config = { sources: { kubernetes: { cluster: 'a-${ZONE}-${REGION:-eu}-${TOKEN}-$${LITERAL}' } } }
    const all = await manifests(context, { config, env: { ZONE: 1 }, ...withToken })
    expect(ofKind(all, 'StatefulSet')).toHaveLength(1)
  })
})
