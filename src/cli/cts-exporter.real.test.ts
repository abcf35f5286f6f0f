// The preset's configuration, and the preset itself between a stand-in for the cloud and a plain HTTP server.
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { selfSigned, type TestCertificate } from '../../test/kit/certificate.ts'
import { ExportedCloud, startExporter } from '../../test/kit/cts-exporter.ts'
import type { CtsTrace } from '../../test/kit/cts.ts'
import { temporaryFolder, weir } from './testing/command.ts'

interface Posted {
  readonly headers: IncomingHttpHeaders
  readonly path: string | undefined
  readonly body: string
}

async function receiver(
  answer: (headers: IncomingHttpHeaders) => number,
  tls?: TestCertificate,
): Promise<{ readonly url: string; readonly posted: Posted[] }> {
  const posted: Posted[] = []
  const take: RequestListener = (request, response) => {
    const pieces: Buffer[] = []
    request
      .on('data', (piece: Buffer) => pieces.push(piece))
      .on('end', () => {
        const status = answer(request.headers)
        if (status < 300)
          posted.push({ headers: request.headers, path: request.url, body: Buffer.concat(pieces).toString() })
        response.writeHead(status).end()
      })
  }
  const server = tls === undefined ? createServer(take) : createTlsServer({ cert: tls.cert, key: tls.key }, take)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}/default/broker`,
    posted,
  }
}

async function cloud(): Promise<{ readonly folder: string; readonly from: ExportedCloud }> {
  const folder = await temporaryFolder()
  const from = await ExportedCloud.start(folder)
  onTestFinished(() => from.stop())
  return { folder, from }
}

const idsOf = (posted: readonly Posted[]): string[] => posted.map(({ headers }) => String(headers['ce-id'])).sort()
const wanted = (...traces: readonly (readonly CtsTrace[])[]): string[] =>
  traces
    .flat()
    .map(({ trace_id: id }) => String(id))
    .sort()

test('what --print-config prints is a whole configuration, which variables of Weir change further', async () => {
  const folder = await temporaryFolder()
  const bare = { CTS_FROM: '', CTS_X_PNP: '', WEIR_DATA: '' }
  const env = {
    ...bare,
    OS_CLOUD: 'otc',
    K_SINK: 'https://me:hidden@broker.example/in',
    K_CE_OVERRIDES: '{"extensions":{"env":"prod"}}',
    K_CA_CERTS: 'PEM',
  }
  const printed = await weir(['cts-exporter', '-from', '60', '--print-config', '--data', folder], { env })
  expect([printed.code, printed.out.includes('backfill: 60m'), (printed.out + printed.err).includes('hidden')]).toEqual(
    [0, true, false],
  )
  await writeFile(join(folder, 'cts-exporter.yaml'), printed.out)
  // A start writes these.
  await writeFile(join(folder, 'cts-exporter-sink-password'), 'hidden')
  await writeFile(join(folder, 'cts-exporter-sink-ca.pem'), selfSigned().cert)
  const { code, out, err } = await weir(['check', '--config', join(folder, 'cts-exporter.yaml')], {
    env: { ...bare, WEIR_SOURCES_CTS_API: 'v3', WEIR_SINKS_KNATIVE_MODE: 'structured', WEIR_STORE_ENABLED: 'parquet' },
  })
  expect([code, err]).toEqual([0, ''])
  expect(out).toMatch(/sink knative +http: https:\/\/broker\.example, from cts/)
})

test('every trace arrives once, in binary mode, with what Knative overrides; after a restart none again', async () => {
  const { from } = await cloud()
  let refused = 5
  const { url, posted } = await receiver(() => (refused-- > 0 ? 503 : 202))
  const env = {
    ...from.env,
    CTS_FROM: '30',
    CTS_STREAMS: 'true',
    K_SINK: url,
    K_CE_OVERRIDES: '{"extensions":{"env":"prod","region":"local"}}',
  }
  const traces = [from.put(120, 20 * 60_000), from.put(40, 60_000, Date.now() + 2000)]
  await using first = await startExporter(env)
  await expect.poll(() => idsOf(posted).length, { timeout: 60_000 }).toBe(160)
  expect(await first.stop()).toBe(0)
  traces.push(from.put(10, 1000))
  await using again = await startExporter(env)
  await expect.poll(() => idsOf(posted).length, { timeout: 60_000 }).toBe(170)
  const requests = from.server.requests(/trace$/).length
  await expect.poll(() => from.server.requests(/trace$/).length, { timeout: 60_000 }).toBeGreaterThan(requests + 2)
  expect(await again.stop()).toBe(0)
  expect(idsOf(posted)).toEqual(wanted(...traces))
  const one = posted.find(({ headers }) => headers['ce-id'] === 't-1')
  expect(one).toMatchObject({
    path: '/default/broker',
    headers: {
      'ce-specversion': '1.0',
      'ce-source': `${from.server.url}/v2.0/${from.project.id}/`,
      'ce-type': 'ecs.apicall.ecs.startserver',
      'ce-subject': 'B%C3%BCro-web%2001',
      'content-type': 'application/json',
      'ce-status': 'normal',
      'ce-code': '200',
      'ce-region': 'local',
      'ce-env': 'prod',
      'ce-tenant': from.project.id,
      'ce-domain': from.server.domain.id,
      'ce-actor': 'jdoe',
    },
  })
  expect(JSON.parse(one?.body ?? '')).toMatchObject({
    trace_id: 't-1',
    trace_status: 'normal',
    code: '200',
    resource_name: 'Büro-web 01',
    user: { id: 'u', name: 'jdoe' },
  })
})

test('a sink with TLS is checked by K_CA_CERTS: one of another authority is given nothing', async () => {
  const { from } = await cloud()
  const [trusted, others] = [selfSigned(), selfSigned()]
  const { url, posted } = await receiver(() => 202, trusted)
  const traces = from.put(20, 60_000)
  await using refusing = await startExporter({ ...from.env, K_SINK: url, K_CA_CERTS: others.cert })
  const lagging = async (): Promise<unknown> =>
    ((await (await fetch(`${refusing.url}/api/v1/pipeline`)).json()) as { sinks: unknown[] }).sinks
  await expect.poll(lagging, { timeout: 60_000 }).toEqual([
    expect.objectContaining({
      name: 'knative',
      error: expect.stringMatching(/self-signed certificate|signature/) as string,
    }),
  ])
  expect(posted).toEqual([])
  expect(await refusing.stop()).toBe(0)
  await using trusting = await startExporter({ ...from.env, K_SINK: url, K_CA_CERTS: trusted.cert })
  await expect.poll(() => idsOf(posted), { timeout: 60_000 }).toEqual(wanted(traces))
  expect(await trusting.stop()).toBe(0)
})

test('a token in a file, as Knative mounts it, is read again when it was renewed', async () => {
  const { folder, from } = await cloud()
  const file = join(folder, 'token')
  await writeFile(file, 'first', { mode: 0o600 })
  let good = 'first'
  const { url, posted } = await receiver(({ authorization }) => (authorization === `Bearer ${good}` ? 202 : 401))
  const traces = [from.put(20, 60_000)]
  await using exporter = await startExporter({
    ...from.env,
    K_SINK: url,
    WEIR_SINKS_KNATIVE_AUTH_TYPE: 'bearer',
    WEIR_SINKS_KNATIVE_AUTH_TOKEN: `file:${file}`,
  })
  await expect.poll(() => idsOf(posted), { timeout: 60_000 }).toEqual(wanted(...traces))
  good = 'second'
  await writeFile(file, good)
  traces.push(from.put(20, 1000))
  await expect.poll(() => idsOf(posted), { timeout: 60_000 }).toEqual(wanted(...traces))
  expect(await exporter.stop()).toBe(0)
})
