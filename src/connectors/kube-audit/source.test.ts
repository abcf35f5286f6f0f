import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import type { SourceContext } from '../../engine/contracts.ts'
import { realHost } from '../../host/index.ts'
import { decodeBatch } from '../../journal/bodies.ts'
import type { Unit } from '../../journal/types.ts'
import { WeirError } from '../../model/errors.ts'
import { eventId } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { metricTable } from '../../components/manifests.ts'
import { kubeAuditSchema } from './config.ts'
import { openKubeAudit, type KubeAuditSource } from './source.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

interface Running {
  readonly source: KubeAuditSource
  readonly ids: string[]
  readonly shed: Record<string, number>
  readonly lines: string[]
  readonly url: string
  count(name: 'events' | 'batches', outcome: string): number
  stop(): Promise<void>
}

async function start(
  written: Partial<WrittenConfigOf<typeof kubeAuditSchema>> = {},
  more: Partial<SourceContext> = {},
): Promise<Running> {
  const [ids, shed, lines, metrics] = [
    [] as string[],
    {} as Record<string, number>,
    [] as string[],
    new MetricStore({ strict: true, table: metricTable }),
  ]
  const line = (message: string): void => void lines.push(message)
  const seen = new Set<string>()
  const keep = (unit: Omit<Unit, 'source'>): number => {
    const batch = decodeBatch('events', unit.raw)
    if (batch.kind !== 'events') throw new Error('no events')
    const fresh = Array.from({ length: batch.count }, (_, row) => eventId(batch, row)).filter((id) => !seen.has(id))
    for (const id of fresh) seen.add(id)
    ids.push(...fresh)
    return fresh.length
  }
  const at = { position: { sequence: 1, row: 0 }, epoch: 1, sourceSequence: 1 }
  const context: SourceContext = {
    id: 'audit',
    host: realHost(),
    epoch: 1,
    cursor: undefined,
    metrics,
    log: { debug: line, info: line, warn: line, error: line },
    append: () => Promise.reject(new Error('audit events may be repeated')),
    appendOnce: (unit) => {
      const accepted = keep(unit)
      return Promise.resolve({ ...at, accepted, duplicates: unit.count - accepted })
    },
    shed: (reason, rows) => {
      shed[reason] = (shed[reason] ?? 0) + rows
    },
    ...more,
  }
  const source = await openKubeAudit(
    configFrom(kubeAuditSchema, { cluster: 'c1', listen: '127.0.0.1:0', ...written }),
    context,
  )
  const abort = new AbortController()
  const running = source.run(abort.signal)
  const stop = async (): Promise<void> => {
    abort.abort()
    await running
  }
  cleanups.push(stop)
  return {
    source,
    ids,
    shed,
    lines,
    url: source.addresses[0] ?? '',
    stop,
    count: (name, outcome) => metrics.value(`weir_kube_audit_${name}_total`, { source: 'audit', outcome }),
  }
}

const item = (auditID: string, more: object = {}): object => ({
  auditID,
  stage: 'ResponseComplete',
  verb: 'create',
  user: { username: 'alice' },
  requestURI: '/x',
  sourceIPs: [],
  requestReceivedTimestamp: '2026-11-20T10:00:00.000000Z',
  ...more,
})
const listOf = (...items: unknown[]): string =>
  JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', metadata: {}, items })

async function post(
  url: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
  path = '/audit',
): Promise<{ status: number; message: string }> {
  const answer = await fetch(url + path, {
    method: 'POST',
    body: typeof body === 'string' ? body : new Uint8Array(body),
    headers: { 'content-type': 'application/json', ...headers },
  })
  const status = (await answer.json()) as { kind: string; code: number; message?: string }
  expect([status.kind, status.code]).toEqual(['Status', answer.status])
  return { status: answer.status, message: status.message ?? '' }
}

test('a batch is acknowledged when it is synced, plain or compressed, and duplicates are skipped', async () => {
  const { url, ids, source, count } = await start()
  expect(source.status().why).toContain('--audit-webhook-config-file')
  expect((await post(url, listOf(item('1'), item('2')))).status).toBe(200)
  expect((await post(url, gzipSync(listOf(item('2'), item('3'))), { 'content-encoding': 'gzip' })).status).toBe(200)
  expect(ids).toEqual(['1/ResponseComplete', '2/ResponseComplete', '3/ResponseComplete'])
  expect([count('events', 'taken'), count('events', 'duplicate'), count('batches', 'taken')]).toEqual([3, 1, 2])
  expect(source.status()).toMatchObject({ cluster: 'c1', batches: 2, events: 3, refused: {} })
  expect(source.status().why).toBeUndefined()
})

test('after minutes without a batch, one message lists what to check', async () => {
  const real = realHost()
  const host = {
    ...real,
    timers: {
      ...real.timers,
      sleep: (ms: number, signal?: AbortSignal) => real.timers.sleep(ms === 30_000 ? 2 : ms, signal),
    },
  }
  const { lines } = await start({}, { host })
  const logged = (): string[] => lines.filter((line) => line.startsWith('No batch was received at http://127.0.0.1:'))
  await expect.poll(logged, { timeout: 20_000 }).toHaveLength(1)
  await real.timers.sleep(60)
  expect(logged()).toHaveLength(1)
})

test('skipped items are counted by reason, and a malformed item affects no other', async () => {
  const { url, ids, shed, count } = await start()
  expect(
    (await post(url, listOf(item('1', { stage: 'RequestReceived' }), item('2', { verb: 'watch' }), 7, item('3'))))
      .status,
  ).toBe(200)
  expect(ids).toEqual(['3/ResponseComplete'])
  expect(shed).toEqual({ malformed: 1 })
  expect(['stage', 'verb', 'malformed', 'taken'].map((outcome) => count('events', outcome))).toEqual([1, 1, 1, 1])
  expect((await post(url, listOf(item('4', { verb: 'get' })))).status).toBe(200)
})

test('a batch that the journal rejects is rejected and may be sent again', async () => {
  let full = true
  const kept: number[] = []
  const { url, count, source } = await start(
    {},
    {
      appendOnce: (unit) => {
        if (full) return Promise.reject(new WeirError('WEIR_JOURNAL_FULL', 'no room'))
        kept.push(unit.count)
        return Promise.resolve({
          position: { sequence: 1, row: 0 },
          epoch: 1,
          sourceSequence: 1,
          accepted: unit.count,
          duplicates: 0,
        })
      },
    },
  )
  expect(await post(url, listOf(item('1')))).toEqual({ status: 503, message: 'Append failed: no room' })
  expect(source.status()).toMatchObject({ batches: 0, refused: { not_synced: 1 } })
  full = false
  expect((await post(url, listOf(item('1')))).status).toBe(200)
  expect([kept, count('batches', 'not_synced'), count('batches', 'taken')]).toEqual([[1], 1, 1])
})

test('a body beyond the limit is 413, by its length, during transfer, and during decompression', async () => {
  const { url, count, ids } = await start({ max_body: '64KiB' })
  const large = listOf(item('1', { userAgent: 'x'.repeat(70_000) }))
  expect(await post(url, large)).toEqual({
    status: 413,
    message: expect.stringContaining('--audit-webhook-batch-max-size') as string,
  })
  expect((await post(url, gzipSync(large), { 'content-encoding': 'gzip' })).status).toBe(413)
  const streamed = await fetch(`${url}/audit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Blob([large]).stream(),
    duplex: 'half',
  } as RequestInit)
  expect(streamed.status).toBe(413)
  expect([count('batches', 'too_large'), ids]).toEqual([3, []])
})

test('malformed input is rejected with the reason', async () => {
  const { url, count, lines } = await start()
  expect(await post(url, 'no json')).toMatchObject({
    status: 400,
    message: expect.stringMatching(/^The body is not valid JSON/) as string,
  })
  expect(await post(url, '[]')).toMatchObject({
    status: 400,
    message: 'The body is not an EventList of audit.k8s.io/v1.',
  })
  expect(
    await post(url, JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1beta1', items: [] })),
  ).toMatchObject({
    message: 'The body is not an EventList of audit.k8s.io/v1, but EventList of audit.k8s.io/v1beta1.',
  })
  expect(await post(url, `${'['.repeat(201)}${']'.repeat(201)}`)).toMatchObject({
    message: 'The JSON nests deeper than 200 levels.',
  })
  expect(await post(url, 'no gzip', { 'content-encoding': 'gzip' })).toMatchObject({
    status: 400,
    message: expect.stringMatching(/^The body is not valid gzip/) as string,
  })
  expect((await post(url, listOf(), { 'content-type': 'text/plain' })).status).toBe(415)
  expect((await post(url, listOf(), { 'content-encoding': 'br' })).status).toBe(415)
  expect((await post(url, listOf(), {}, '/')).message).toBe('Send to /audit.')
  expect((await fetch(`${url}/audit`)).headers.get('allow')).toBe('POST')
  expect([count('batches', 'unreadable'), count('batches', 'wrong_request')]).toEqual([5, 4])
  // Each reason is logged once.
  expect(lines.filter((line) => line.includes('was rejected'))).toHaveLength(2)
})

test('with a token only authorized requests are accepted', async () => {
  const { url, ids, count } = await start({ token: 'right' })
  expect([
    (await post(url, listOf(item('1')))).status,
    (await post(url, listOf(item('1')), { authorization: 'Bearer wrong' })).status,
  ]).toEqual([401, 401])
  expect((await post(url, listOf(item('1')), { authorization: 'Bearer right' })).status).toBe(200)
  expect([ids.length, count('batches', 'unauthorized')]).toEqual([1, 2])
  expect((await post(url, listOf(item('1')))).message).toMatch(/An API server sends its token over TLS only/)
})

test('each shell is one event, at its start if that is received, also by GET and in one batch', async () => {
  const { url, ids, count } = await start()
  const shell = (auditID: string, stage: string, verb: string): object =>
    item(auditID, { stage, verb, objectRef: { resource: 'pods', name: 'p', subresource: 'exec' } })
  const [first, end] = [shell('e1', 'ResponseStarted', 'get'), shell('e1', 'ResponseComplete', 'get')]
  await post(url, listOf(first, end, shell('e2', 'ResponseComplete', 'create')))
  await post(url, listOf(end))
  expect(ids).toEqual(['e1/connect', 'e2/connect'])
  expect([count('events', 'taken'), count('events', 'duplicate')]).toEqual([2, 2])
})

test('with TLS a client certificate is required if configured', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-audit-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const own = selfSigned()
  const paths = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') }
  await writeFile(paths.cert_file, own.cert)
  await writeFile(paths.key_file, own.key)
  const send = (url: string, identity: object): Promise<number> =>
    new Promise((resolve, reject) => {
      request(
        `${url}/audit`,
        { method: 'POST', ca: own.cert, headers: { 'content-type': 'application/json' }, ...identity },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode ?? 0)
        },
      )
        .on('error', reject)
        .end(listOf(item('1')))
    })
  const open = await start({ tls: paths })
  expect(open.url).toMatch(/^https:/)
  expect(await send(open.url, {})).toBe(200)
  const closed = await start({ tls: { ...paths, client_ca_file: paths.cert_file } })
  await expect(send(closed.url, {})).rejects.toThrow()
  expect(await send(closed.url, own)).toBe(200)
  expect(closed.ids).toHaveLength(1)
})

test('renewed certificates apply without a restart, and unreadable ones leave the current ones', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-audit-'))
  cleanups.push(() => rm(folder, { recursive: true, force: true }))
  const paths = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') }
  const write = async ({ cert, key }: { readonly cert: string; readonly key: string }): Promise<void> => {
    await writeFile(paths.cert_file, cert)
    await writeFile(paths.key_file, key)
  }
  const [first, second] = [selfSigned('first'), selfSigned('second')]
  await write(first)
  const real = realHost()
  const host = {
    ...real,
    timers: {
      ...real.timers,
      sleep: (ms: number, signal?: AbortSignal) => real.timers.sleep(ms === 30_000 ? 20 : ms, signal),
    },
  }
  const { url, lines } = await start({ tls: paths }, { host })
  const trusts = (ca: string): Promise<boolean> =>
    new Promise((resolve) => {
      const pending = request(
        `${url}/audit`,
        { method: 'POST', ca, agent: false, headers: { 'content-type': 'application/json' } },
        (answer) => {
          answer.resume()
          resolve(true)
        },
      )
      pending.on('error', () => resolve(false)).end(listOf())
    })
  expect([await trusts(first.cert), await trusts(second.cert)]).toEqual([true, false])
  await rm(paths.key_file)
  await expect
    .poll(() => lines.some((line) => line.includes('could not be read again')), { timeout: 20_000 })
    .toBe(true)
  expect(await trusts(first.cert)).toBe(true)
  await write(second)
  await expect.poll(() => trusts(second.cert), { timeout: 20_000 }).toBe(true)
})

test('batches beyond the memory limit get a retryable response', async () => {
  const held = Promise.withResolvers<void>()
  const host = realHost()
  // For five batches with their values.
  host.memory.capacity = 9.5 * 2 ** 20
  const { url, count } = await start(
    { max_body: '64KiB' },
    {
      host,
      appendOnce: async (unit) => {
        await held.promise
        return { position: { sequence: 1, row: 0 }, epoch: 1, sourceSequence: 1, accepted: unit.count, duplicates: 0 }
      },
    },
  )
  const large = (id: string): Promise<{ status: number }> =>
    post(url, listOf(item(id, { userAgent: 'x'.repeat(60_000) })))
  const answers = Array.from({ length: 6 }, (_, at) => large(String(at)))
  await expect.poll(() => count('batches', 'busy'), { timeout: 20_000 }).toBe(1)
  held.resolve()
  expect((await Promise.all(answers)).map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
    200, 200, 200, 200, 200, 503,
  ])
  expect((await large('again')).status).toBe(200)
  expect(host.memory.used).toBe(0)
})

test('a batch that needs more memory than there is for decoding is 413', async () => {
  const host = realHost()
  host.memory.capacity = 8 << 20
  const { url, count, ids } = await start({}, { host })
  const lists = `[${'[],'.repeat(500_000)}[]]`
  const body = gzipSync(`{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":${lists}}`)
  expect(await post(url, body, { 'content-encoding': 'gzip' })).toMatchObject({
    status: 413,
    message: expect.stringContaining('decoding.memory') as string,
  })
  expect([count('batches', 'too_large'), ids, host.memory.used]).toEqual([1, [], 0])
})

test('a reachable address requires a token or certificates', () => {
  const config = (more: object): unknown =>
    configFrom(kubeAuditSchema, { cluster: 'c1', listen: '0.0.0.0:9443', ...more })
  expect(() => config({})).toThrow('any client that reaches this address')
  expect(() => config({ token: 'x' })).not.toThrow()
})

test('an address in use is reported, and opened listeners are closed', async () => {
  const { url } = await start()
  const place = url.slice('http://'.length)
  await expect(start({ listen: ['127.0.0.1:0', place] })).rejects.toMatchObject({ code: 'WEIR_LISTEN_IN_USE' })
})
