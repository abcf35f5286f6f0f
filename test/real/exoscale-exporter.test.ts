// `weir exoscale-exporter` beside exoscale-exporter, on one stand-in of the API. The original has a fixed address of
// the API: it reaches the stand-in through a proxy, with TLS and an authority of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, request as forward } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test, type TestContext } from 'vitest'
import { localBin, ROOT } from '../../tools/kit/command.ts'
import { temporaryFolder } from '../../src/cli/testing/command.ts'
import { selfSigned } from '../kit/certificate.ts'
import { ExoscaleServer } from '../kit/exoscale.ts'
import { cluster, fillExoscale, uuid } from '../kit/exoscale-resources.ts'
import { freePorts } from '../kit/free-port.ts'
import { proves } from '../kit/proof.ts'
import { findExoscaleExporter } from './install/exoscale-exporter.ts'
import { install } from './install/apt.ts'
import { prometheus } from './install/prometheus.ts'

const [gva, fra] = ['ch-gva-2', 'de-fra-1'] as const
const authority = `api-${gva}.exoscale.com`
/** 9 lists of each zone and 9 of the organization. */
const collectors = 27

proves('source', { system: 'exoscale', server: 'server of its API', standIn: true })

async function standIn(): Promise<ExoscaleServer> {
  const server = await new ExoscaleServer().start(gva, fra)
  onTestFinished(() => server.stop())
  fillExoscale(server, gva)
  return server
}

function run(file: string, args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  const ended = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGTERM')
    await ended
  })
  return child
}

const login = (server: ExoscaleServer): Readonly<Record<string, string>> => ({
  EXOSCALE_API_KEY: server.key.key,
  EXOSCALE_API_SECRET: server.key.secret,
})

/** Resolves with the address of its metrics when `up` lists were read. */
async function startWeir(server: ExoscaleServer, up: number, ...flags: readonly string[]): Promise<string> {
  const [api = 0, ops = 0] = await freePorts(2)
  const args = ['-listen', `127.0.0.1:${ops}`, '--api', `127.0.0.1:${api}`, '--data', await temporaryFolder(), ...flags]
  run(localBin('node'), [join(ROOT, 'bin/weir.mjs'), 'exoscale-exporter', ...args], {
    ...login(server),
    EXOSCALE_API_ENDPOINT: server.zones[0]?.endpoint ?? '',
  })
  const url = `http://127.0.0.1:${ops}/metrics`
  await expect
    .poll(async () => (await scrape(url)).text.match(/^cloud_collector_up\{.*\} 1$/gm)?.length ?? 0, {
      interval: 200,
      timeout: 60_000,
    })
    .toBe(up)
  return url
}

async function startOriginal(context: TestContext, server: ExoscaleServer): Promise<string> {
  const found = findExoscaleExporter()
  if (found.path === undefined) return context.skip(found.reason)
  const { cert, key } = selfSigned('weir-test', undefined, [authority])
  const target = new URL(server.zones[0]?.endpoint ?? '')
  const tls = createTlsServer({ cert, key }, (request, response) => {
    const { method, url: path, headers } = request
    request.pipe(
      forward({ host: target.hostname, port: target.port, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      }),
    )
  })
  const proxy = createServer().on('connect', (_request, socket) => {
    const upstream = connect((tls.address() as AddressInfo).port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    for (const end of [upstream, socket]) end.on('error', () => void [upstream, socket].map((one) => one.destroy()))
  })
  for (const one of [tls, proxy]) await once(one.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => {
    for (const one of [tls, proxy]) {
      one.closeAllConnections()
      one.close()
    }
  })
  const file = join(await temporaryFolder(), 'authority.pem')
  await writeFile(file, cert)
  const [port = 0] = await freePorts(1)
  run(found.path, ['-listen', `127.0.0.1:${port}`], {
    ...login(server),
    HTTPS_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    SSL_CERT_FILE: file,
  })
  const url = `http://127.0.0.1:${port}/metrics`
  await expect.poll(async () => (await scrape(url)).status, { interval: 100, timeout: 20_000 }).not.toBe(0)
  return url
}

/** Status 0: unreachable. */
async function scrape(url: string): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await fetch(url)
    return { status: response.status, text: await response.text() }
  } catch {
    return { status: 0, text: '' }
  }
}

/** Values of `exoscale_*` by name and labels in alphabetical order. */
function series(text: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const [, name = '', labels = '', value] of text.matchAll(/^(exoscale_\w+)(?:\{(.*)\})? (\S+)$/gm)) {
    const sorted = [...labels.matchAll(/\w+="(?:[^"\\]|\\.)*"/g)].map(([label]) => label).sort()
    found.set(`${name}{${sorted.join(',')}}`, Number(value))
  }
  return found
}

test('every series of exoscale-exporter is equal, or corrected for a listed reason', async (context) => {
  const server = await standIn()
  // The original answers 500 to these.
  server.answers.set(`${gva} /sks-cluster`, { 'sks-clusters': [cluster(1, [3, 2])] })
  server.answers.set(`${gva} /private-network`, { 'private-networks': [{ id: uuid(11, 1), name: 'inside', vni: 7 }] })
  server.answers.set('/security-group', {
    'security-groups': [
      { id: uuid(13, 1), name: 'web', rules: [{ id: uuid(14, 1), 'flow-direction': 'ingress', protocol: 'icmp' }] },
    ],
  })
  const original = series((await scrape(await startOriginal(context, server))).text)
  const own = series((await scrape(await startWeir(server, collectors))).text)
  const names = (of: ReadonlyMap<string, number>): Set<string> =>
    new Set([...of.keys()].map((key) => key.split('{')[0] ?? ''))
  expect(original.size).toBeGreaterThan(40)
  expect([...names(original)].filter((name) => !names(own).has(name))).toEqual([])
  const different = [...original].filter(([key, value]) => own.get(key) !== value).map(([key]) => key.split('{')[0])
  // Corrections in src/connectors/exoscale/README.md: zone, digest and role, size, text, number of snapshots.
  expect(new Set(different)).toEqual(
    new Set([
      'exoscale_domain_record',
      'exoscale_iam_key',
      'exoscale_instance_cpus',
      'exoscale_instance_gpus',
      'exoscale_instance_memory',
      'exoscale_instance_pool_size',
      'exoscale_instance_up',
      'exoscale_snapshot_count',
    ]),
  )
})

test('case C7: equal names of clusters, rules and networks break the original only', async (context) => {
  const server = await standIn()
  const original = await startOriginal(context, server)
  expect((await scrape(original)).status).toBe(500)
  expect((await scrape(await startWeir(server, collectors))).status).toBe(200)
})

test('case C9, C11: a hundred scrapes cause no request, and promtool has no finding', async (context) => {
  const found = await install(prometheus)
  if (found.path === undefined) return context.skip(found.reason)
  const server = await standIn()
  // Anti-affinity groups are read for the original names only.
  const url = await startWeir(server, collectors - 1, '--no-legacy-exoscale-names')
  const before = server.received.length
  const { text } = await scrape(url)
  for (let number = 0; number < 100; number++) await scrape(url)
  expect(server.received.length).toBe(before)
  expect(text).not.toMatch(/^exoscale_/m)
  const tool = spawn(join(found.path, '..', 'promtool'), ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let printed = ''
  for (const stream of [tool.stdout, tool.stderr])
    stream.setEncoding('utf8').on('data', (more: string) => (printed += more))
  const ended = once(tool, 'close')
  tool.stdin.end(text)
  await ended
  expect(printed).toBe('')
})
