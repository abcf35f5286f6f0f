import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterEach, describe, expect, test } from 'vitest'
import { answerAfterBody } from '../../test/kit/raw-http.ts'
import { realHost } from '../host/index.ts'
import { exposition } from './exposition.ts'
import { MetricStore } from './metrics.ts'
import type { Health } from './health.ts'
import { startOps, type OpsServer } from './ops.ts'
import { OpsProfiles, type ProfileResult } from './ops-profiles.ts'
import { takeProfile, type ProfileRequest } from './profile.ts'

const { timers } = realHost()

let server: OpsServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function start(
  health: Health = { live: true, ready: true, accepting: true, draining: false, reasons: [], warnings: [] },
  store = new MetricStore(),
): Promise<OpsServer> {
  server = await startOps({ host: '127.0.0.1', port: 0, timers, metrics: exposition(store), health: () => health })
  return server
}

async function ask(
  path: string,
  method = 'GET',
): Promise<{ status: number; type: string; body: string; length: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port: server?.port, path, method }, (response) => {
      let body = ''
      response
        .setEncoding('utf8')
        .on('data', (piece: string) => {
          body += piece
        })
        .on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            body,
            length: response.headers['content-length'] ?? '',
          }),
        )
    })
    asking.on('error', reject).end()
  })
}

/** Strict parser of Prometheus' text format 0.0.4: each sample belongs to a declared metric and is unique. */
function parse(text: string): Map<string, number> {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  const helps = new Set<string>()
  if (!text.endsWith('\n')) throw new Error('no line end at the end')
  for (const line of text.split('\n')) {
    if (line === '') continue
    const help = /^# HELP ([a-zA-Z_:][\w:]*) \S.*$/.exec(line)
    const type = /^# TYPE ([a-zA-Z_:][\w:]*) (counter|gauge|histogram|summary|untyped)$/.exec(line)
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)$/.exec(line)
    if (help?.[1] !== undefined) helps.add(help[1])
    else if (type?.[1] !== undefined && type[2] !== undefined) {
      if (types.has(type[1])) throw new Error(`declared twice: ${line}`)
      types.set(type[1], type[2])
    } else if (sample?.[1] !== undefined) {
      const family = types.has(sample[1]) ? sample[1] : sample[1].replace(/_(bucket|sum|count)$/, '')
      if (!types.has(family) || !helps.has(family)) throw new Error(`not declared: ${line}`)
      const key = `${sample[1]}{${sample[2] ?? ''}}`
      if (samples.has(key)) throw new Error(`twice: ${line}`)
      const value = Number(sample[3]?.replace(/^([+-])Inf$/, '$1Infinity'))
      if (Number.isNaN(value) && sample[3] !== 'NaN' && sample[3] !== 'Nan') throw new Error(`no number: ${line}`)
      samples.set(key, value)
    } else throw new Error(`not understood: ${line}`)
  }
  return samples
}

describe('/metrics', () => {
  test('contains each counted metric with its exact value, at every scrape', async () => {
    const store = new MetricStore({ strict: true })
    await start(undefined, store)
    store.count('weir_source_shed_total', 3, { source: 'netflow', reason: 'journal_behind' })
    store.count('weir_source_shed_total', 2 ** 40, { source: 'we"ird\\\n', reason: 'undecoded' })
    store.set('weir_journal_size_bytes', 512)
    const first = await ask('/metrics')
    expect([first.status, first.type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    let samples = parse(first.body)
    expect(samples.get('weir_source_shed_total{source="netflow",reason="journal_behind"}')).toBe(3)
    expect(samples.get('weir_source_shed_total{source="we\\"ird\\\\\\n",reason="undecoded"}')).toBe(2 ** 40)
    expect(samples.get('weir_journal_size_bytes{}')).toBe(512)
    expect(first.body).toContain(
      '# HELP weir_journal_size_bytes Bytes in segments\n# TYPE weir_journal_size_bytes gauge\n',
    )

    store.count('weir_source_shed_total', 4, { source: 'netflow', reason: 'journal_behind' })
    store.set('weir_journal_size_bytes', 0)
    samples = parse((await ask('/metrics')).body)
    expect(samples.get('weir_source_shed_total{source="netflow",reason="journal_behind"}')).toBe(7)
    expect(samples.get('weir_journal_size_bytes{}')).toBe(0)
  })

  test('has the usual metrics of the process and of Node', async () => {
    await start()
    const samples = parse((await ask('/metrics')).body)
    expect(samples.get('process_resident_memory_bytes{}')).toBeGreaterThan(1e6)
    const used = process.cpuUsage()
    expect(samples.get('process_cpu_seconds_total{}')).toBeGreaterThan(((used.user + used.system) / 1e6) * 0.5)
    expect([...samples.keys()].some((name) => name.startsWith('nodejs_eventloop_lag_seconds'))).toBe(true)
  })

  test('that cannot be written is a 500 with the reason', async () => {
    server = await startOps({
      host: '127.0.0.1',
      port: 0,
      timers,
      metrics: () => Promise.reject(new Error('broken')),
      health: () => ({ live: true, ready: true, accepting: true, draining: false, reasons: [], warnings: [] }),
    })
    expect(await ask('/metrics')).toMatchObject({ status: 500, body: 'The metrics could not be written: broken\n' })
  })
})

describe('health', () => {
  test('is 200 while healthy', async () => {
    await start()
    expect(await ask('/healthz/live')).toMatchObject({
      status: 200,
      type: 'application/json; charset=utf-8',
      body: '{"live":true,"draining":false,"reasons":[],"warnings":[]}\n',
    })
    expect(await ask('/healthz/ready?verbose')).toMatchObject({
      status: 200,
      body: '{"ready":true,"draining":false,"reasons":[],"warnings":[]}\n',
    })
  })

  test('is 503 with the reasons otherwise, for each probe separately', async () => {
    await start({
      live: true,
      ready: false,
      accepting: false,
      draining: true,
      reasons: ['The journal is full.'],
      warnings: [],
    })
    expect(await ask('/healthz/live')).toMatchObject({ status: 200 })
    expect(await ask('/healthz/ready')).toMatchObject({
      status: 503,
      body: '{"ready":false,"draining":true,"reasons":["The journal is full."],"warnings":[]}\n',
    })
  })
})

test("kollect's paths have the same responses", async () => {
  await start({ live: true, ready: false, accepting: false, draining: false, reasons: ['Not yet.'], warnings: [] })
  expect(await ask('/__/health')).toEqual(await ask('/healthz/live'))
  expect(await ask('/__/ready')).toEqual(await ask('/healthz/ready'))
  expect((await ask('/__/ready')).status).toBe(503)
  expect(await ask('/__/metrics')).toMatchObject({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
})

test('the first page lists the others, and other paths are 404', async () => {
  await start()
  const { body } = await ask('/')
  for (const path of body
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' ')[0] ?? ''))
    expect((await ask(path)).status).toBe(200)
  expect(body.split('\n')).toHaveLength(5)
  expect((await ask('/favicon.ico')).status).toBe(404)
  expect((await ask('/metrics', 'POST')).status).toBe(405)
  expect(await ask('/healthz/ready', 'HEAD')).toMatchObject({ status: 200, body: '', length: '59' })
})

describe('profiles', () => {
  const served = async (take: (request: ProfileRequest) => Promise<Uint8Array>): Promise<void> => {
    server = await startOps({
      host: '127.0.0.1',
      port: 0,
      timers,
      metrics: exposition(new MetricStore()),
      health: () => ({ live: true, ready: true, accepting: true, draining: false, reasons: [], warnings: [] }),
      profiles: new OpsProfiles(
        new Map([
          ['main', take],
          ['ingest', take],
        ]),
      ),
    })
  }
  const status = (path: string, headers: Record<string, string> = {}): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port: server?.port, path, headers }, (response) =>
        resolve(response.resume().statusCode ?? 0),
      )
        .on('error', reject)
        .end()
    })

  test('are taken from the named thread, as gzipped protobuf', async () => {
    const requests: ProfileRequest[] = []
    await served((request) => {
      requests.push(request)
      return takeProfile(request.kind, () => new Promise((resolve) => setTimeout(resolve, 50)))
    })
    for (const path of ['/debug/pprof/profile', '/debug/pprof/heap?seconds=3&thread=ingest']) {
      const profile = await new Promise<Buffer>((resolve, reject) => {
        request({ host: '127.0.0.1', port: server?.port, path }, (response) => {
          const pieces: Buffer[] = []
          response.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => resolve(Buffer.concat(pieces)))
        })
          .on('error', reject)
          .end()
      })
      // The first field of a profile is its sample type.
      expect(gunzipSync(profile)[0]).toBe(0x0a)
    }
    expect(requests).toEqual([
      { kind: 'profile', seconds: 30 },
      { kind: 'heap', seconds: 3 },
    ])
    expect((await ask('/')).body).toContain('/debug/pprof/heap')
  })

  test('are refused for foreign host names, web pages, invalid requests and concurrent profiles', async () => {
    let end = (): void => undefined
    await served(
      () =>
        new Promise((resolve) => {
          end = () => resolve(Uint8Array.of(1))
        }),
    )
    expect(await status('/debug/pprof/profile', { host: 'rebound.example:8081' })).toBe(403)
    expect(await status('/debug/pprof/profile', { origin: 'http://elsewhere.example' })).toBe(403)
    expect(await status('/debug/pprof/profile', { 'sec-fetch-site': 'cross-site' })).toBe(403)
    for (const wrong of ['seconds=0', 'seconds=x', 'seconds=601', 'thread=other'])
      expect(await status(`/debug/pprof/profile?${wrong}`)).toBe(400)
    expect((await ask('/debug/pprof/profile', 'HEAD')).status).toBe(405)
    const first = status('/debug/pprof/profile')
    while ((await status('/debug/pprof/heap')) !== 409) await new Promise((resolve) => setTimeout(resolve, 5))
    end()
    expect(await first).toBe(200)
  })

  test('are listed by the index, also in place of those of Go', async () => {
    await served(() => Promise.resolve(Uint8Array.of(1)))
    for (const path of ['/debug/pprof', '/debug/pprof/'])
      expect(await ask(path)).toMatchObject({
        status: 200,
        body: expect.stringMatching(
          /\/debug\/pprof\/profile\?.*\/debug\/pprof\/heap\?.*Threads: main, ingest/s,
        ) as string,
      })
    expect(await ask('/debug/pprof/goroutine?debug=1')).toMatchObject({
      status: 404,
      body: expect.stringMatching(/no profile `goroutine`: Weir runs on Node.*\/debug\/pprof\/profile/s) as string,
    })
    expect(await status('/debug/pprof/', { origin: 'http://elsewhere.example' })).toBe(403)
    expect(await status('/debug/pprofs')).toBe(404)
  })

  test('are refused for other machines, whatever their headers', async () => {
    const profiles = new OpsProfiles(new Map([['main', () => Promise.resolve(Uint8Array.of(1))]]))
    const from = (remoteAddress: string): Promise<ProfileResult> =>
      profiles.answer('heap', {
        url: '/debug/pprof/heap',
        socket: { remoteAddress },
        headersDistinct: { host: ['localhost:8081'] },
      } as unknown as IncomingMessage)
    for (const near of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) expect(await from(near)).toHaveProperty('profile')
    for (const far of ['192.0.2.1', '::ffff:192.0.2.1', 'fe80::1', ''])
      expect(await from(far)).toMatchObject({ status: 403 })
  })

  test('that fail are a 500 with the reason', async () => {
    await served(() => Promise.reject(new Error('no library')))
    expect(await ask('/debug/pprof/profile')).toMatchObject({
      status: 500,
      body: 'The profile failed: no library\n',
    })
  })
})

test('a client that sends a body to its end receives the response', async () => {
  const { port } = await start()
  for (let time = 0; time < 5; time++)
    expect(await answerAfterBody(port, '/metrics', 8 << 20)).toMatch(/^HTTP\/1\.1 405 /)
})

test('a port in use is an error with its name', async () => {
  const { port } = await start()
  await expect(
    startOps({
      host: '127.0.0.1',
      port,
      timers,
      metrics: exposition(new MetricStore()),
      health: () => ({ live: true, ready: true, accepting: true, draining: false, reasons: [], warnings: [] }),
    }),
  ).rejects.toMatchObject({ code: 'WEIR_LISTEN_IN_USE' })
})

test('open connections do not keep the server from closing', async () => {
  const { port } = await start()
  const idle = connect(port, '127.0.0.1')
  await new Promise((resolve) => idle.once('connect', resolve))
  const closed = new Promise((resolve) => idle.once('close', resolve))
  await server?.close()
  server = undefined
  await closed
  expect(idle.destroyed).toBe(true)
})
