import { createServer, type AddressInfo, type Socket } from 'node:net'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { serveHttp } from '../../../test/kit/http-server.ts'
import { realHost } from '../../host/index.ts'
import { Secret } from '../../schema/values.ts'
import { HttpClient, type HttpAnswer, type HttpClientOptions, type HttpError, type HttpRequest } from './client.ts'

const { timers } = realHost()
const never = new AbortController().signal
const MiB = 1024 * 1024

function clientOf(url: string, more: Partial<HttpClientOptions> = {}): HttpClient {
  const client = new HttpClient({ url, connections: 2, timeoutMs: 20_000, timers, tls: undefined, ...more })
  onTestFinished(() => {
    client.close()
  })
  return client
}

function get(url: string, request: Partial<HttpRequest> = {}, more?: Partial<HttpClientOptions>): Promise<HttpAnswer> {
  return clientOf(url, more).request({ limit: MiB, signal: never, ...request })
}

const text = ({ body }: HttpAnswer): string => Buffer.from(body).toString()
const failure = (response: Promise<unknown>): Promise<string> =>
  response.then(
    () => 'it succeeded',
    (error: unknown) => `${(error as HttpError).kind}: ${(error as HttpError).message}`,
  )

const codings = [
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
] as const

test.each(codings)('a body in %s is decoded', async (coding, encode) => {
  const { url, seen } = await serveHttp((response) => {
    response.writeHead(200, { 'content-encoding': coding }).end(encode('twelve bytes'))
  })
  expect(text(await get(url))).toBe('twelve bytes')
  expect(seen[0]?.headers['accept-encoding']).toBe('gzip, br, zstd')
})

test.each(codings)('a %s bomb ends with a typed error once its output exceeds the limit', async (coding, encode) => {
  const bomb = encode(Buffer.alloc(64 * MiB))
  expect(bomb.length).toBeLessThan(MiB)
  const { url } = await serveHttp((response) => {
    response.writeHead(200, { 'content-encoding': coding }).end(bomb)
  })
  const error = await get(url).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ kind: 'too_large', code: 'WEIR_HTTP_TOO_LARGE', retry: false })
})

test('codings are undone in the reverse order, a bomb in the inner one included', async () => {
  let inner: Uint8Array = Buffer.from('inside')
  const { url } = await serveHttp((response) => {
    response.writeHead(200, { 'content-encoding': 'gzip, br' }).end(brotliCompressSync(gzipSync(inner)))
  })
  expect(text(await get(url))).toBe('inside')
  inner = Buffer.alloc(64 * MiB)
  expect(await failure(get(url))).toBe(`too_large: the response has more than ${MiB} bytes`)
})

test.each([
  ['gzip', gzipSync('a body').subarray(0, 12)],
  ['zstd', Buffer.from('no zstd')],
  ['compress', Buffer.from('x')],
  ['gzip, gzip, gzip', Buffer.from('x')],
])('a body that is no %s is no response', async (coding, body) => {
  const { url } = await serveHttp((response) => {
    response.writeHead(200, { 'content-encoding': coding }).end(body)
  })
  expect(await failure(get(url))).toMatch(/^encoding: the response /)
})

test.each([
  ['of a stated length', true],
  ['of an unknown length', false],
])('a plain body %s that exceeds the limit fails, and what follows works', async (_, isStated) => {
  const { url } = await serveHttp((response, { path }) => {
    if (path === '/small') return void response.end('small')
    if (isStated) response.setHeader('content-length', 2 * MiB)
    response.end(Buffer.alloc(2 * MiB))
  })
  const client = clientOf(url)
  expect(await failure(client.request({ limit: MiB, signal: never }))).toMatch('too_large')
  expect(text(await client.request({ to: '/small', limit: MiB, signal: never }))).toBe('small')
})

test('a truncated body is the beginning; no coding is offered and the connection is used again', async () => {
  const scene = await serveHttp((response) => response.end('a'.repeat(1000)))
  const client = clientOf(scene.url, { connections: 1 })
  for (let round = 0; round < 3; round++)
    expect(text(await client.request({ limit: 5, truncate: true, signal: never }))).toBe('aaaaa')
  expect([scene.connections(), scene.seen[0]?.headers['accept-encoding']]).toEqual([1, undefined])
})

test('a truncated body without an end is the beginning as well', async () => {
  const { url } = await serveHttp((response) => {
    const more = (): void => {
      while (response.writable && response.write(Buffer.alloc(64 * 1024, 97))) continue
      response.once('drain', more)
    }
    more()
  })
  expect(text(await get(url, { limit: 5, truncate: true }))).toBe('aaaaa')
})

test('redirects are followed to their limit; the error names the address without credentials and query', async () => {
  const { url, seen } = await serveHttp((response, { path }) => {
    const step = Number(path.split('/')[1] ?? 0)
    if (path.startsWith('/3/')) return void response.end('there')
    response.writeHead(302, { location: `/${step + 1}/?token=SECRET` }).end('redirecting')
  })
  const client = clientOf(`${url}/0/?token=SECRET`)
  expect(text(await client.request({ limit: MiB, redirects: 3, signal: never }))).toBe('there')
  const short = await failure(client.request({ limit: MiB, redirects: 2, signal: never }))
  expect(short).toBe(`redirect: ${url} redirects again after 2 redirects`)
  const before = seen.length
  expect((await client.request({ limit: MiB, signal: never })).headers['location']).toBe('/1/?token=SECRET')
  expect(
    (await client.request({ method: 'POST', body: Buffer.from('x'), limit: MiB, redirects: 3, signal: never })).status,
  ).toBe(302)
  expect(seen).toHaveLength(before + 2)
})

test('a redirect loop ends', async () => {
  const { url, seen } = await serveHttp((response) => response.writeHead(307, { location: '/again' }).end())
  expect(await failure(get(url, { redirects: 5 }))).toMatch(/^redirect: .* redirects again/)
  expect(seen).toHaveLength(6)
})

test('another origin gets no credentials, not even when it redirects back', async () => {
  const other = await serveHttp((response) => response.writeHead(302, { location: `${own.url}/back` }).end())
  const own = await serveHttp((response, { path }) => {
    if (path === '/back') return void response.end('done')
    response.writeHead(302, { location: path === '/a' ? '/b' : `${other.url}/c` }).end()
  })
  const login = { auth: { type: 'bearer', token: Secret.of('SECRET') }, clock: { monotonic: () => 0 } } as const
  const headers = { accept: 'text/plain', cookie: 'SECRET', 'x-api-key': 'SECRET' }
  expect(text(await get(`${own.url}/a`, { headers, redirects: 5 }, { login }))).toBe('done')
  const sent = (seen: (typeof own)['seen']): unknown[] =>
    seen.map(({ path, headers: { authorization, cookie, 'x-api-key': key, accept } }) => [
      path,
      authorization,
      cookie,
      key,
      accept,
    ])
  const all = ['Bearer SECRET', 'SECRET', 'SECRET', 'text/plain']
  const none = [undefined, undefined, undefined, 'text/plain']
  expect(sent(own.seen)).toEqual([
    ['/a', ...all],
    ['/b', ...all],
    ['/back', ...none],
  ])
  expect(sent(other.seen)).toEqual([['/c', ...none]])
})

test.each(['ftp://127.0.0.1/x', 'http://', 'file:///etc/passwd'])('a redirect to %s is refused', async (location) => {
  const { url } = await serveHttp((response) => response.writeHead(302, { location }).end())
  expect(await failure(get(url, { redirects: 5 }))).toMatch(
    /^redirect: .* redirects to an address that is not followed/,
  )
})

test('with its entity tag, unchanged content is 304 without a body', async () => {
  const { url } = await serveHttp((response, { headers }) => {
    response.setHeader('etag', '"one"')
    if (headers['if-none-match'] === '"one"') return void response.writeHead(304).end()
    response.end('content')
  })
  const client = clientOf(url)
  const first = await client.request({ limit: MiB, signal: never })
  const etag = first.headers['etag'] ?? ''
  expect([first.status, text(first), etag]).toEqual([200, 'content', '"one"'])
  const second = await client.request({ limit: MiB, etag, signal: never })
  expect([second.status, second.body.length]).toEqual([304, 0])
  expect((await client.request({ limit: MiB, etag: '"two"', signal: never })).status).toBe(200)
})

test('a renewed token is read after a refusal, and after 30 seconds', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-http-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, 'token')
  await writeFile(file, 'one')
  const { url, seen } = await serveHttp((response, { headers: { authorization } }) => {
    response.writeHead(authorization === 'Bearer stale' ? 401 : 200).end()
  })
  let now = 0
  const clock = { monotonic: () => now }
  const client = clientOf(url, {
    login: { auth: { type: 'bearer', token: Secret.parse(`file:${file}`) as Secret }, clock },
  })
  const status = async (token?: string): Promise<number> => {
    if (token !== undefined) await writeFile(file, token)
    return (await client.request({ limit: MiB, signal: never })).status
  }
  expect([await status(), await status('stale')]).toEqual([200, 200])
  now = 30_000
  expect([await status(), await status('two')]).toEqual([401, 200])
  expect(seen.map(({ headers: { authorization } }) => authorization)).toEqual([
    'Bearer one',
    'Bearer one',
    'Bearer stale',
    'Bearer two',
  ])
})

test.each([
  ['headers', ''],
  ['the end of a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nslow'],
  ['the end of a coded body', 'HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\nslow'],
])('a server that never sends %s is a timeout', async (_, sent) => {
  const url = await rawServer((socket) => socket.write(sent))
  expect(await failure(get(url, {}, { timeoutMs: 100 }))).toBe('timeout: no response within 100 ms')
})

test.each([
  ['before the headers', ''],
  ['in the middle of a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
  ['in the middle of a chunk', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n10\r\nhalf'],
])('a connection that is reset %s is a failure of the network', async (_, sent) => {
  const url = await rawServer((socket) => socket.write(sent, () => socket.resetAndDestroy()))
  expect(await failure(get(url))).toMatch(/^network: ./)
})

test('a request that waits for a connection ends at once with its signal, and is never sent', async () => {
  const held = Promise.withResolvers<() => void>()
  const { url, seen } = await serveHttp((response, { path }) => {
    if (path === '/first') held.resolve(() => response.end('first'))
    else response.end('later')
  })
  const client = clientOf(url, { connections: 1 })
  const first = client.request({ to: '/first', limit: MiB, signal: never })
  const release = await held.promise
  const stop = new AbortController()
  const waiting = failure(client.request({ to: '/waiting', limit: MiB, signal: stop.signal }))
  stop.abort()
  expect(await waiting).toBe('aborted: aborted before the response was complete')
  release()
  expect(text(await first)).toBe('first')
  expect(text(await client.request({ to: '/later', limit: MiB, signal: never }))).toBe('later')
  expect(seen.map(({ path }) => path)).toEqual(['/first', '/later'])
})

test('no more connections than allowed are opened, and they are used again', async () => {
  const scene = await serveHttp((response) => setImmediate(() => response.end()))
  const client = clientOf(scene.url)
  await Promise.all(Array.from({ length: 40 }, () => client.request({ limit: MiB, signal: never })))
  expect(scene.connections()).toBe(2)
})

test('a closed client fails running and later requests', async () => {
  const { url } = await serveHttp(() => undefined)
  const client = clientOf(url)
  const under = failure(client.request({ limit: MiB, signal: never }))
  const later = timers.sleep(0, never).then(() => client.close())
  await later
  expect(await under).toMatch(/^network: /)
  expect(await failure(client.request({ limit: MiB, signal: never }))).toMatch(/^network: the client is closed/)
})

/** A server that writes bytes as they are; closed when the test ends. */
async function rawServer(act: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    socket.once('data', () => act(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}
