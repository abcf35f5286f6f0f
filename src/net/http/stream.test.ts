import { createServer, type Server } from 'node:http'
import { createServer as createTls } from 'node:https'
import { connect, type AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { WebSocketServer, type ServerOptions, type WebSocket } from 'ws'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { realHost } from '../../host/index.ts'
import { runStream, type StreamMessage, type StreamOptions, type StreamTarget } from './stream.ts'

const real = realHost()
const MiB = 1024 * 1024
const longest = 8000
const never = 2_000_000_000

async function serve(
  act: (socket: WebSocket, path: string) => void,
  options: ServerOptions = {},
  server: Server = createServer(),
): Promise<{ readonly url: string; readonly port: number }> {
  const sockets = new WebSocketServer({ server, ...options })
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => undefined)
    act(socket, request.url ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `ws://127.0.0.1:${port}/`, port }
}

interface Scene {
  stop(): Promise<void>
  readonly ended: Promise<void>
  readonly taken: string[]
  readonly changes: string[]
  readonly waits: number[]
}

function run(target: StreamOptions['target'], more: Partial<StreamOptions> = {}): Scene {
  const abort = new AbortController()
  const taken: string[] = []
  const changes: string[] = []
  const waits: number[] = []
  const { pingMs = never } = more
  const ended = runStream(
    {
      host: {
        clock: real.clock,
        random: { ...real.random, next: () => 0 },
        timers: {
          ...real.timers,
          after: (ms, act) => real.timers.after(ms, act),
          sleep(ms, signal) {
            if (ms === pingMs) return real.timers.sleep(ms, signal)
            waits.push(ms)
            return real.timers.sleep(0, signal)
          },
        },
      },
      target,
      take: (messages) => {
        taken.push(...messages.map(textOf))
        return Promise.resolve()
      },
      changed: (_, reason) => {
        changes.push(reason)
      },
      tls: undefined,
      messageBytes: MiB,
      bufferBytes: MiB,
      connectMs: 20_000,
      pingMs,
      missedPings: 3,
      backoff: { firstMs: 500, maxMs: longest },
      ...more,
    },
    abort.signal,
  )
  const stop = async (): Promise<void> => {
    abort.abort()
    await ended
  }
  ended.catch(() => undefined)
  onTestFinished(() => stop().catch(() => undefined))
  return { stop, ended, taken, changes, waits }
}

const textOf = ({ data }: StreamMessage): string => Buffer.from(data).toString()
const pollOptions = { interval: 2, timeout: 20_000 }

test('after a lost connection the stream resumes after the last accepted message without gap', async () => {
  const resumedFrom: number[] = []
  const { url } = await serve((socket, path) => {
    const after = Number(new URL(path, 'ws://x').searchParams.get('after'))
    resumedFrom.push(after)
    for (let at = after + 1; at <= after + 7; at++) socket.send(String(at))
    // Sent but partly not received.
    socket.once('message', () => socket.terminate())
  })
  let position = 0
  const scene = run(() => ({ url: `${url}?after=${position}`, first: ['end it'] }), {
    async take(messages) {
      // Durable later; the next connection has to wait for that.
      await real.timers.sleep(1, new AbortController().signal)
      for (const message of messages) scene.taken.push(textOf(message))
      position = Number(scene.taken.at(-1))
    },
  })
  await expect.poll(() => scene.taken.length, pollOptions).toBeGreaterThan(50)
  await scene.stop()
  expect(scene.taken).toEqual(scene.taken.map((_, at) => String(at + 1)))
  expect(resumedFrom.length).toBeGreaterThan(5)
})

test('subscriptions, headers and protocols are sent; texts and bytes are distinguished', async () => {
  const seen: unknown[] = []
  const { url } = await serve(
    (socket) => {
      socket.on('message', (data) => {
        seen.push((data as Buffer).toString(), socket.protocol)
        socket.send('text')
        socket.send(Buffer.from([1, 2]))
      })
    },
    {
      verifyClient: ({ req }: { req: { headers: Record<string, unknown> } }) => {
        seen.push(req.headers['authorization'])
        return true
      },
    },
  )
  const got: unknown[] = []
  run(() => ({ url, headers: { authorization: 'Bearer t' }, protocols: ['v1.feed'], first: ['{"subscribe":"all"}'] }), {
    take: (messages) => {
      for (const { data, isText } of messages) got.push([isText, [...data].length])
      return Promise.resolve()
    },
  })
  await expect
    .poll(() => got, pollOptions)
    .toEqual([
      [true, 4],
      [false, 2],
    ])
  expect(seen).toEqual(['Bearer t', '{"subscribe":"all"}', 'v1.feed'])
})

test('waits double up to the longest, and start again after a connection that worked', async () => {
  let connections = 0
  const { url } = await serve((socket) => {
    connections++
    if (connections === 7) socket.send('works', () => socket.close(1012, 'restart'))
    else socket.close(1013)
  })
  const scene = run(() => ({ url }))
  await expect.poll(() => scene.waits.length, pollOptions).toBeGreaterThan(8)
  expect(scene.waits.slice(0, 9)).toEqual([250, 500, 1000, 2000, 4000, 4000, 250, 500, 1000])
  expect(scene.changes.slice(10, 14)).toEqual([
    '',
    'the connection was closed (1013)',
    '',
    'the connection was closed (1012, restart)',
  ])
})

test('a refused handshake is the reason, and Retry-After the least wait', async () => {
  const server = createServer()
  const answers = [
    'HTTP/1.1 503 No\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 302 No\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n',
  ]
  server.on('upgrade', (_, socket) => {
    // The client resets refused connections.
    socket.on('error', () => undefined)
    socket.end(answers.shift() ?? 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n')
  })
  const { port } = await serve(() => undefined, { noServer: true, server: undefined }, server)
  const scene = run(() => ({ url: `ws://127.0.0.1:${port}/?token=SECRET` }))
  await expect.poll(() => scene.changes.slice(0, 3), pollOptions).toEqual(['HTTP 503', 'HTTP 401', 'HTTP 302'])
  expect(scene.waits.slice(0, 3)).toEqual([7000, 500, 1000])
})

test('a server that is not there, and a target that can not be made, are failures with a reason', async () => {
  let made = 0
  const scene = run((): StreamTarget => {
    if (made++ === 0) throw new Error('the login of wss://h/x?token=SECRET is refused')
    return { url: 'ws://127.0.0.1:1/?token=SECRET' }
  })
  await expect.poll(() => scene.changes.length, pollOptions).toBeGreaterThan(1)
  expect(scene.changes[0]).toBe('the login of wss://h is refused')
  expect(scene.changes[1]).toMatch(/ECONNREFUSED/)
})

test('a silent connection is closed; one that responds to pings stays', async () => {
  let connections = 0
  let pings = 0
  const { url } = await serve(
    (socket) => {
      connections++
      socket.on('ping', () => {
        if (connections === 1) return
        socket.pong()
        if (++pings === 8) socket.close(1000)
      })
    },
    { autoPong: false },
  )
  const scene = run(() => ({ url }), { pingMs: 20 })
  await expect.poll(() => scene.changes.length, pollOptions).toBeGreaterThan(3)
  expect(scene.changes.slice(0, 4)).toEqual([
    '',
    'nothing was received after 3 pings',
    '',
    'the connection was closed (1000)',
  ])
})

test('while its consumer is busy the socket is not read, and that is no silence', async () => {
  const size = 16 * 1024
  const count = 4000
  let socketThere: WebSocket | undefined
  const { url } = await serve(
    (socket) => {
      socketThere = socket
      for (let at = 0; at < count; at++) socket.send(Buffer.alloc(size, at % 256))
    },
    { perMessageDeflate: false },
  )
  const release = Promise.withResolvers<undefined>()
  const batches: number[] = []
  let pingsMissed = 0
  const scene = run(() => ({ url }), {
    bufferBytes: 4 * size,
    pingMs: 5,
    take: async (messages) => {
      batches.push(messages.length)
      if (batches.length === 1) await release.promise
    },
  })
  await expect.poll(() => batches.length, pollOptions).toBe(1)
  // The server can't send everything, for longer than three pings take.
  await expect
    .poll(() => ++pingsMissed > 50 && (socketThere?.bufferedAmount ?? 0) > size * count * 0.5, pollOptions)
    .toBe(true)
  release.resolve(undefined)
  await expect.poll(() => batches.reduce((sum, each) => sum + each, 0), pollOptions).toBe(count)
  expect(scene.changes).toEqual([''])
  // The limit, one message over it, and one read of the socket.
  expect(Math.max(...batches)).toBeLessThanOrEqual(4 + 1 + 4)
})

test('a message over its limit ends the connection, also if only its decompressed form is', async () => {
  const { url } = await serve((socket) => socket.send(Buffer.alloc(64 * MiB)), { perMessageDeflate: true })
  const scene = run(() => ({ url }))
  await expect.poll(() => scene.changes.length, pollOptions).toBeGreaterThan(1)
  expect(scene.changes.slice(0, 2)).toEqual(['', 'Max payload size exceeded'])
  expect(scene.taken).toEqual([])
})

test('messages that were received before the end of a connection are taken', async () => {
  const { url } = await serve((socket) => {
    for (let at = 0; at < 100; at++) socket.send(String(at))
    socket.close(1000)
  })
  let connections = 0
  const scene = run(() => {
    connections++
    return connections === 1 ? { url } : Promise.reject(new Error('once'))
  })
  await expect.poll(() => connections, pollOptions).toBeGreaterThan(1)
  expect(scene.taken).toHaveLength(100)
})

test('the end waits for a running take, and nothing is taken after it; a failing take ends the loop', async () => {
  const { url } = await serve((socket) => {
    for (let at = 0; at < 100; at++) socket.send('x'.repeat(100_000))
  })
  const release = Promise.withResolvers<undefined>()
  let takes = 0
  const scene = run(() => ({ url }), {
    take: async () => {
      takes++
      await release.promise
    },
  })
  await expect.poll(() => takes, pollOptions).toBe(1)
  let isEnded = false
  const stopped = scene.stop().then(() => (isEnded = true))
  await real.timers.sleep(0, new AbortController().signal)
  expect(isEnded).toBe(false)
  release.resolve(undefined)
  await stopped
  expect(takes).toBe(1)
  await expect(run(() => ({ url }), { take: () => Promise.reject(new Error('full')) }).ended).rejects.toThrow('full')
})

test('wss goes through the proxy of the environment, with its own TLS', async () => {
  const { cert, key } = selfSigned()
  const { port } = await serve((socket) => socket.send('in'), {}, createTls({ cert, key }))
  const tunnels: string[] = []
  const proxy = createServer().on('connect', (request, socket) => {
    tunnels.push(request.url ?? '')
    const there = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      there.pipe(socket).pipe(there)
    })
    for (const one of [socket, there]) one.on('error', () => [socket, there].forEach((each) => each.destroy()))
  })
  const at = await serve(() => undefined, {}, proxy)
  const proxyEnv = { HTTPS_PROXY: `http://127.0.0.1:${at.port}` }
  const url = `wss://stream.example.test/feed`
  const refused = run(() => ({ url }), { proxyEnv })
  await expect.poll(() => refused.changes[0], pollOptions).toMatch(/certificate|self.signed/)
  await refused.stop()
  const scene = run(() => ({ url }), { proxyEnv, tls: { rejectUnauthorized: false } })
  await expect.poll(() => scene.taken, pollOptions).toEqual(['in'])
  const direct = run(() => ({ url: `wss://127.0.0.1:${port}/` }), {
    proxyEnv,
    tls: { ca: cert, rejectUnauthorized: true },
  })
  await expect.poll(() => direct.taken, pollOptions).toEqual(['in'])
  expect(new Set(tunnels)).toEqual(new Set(['stream.example.test:443']))
})
