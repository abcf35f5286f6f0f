import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import http2, { type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2'
import { deflateSync, gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { realHost } from '../host/index.ts'
import { listenGrpc, type GrpcCall } from './grpc-server.ts'
import { refusalOf } from './http/push-refused.ts'

const path = '/a.B/C'
const maxMessage = 8 << 20

async function start(act: (message: Uint8Array) => Promise<void> = async () => {}) {
  const host = realHost()
  host.memory.capacity = 2 << 20
  const read: Buffer[] = []
  const take = async (call: GrpcCall) => {
    try {
      const message = await call.read()
      read.push(Buffer.from(message))
      await act(message)
      return new Uint8Array([1, 2])
    } catch (error) {
      const { status, message: why } = refusalOf(error)
      return { code: status === 413 ? 'exhausted' : status === 400 ? 'invalid' : 'unavailable', why } as const
    }
  }
  const listeners = await listenGrpc({
    places: [{ host: '127.0.0.1', port: 0 }],
    tls: undefined,
    maxMessage,
    host,
    methods: { [path]: take, '/a.B/Fails': () => Promise.reject(new Error('the cause')) },
  })
  const url = (listeners.addresses[0] ?? '').replace('grpc:', 'http:')
  const session = http2.connect(url)
  session.on('error', () => {})
  onTestFinished(async () => {
    session.destroy()
    await listeners.close(100)
  })
  return { session, listeners, memory: host.memory, read }
}

const framed = (message: Uint8Array, flags = 0, length = message.length): Buffer => {
  const head = Buffer.alloc(5, flags)
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, message])
}

function begin(session: ClientHttp2Session, headers: Readonly<Record<string, string>> = {}): ClientHttp2Stream {
  const call = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
  call.on('error', () => {})
  return call
}

/** Status of HTTP, and status and message of gRPC. */
async function outcome(call: ClientHttp2Stream): Promise<readonly [number | undefined, string, string]> {
  let trailers: IncomingHttpHeaders = {}
  call.once('trailers', (given: IncomingHttpHeaders) => (trailers = given))
  const [headers] = (await once(call, 'response')) as [IncomingHttpHeaders & { ':status'?: number }]
  call.resume()
  if (!call.readableEnded) await once(call, 'end')
  const all = { ...headers, ...trailers }
  return [headers[':status'], String(all['grpc-status']), decodeURI(String(all['grpc-message'] ?? ''))]
}

const send = (session: ClientHttp2Session, bytes: Uint8Array, headers?: Readonly<Record<string, string>>) => {
  const call = begin(session, headers)
  call.end(bytes)
  return outcome(call)
}
const ok = [200, '0', '']

test('a message is refused as soon as it needs more memory than there is, before it has arrived', async () => {
  const { session, memory, read } = await start()
  const call = begin(session)
  call.write(framed(new Uint8Array(3 << 20), 0, 6 << 20))
  expect(await outcome(call)).toEqual([200, '8', expect.stringContaining('decoding needs more than')])
  call.close()
  await expect.poll(() => memory.used).toBe(0)
  const others = memory.reserve(1 << 20)
  const second = begin(session)
  second.write(framed(new Uint8Array(1 << 20), 0, 3 << 20))
  expect(await outcome(second)).toEqual([200, '14', expect.stringContaining('in use by other requests')])
  others.release()
  expect(read).toEqual([])
  expect(await send(session, framed(new Uint8Array([7])))).toEqual(ok)
  expect(memory.peak).toBeLessThanOrEqual(memory.capacity)
})

test.each([
  ['identity', framed(randomBytes(7 << 20))],
  ['gzip', framed(gzipSync(randomBytes(7 << 20)), 1)],
  ['gzip', framed(randomBytes(7 << 20), 1)],
])('the rest of a refused message (%s) is read, so that its call ends', async (encoding, bytes) => {
  const { session } = await start()
  for (let turn = 0; turn < 3; turn++) {
    const call = begin(session, { 'grpc-encoding': encoding })
    const closed = once(call, 'close')
    call.end(bytes)
    expect((await outcome(call))[1]).toMatch(/^(3|8)$/)
    await closed
  }
  expect(await send(session, framed(new Uint8Array([7])))).toEqual(ok)
})

test('a message that has not arrived holds the memory of its bytes, until the client leaves', async () => {
  const { session, memory } = await start()
  const call = begin(session)
  call.write(framed(new Uint8Array(100_000), 0, maxMessage))
  await expect.poll(() => memory.used).toBeGreaterThan(99_000)
  expect(memory.used).toBeLessThan(300_000)
  call.close(http2.constants.NGHTTP2_CANCEL)
  await expect.poll(() => memory.used).toBe(0)
})

test('a compressed message is decompressed within the memory', async () => {
  const { session, memory, read } = await start()
  const bytes = Buffer.from('the same message '.repeat(1000))
  const gzip = { 'grpc-encoding': 'gzip' }
  expect(await send(session, framed(gzipSync(bytes), 1), gzip)).toEqual(ok)
  expect(await send(session, framed(deflateSync(bytes), 1), { 'grpc-encoding': 'deflate' })).toEqual(ok)
  expect(await send(session, framed(bytes), gzip)).toEqual(ok)
  expect(read).toEqual([bytes, bytes, bytes])
  for (const size of [7 << 20, 64 << 20])
    expect((await send(session, framed(gzipSync(Buffer.alloc(size)), 1), gzip))[1]).toBe('8')
  expect(memory.peak).toBeLessThanOrEqual(memory.capacity)
  expect(memory.used).toBe(0)
})

test.each([
  ['two messages', Buffer.concat([framed(new Uint8Array(3)), framed(new Uint8Array(3))], 16), 'more than one message'],
  ['half a message', framed(new Uint8Array(3), 0, 7), 'ended too early'],
  ['half a head', new Uint8Array(3), 'ended before its message'],
  ['no message', new Uint8Array(0), 'ended before its message'],
  ['flags of another version', framed(new Uint8Array(3), 2), 'flags are unknown'],
  ['damaged gzip', framed(Buffer.from('no gzip at all'), 1), 'not valid gzip'],
  ['gzip that ends early', framed(gzipSync(Buffer.alloc(9000)).subarray(0, 20), 1), 'not valid gzip'],
])('%s is no valid request', async (_, bytes, why) => {
  const { session, memory } = await start()
  const answer = await send(session, bytes, { 'grpc-encoding': 'gzip' })
  expect(answer).toEqual([200, '3', expect.stringContaining(why)])
  expect(await send(session, framed(new Uint8Array(1)))).toEqual(ok)
  expect(memory.used).toBe(0)
})

test('a message above the limit is refused by its length, and one that arrives in single bytes is read', async () => {
  const { session, read } = await start()
  const call = begin(session)
  call.write(framed(new Uint8Array(0), 0, maxMessage + 1))
  expect(await outcome(call)).toEqual([200, '8', expect.stringContaining(`more than ${maxMessage} bytes`)])
  call.close()
  const slow = begin(session)
  for (const byte of framed(Buffer.from('slow'))) {
    slow.write(Buffer.of(byte))
    await new Promise((resolve) => setImmediate(resolve))
  }
  slow.end()
  expect(await outcome(slow)).toEqual(ok)
  expect(read.map(String)).toEqual(['slow'])
})

test('other methods, encodings and protocols have the status of the specification', async () => {
  const { session } = await start()
  const bytes = framed(new Uint8Array(1))
  expect(await send(session, bytes, { ':path': '/a.B/None' })).toEqual([
    200,
    '12',
    expect.stringContaining('/a.B/None'),
  ])
  expect((await send(session, bytes, { 'grpc-encoding': 'snappy' })).slice(0, 2)).toEqual([200, '12'])
  expect((await send(session, bytes, { 'content-type': 'text/plain' }))[0]).toBe(415)
  expect((await send(session, bytes, { ':method': 'PUT' }))[0]).toBe(405)
  expect(await send(session, bytes, { ':path': '/a.B/Fails' })).toEqual([200, '14', 'the cause'])
})

test('a stop waits for the calls in progress, and ends those that take too long', async () => {
  let [reached, finish] = [() => {}, () => {}]
  const running = new Promise<void>((resolve) => (reached = resolve))
  const { session, listeners } = await start(async () => {
    reached()
    await new Promise<void>((resolve) => (finish = resolve))
  })
  const [first, second] = [begin(session), begin(session)]
  const ended = outcome(first)
  first.end(framed(new Uint8Array(1)))
  await running
  second.write(framed(new Uint8Array(1), 0, 100))
  const cut = once(second, 'close')
  const closed = listeners.close(300)
  finish()
  expect(await ended).toEqual(ok)
  await closed
  await cut
})
