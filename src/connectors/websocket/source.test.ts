import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { WebSocketServer, type WebSocket } from 'ws'
import { proves } from '../../../test/kit/proof.ts'
import { QueryScene } from '../../../test/kit/query-scene.ts'
import { realHost } from '../../host/index.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { probeFeed } from './client-probe.ts'
import { websocketSchema } from './config.ts'
import { openWebsocket, type WebsocketSource } from './source.ts'

proves('source', { system: 'websocket', server: 'ws', standIn: true })

type Written = Partial<WrittenConfigOf<typeof websocketSchema>>
const subscribe = '{"type":"subscribe","channels":["ticker","heartbeat"]}'

interface Feed {
  readonly url: string
  readonly received: string[]
  readonly paths: string[]
  connections: number
}

/** A websocket server; `act` is called after the first message of each connection. */
async function serve(act: (socket: WebSocket, connection: number) => void): Promise<Feed> {
  const server = createServer()
  const sockets = new WebSocketServer({ server })
  const feed = { url: '', received: [] as string[], paths: [] as string[], connections: 0 }
  sockets.on('connection', (socket, { url }) => {
    const connection = ++feed.connections
    feed.paths.push(url ?? '')
    socket.on('error', () => undefined)
    socket.once('message', () => act(socket, connection))
    socket.on('message', (data) => void feed.received.push((data as Buffer).toString()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
    server.close()
  })
  feed.url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/feed`
  return feed
}

class Scene extends QueryScene {
  readonly waits: number[] = []

  constructor() {
    super('feed', 1_764_072_000_000)
    const real = realHost()
    // Delays of new connections are recorded; pings keep their interval.
    this.host = {
      ...this.host,
      random: { ...real.random, next: () => 1 },
      timers: {
        ...real.timers,
        sleep: (ms, signal) => {
          if (ms === 15_000) return real.timers.sleep(ms, signal)
          this.waits.push(ms)
          return real.timers.sleep(0, signal)
        },
        after: (ms, act) => real.timers.after(ms, act),
      },
    }
  }

  /** Runs until the condition holds. */
  async run(feed: Feed, written: Written, until: (source: WebsocketSource) => unknown): Promise<WebsocketSource> {
    const config = configFrom(websocketSchema, { url: feed.url, subscribe: [subscribe], ...written })
    const source = await openWebsocket(config, this.context())
    const abort = new AbortController()
    const done = source.run(abort.signal)
    await expect.poll(() => until(source), { interval: 2, timeout: 20_000 }).toBeTruthy()
    abort.abort()
    await done
    return source
  }

  get texts(): string[] {
    return this.events.map(({ data }) => new TextDecoder().decode(data))
  }
}

const tick = (sequence: number, product = 'BTC') =>
  JSON.stringify({ type: 'ticker', product_id: product, sequence, price: '1.5' })
const numbered: Written = { sequence: { at: '/sequence', by: ['/product_id'] } }

test('a feed that is cut after 3 messages, 4 times, is subscribed again each time, with growing delays', async () => {
  const feed = await serve((socket, connection) => {
    for (const at of [1, 2, 3]) socket.send(tick(connection * 3 - 3 + at))
    if (connection <= 4) socket.close()
  })
  const scene = new Scene()
  await scene.run(feed, numbered, () => scene.ids.length === 15)
  expect(feed.received).toEqual(Array.from({ length: 5 }, () => subscribe))
  expect(scene.waits.slice(0, 4)).toEqual([500, 1000, 2000, 4000])
  expect(new Set(scene.ids).size).toBe(15)
  expect(scene.metrics.value('weir_websocket_connections_total', { source: 'feed' })).toBe(4)
})

test('of 100 cuts each gap is counted and emitted before the message after it', async () => {
  const lost = 7
  const feed = await serve((socket, connection) => {
    for (const at of [1, 2, 3]) socket.send(tick((connection - 1) * (3 + lost) + at))
    if (connection <= 100) socket.terminate()
  })
  const scene = new Scene()
  // A cut may lose messages that were sent before it, too.
  const source = await scene.run(
    feed,
    numbered,
    (running) => running.status().connections === 101 && scene.texts.at(-1) === tick(1003),
  )
  const found = scene.texts.map(
    (text) => JSON.parse(text) as { sequence?: number; missing?: number; from?: number; to?: number },
  )
  const received = found.flatMap(({ sequence }) => sequence ?? [])
  const { gaps, missing } = source.status()
  expect(new Set(received).size).toBe(received.length)
  expect(missing).toBe(1003 - received[0]! + 1 - received.length)
  expect(found.filter(({ missing: some }) => some !== undefined)).toHaveLength(gaps)
  expect(gaps).toBeGreaterThan(0)
  const newest = found.findLast(({ to }) => to !== undefined)
  expect(source.feed?.()).toMatchObject({
    records: received.length,
    lastRecord: expect.any(Number) as number,
    reconnects: 100,
    gaps: { count: gaps, missing, last: { from: newest?.from, to: newest?.to } },
  })
  for (const [at, { to }] of found.entries()) if (to !== undefined) expect(found[at + 1]?.sequence).toBe(to + 1)
  expect(scene.metrics.value('weir_websocket_missing_messages_total', { source: 'feed' })).toBe(missing)
})

test('the response to the subscription names rejected symbols, and the others flow', async () => {
  const feed = await serve((socket) => {
    socket.send('{"event":"subscribe-status","status":"ok","success":["AAPL"],"fails":["XYZ"]}')
    socket.send('{"event":"price","symbol":"AAPL"}')
  })
  const scene = new Scene()
  const ack = { match: { '/event': 'subscribe-status' }, fails: '/fails' }
  const source = await scene.run(feed, { ack }, () => scene.ids.length === 1)
  expect(source.health()).toEqual({ why: 'the feed rejected the subscription of XYZ', counts: 'partly' })
  expect(scene.texts).toEqual(['{"event":"price","symbol":"AAPL"}'])
})

test('a probe reports the response to the subscription, a rejected one, and a feed that does not respond', async () => {
  const probe = async (feed: Feed, written: Written = {}): Promise<unknown> => {
    const config = configFrom(websocketSchema, { url: feed.url, subscribe: [subscribe], ...written })
    return probeFeed(config, { id: 'feed', host: realHost() }, AbortSignal.timeout(2000))
  }
  const ack = { match: { '/event': 'subscribe-status' }, fails: '/fails' }
  const answering = (text: string): Promise<Feed> => serve((socket) => socket.send(text))
  const good = await answering('{"event":"subscribe-status"}')
  expect(await probe(good, { ack })).toEqual({
    is: 'ok',
    message: `${new URL(good.url).origin} acknowledged the subscription`,
  })
  expect(good.received).toEqual([subscribe])
  expect(await probe(good)).toEqual({ is: 'ok', message: `${new URL(good.url).origin} accepts connections` })
  const rejecting = await answering('{"event":"subscribe-status","fails":["XYZ"]}')
  expect(await probe(rejecting, { ack })).toMatchObject({
    is: 'warn',
    message: expect.stringContaining('XYZ') as string,
  })
  expect(await probe(await answering('{"event":"other"}'), { ack })).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('did not acknowledge the subscription in time') as string,
  })
  expect(await probe({ ...good, url: 'ws://127.0.0.1:9/feed' })).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('ECONNREFUSED') as string,
  })
})

test('without a response to the subscription, or without messages, the connection is closed', async () => {
  const silent = await serve(() => undefined)
  for (const written of [{ ack: { match: { '/a': 'b' }, timeout: '100ms' } }, { idle: '100ms' }] as const) {
    const scene = new Scene()
    const before = silent.connections
    await scene.run(silent, written, () => silent.connections >= before + 2)
    expect(scene.lines.join()).toMatch(/no (?:response to the subscription|message) within 100 ms/)
  }
})

test('messages are dropped by rules, heartbeats are sent, and other messages are stored as they are', async () => {
  const feed = await serve((socket) => {
    socket.send('{"type":"heartbeat","sequence":1}')
    socket.send('no JSON')
    socket.send(Buffer.of(0xff))
  })
  const scene = new Scene()
  const written: Written = { drop: { '/type': ['heartbeat'] }, heartbeat: { message: 'beat', every: '100ms' } }
  await scene.run(
    feed,
    written,
    () => scene.ids.length === 2 && feed.received.filter((one) => one === 'beat').length >= 2,
  )
  expect(scene.events.map(({ encoding }) => encoding)).toEqual(['text', 'binary'])
  expect(scene.metrics.value('weir_websocket_messages_total', { source: 'feed', outcome: 'dropped' })).toBe(1)
})

test('sequences continue after a restart, and a secret is in the query only', async () => {
  let first = 1
  const feed = await serve((socket) => socket.send(tick(first)))
  const scene = new Scene()
  vi.stubEnv('WEIR_TEST_FEED_KEY', 'hidden-key')
  const written: Written = { ...numbered, query: { apikey: 'env:WEIR_TEST_FEED_KEY' } }
  await scene.run(feed, written, () => scene.ids.length === 1)
  first = 5
  await scene.run(feed, written, () => scene.ids.length === 3)
  expect(JSON.parse(scene.texts[1] ?? '')).toEqual({ key: 'BTC', from: 2, to: 4, missing: 3, reconnected: true })
  expect(feed.paths).toEqual(['/feed?apikey=hidden-key', '/feed?apikey=hidden-key'])
  expect(JSON.stringify([scene.lines, scene.events])).not.toContain('hidden-key')
})
