import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { launch } from '../../src/cli/testing/launch.ts'
import { startWeir } from '../kit/weir-process.ts'

const planted = 'PLANTED'
const [admin, limited] = ['admin-token-of-the-test', 'limited-token-of-the-test']

/** Responds with the URL of the request. */
async function receiver(status: number): Promise<string> {
  const server = createServer((request, response) => {
    response
      .writeHead(status, { location: `${request.url ?? ''}&again` })
      .end(`Cannot take ${request.url ?? ''} of http://user@${request.headers.host ?? ''}${request.url ?? ''}`)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('no output contains user, path or query of a URL; limited viewers get no sinks or addresses', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-urls-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const [busy, refusing, moved] = await Promise.all([receiver(503), receiver(400), receiver(302)])
  const secret = (place: string, path = `/in/${planted}0a9f77c1`): string =>
    `http://${planted}-user@${place}${path}?sig=${planted}-query`
  const away = { retry_initial: '50ms', retry_max: '100ms' }
  const hook = join(folder, 'hook')
  await writeFile(hook, `${secret(refusing)}\n`)
  const env = { ADMIN: admin, LIMITED: limited, HOOK: secret(busy), INLINE: secret('nowhere.invalid') }
  const weir = await startWeir({
    folder,
    config: {
      auth: {
        tokens: [
          { name: 'admin', token: 'env:ADMIN' },
          { name: 'limited', token: 'env:LIMITED', role: 'viewer', namespaces: ['shop'] },
        ],
      },
      log: { level: 'debug' },
      telemetry: { traces: { url: `http://${busy}/${planted}0a9f77c1/traces?key=${planted}-traces` } },
      sources: {
        cts: {
          type: 'otc-cts',
          projects: [{ name: 'eu-de_p' }],
          auth: { type: 'keys', access_key: 'env:ADMIN', secret_key: 'env:ADMIN' },
          iam: secret(busy, `/${planted}0a9f77c1/v3`),
          endpoint: secret(busy, ''),
          every: '1s',
        },
        exo: {
          type: 'exoscale-events',
          key: 'env:ADMIN',
          secret: 'env:ADMIN',
          zones: [{ name: 'ch-gva-2', endpoint: secret(busy, '') }],
          every: '1s',
        },
        polled: { type: 'http-poll', url: secret(moved), event_type: 'x', every: '1s' },
        unknown: { type: 'http-poll', url: '${INLINE}', event_type: 'x', every: '1s' },
        feed: { type: 'websocket', url: `ws://${busy}/${planted}0a9f77c1`, event_type: 'x' },
        scraped: { type: 'prometheus-scrape', targets: [`http://${refusing}/${planted}0a9f77c1`], every: '1s' },
      },
      sinks: {
        hook: { type: 'http', url: 'env:HOOK', delivery: away },
        refusing: { type: 'http', url: `file:${hook}`, delivery: away },
        lost: { type: 'http', url: '${INLINE}', delivery: away },
        loki: { type: 'loki', url: `http://${busy}/${planted}0a9f77c1`, delivery: away },
        elastic: { type: 'elasticsearch', url: `http://${busy}/${planted}0a9f77c1`, delivery: away },
        influx: { type: 'influxdb', url: `http://${busy}/${planted}0a9f77c1`, bucket: 'x', delivery: away },
        otlp: { type: 'otlp', url: `http://${busy}/${planted}0a9f77c1`, delivery: away },
        house: { type: 'clickhouse', url: `http://${busy}/${planted}0a9f77c1`, delivery: away },
        moved: { type: 'http', url: secret(moved), delivery: away },
        nobody: { type: 'http', url: secret('127.0.0.1:1'), delivery: away },
        bus: {
          type: 'nats',
          url: `nats://${planted}-user@127.0.0.1:1?key=${planted}-query`,
          subject: 's',
          delivery: away,
        },
        rabbit: { type: 'rabbitmq', url: 'amqp://127.0.0.1:1', exchange: 'e', delivery: away },
        graph: { type: 'neo4j', url: `bolt://${planted}-user@127.0.0.1:1?key=${planted}-query`, delivery: away },
      },
    },
    env,
  })
  onTestFinished(() => weir.kill().then(() => undefined))
  const get = async (url: string, token: string): Promise<string> =>
    (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).text()
  const posted = await fetch(`${weir.url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/cloudevents+json', authorization: `Bearer ${admin}` },
    body: JSON.stringify({ specversion: '1.0', id: 'a', source: '/s', type: 't' }),
  })
  expect(posted.status).toBe(200)
  // Each sink has failed by then.
  await expect
    .poll(
      async () => {
        const { sinks } = JSON.parse(await get(`${weir.url}/api/v1/pipeline`, admin)) as {
          sinks: { error?: string; name: string }[]
        }
        return sinks.flatMap(({ name, error }) => (error === undefined ? [] : [name])).sort()
      },
      { timeout: 60_000 },
    )
    .toEqual(['bus', 'elastic', 'hook', 'house', 'influx', 'loki', 'lost', 'moved', 'nobody', 'otlp', 'rabbit'])
  await expect
    .poll(
      async () => (JSON.parse(await get(`${weir.url}/api/v1/health`, admin)) as { reasons: string[] }).reasons.length,
      { timeout: 20_000 },
    )
    .toBeGreaterThan(3)
  const config = join(folder, 'weir.yaml')
  const outputs: Record<string, string> = { log: weir.log }
  for (const path of [
    'health',
    'pipeline',
    'ledger',
    'dead-letters',
    'exporters',
    'clusters',
    'dead-letters?bodies=false',
  ])
    outputs[path] = await get(`${weir.url}/api/v1/${path}`, admin)
  outputs['health of a limited viewer'] = await get(`${weir.url}/api/v1/health`, limited)
  outputs['pipeline of a limited viewer'] = await get(`${weir.url}/api/v1/pipeline`, limited)
  for (const path of ['healthz/ready', 'healthz/live', 'metrics'])
    outputs[path] = await get(`${weir.opsUrl}/${path}`, admin)
  const status = await launch(['status', '--url', weir.url, '-o', 'json'], { env: { ...env, WEIR_TOKEN: admin } })
  outputs['status'] = status.stdout + status.stderr
  for (const args of [
    ['config'],
    ['check'],
    ['check', '--live'],
    ['doctor', '--live'],
    ['doctor', '--live', '-o', 'json'],
  ]) {
    const { stdout, stderr } = await launch([...args, '--config', config], { env })
    outputs[args.join(' ')] = stdout + stderr
  }
  for (const [name, text] of Object.entries(outputs)) {
    expect.soft(text, name).not.toContain(planted)
    expect.soft(text, name).not.toBe('')
  }
  expect(outputs['dead-letters']).toContain('Cannot take /***')
  expect(outputs['check']).toContain(`http: http://${busy}, from`)
  expect(outputs['config']).toContain('url: env:HOOK')
  expect(outputs['pipeline']).toContain(`127.0.0.1:1`)
  for (const name of ['health of a limited viewer', 'pipeline of a limited viewer'])
    expect(outputs[name]).not.toMatch(/hook|bus|graph|rabbit|nobody|127\.0\.0\.1|sink/)
}, 300_000)
