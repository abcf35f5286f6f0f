/** Sources that read: a websocket feed, a polled API and a stream of NATS, each of which sends expanding bodies. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { WebSocketServer, type WebSocket } from 'ws'
import type { NatsServer } from '../../real/kit/nats.ts'
import type { Shape } from './bodies.ts'
import type { Target } from './targets.ts'

/** `taken`: the valid messages are in the store as events of `type`. */
export type Feed = Target & Readonly<{ type: string; config: Readonly<Record<string, unknown>>; stop(): Promise<void> }>

const most = 12 << 20
const shape: Shape = {
  json: {
    frames: [
      ['', ''],
      ['{"items":', '}'],
      ['{"id":1,"data":', '}'],
    ],
    elements: ['{"id":1,"price":"97.5"}', '1.5'],
  },
}
/** The key is the id of the event. */
const key = ['/valid']
const valid = (n: number): Uint8Array => Buffer.from(JSON.stringify({ valid: `valid-${n}` }))
const accepted = { status: 202, retryAfter: null }
/** The connection ended before the source had the message. */
const again = { status: 503, retryAfter: '1' }

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const ended = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

/** A message is sent when the source has read it: its pings are answered in order. */
export async function websocketFeed(): Promise<Feed> {
  const server = createServer()
  const sockets = new WebSocketServer({ server, perMessageDeflate: true })
  const port = await listening(server)
  let current: WebSocket | undefined
  let sent = 0
  sockets.on('connection', (socket) => {
    current = socket
    socket.setMaxListeners(0)
    socket.on('error', () => {}).on('close', () => (current = current === socket ? undefined : current))
  })
  return {
    name: 'websocket',
    type: 'push.websocket',
    config: {
      type: 'websocket',
      url: `ws://127.0.0.1:${port}/`,
      max_message: '15MiB',
      event_type: 'push.websocket',
      key,
      backoff: { initial: '100ms', max_wait: '1s' },
    },
    shape,
    most,
    encodings: ['identity'],
    valid,
    async send({ body }) {
      for (let left = 300; current?.readyState !== 1; left--) {
        if (left === 0) throw new Error('the source does not connect')
        await sleep(100)
      }
      const socket = current
      const mark = String(++sent)
      socket.send(body, { binary: false })
      return new Promise((resolve) => {
        const pong = (data: Buffer) => {
          if (data.toString() === mark) end(accepted)
        }
        const close = () => end(again)
        const end = (result: typeof accepted | typeof again) => {
          socket.off('pong', pong).off('close', close)
          resolve(result)
        }
        socket.on('pong', pong).on('close', close).ping(mark)
      })
    },
    async stop() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await ended(server)
    },
  }
}

/** A body is sent when the poll after its response begins. Each failed poll doubles the delay. */
export async function polledFeed(): Promise<Feed> {
  type Waiting = Readonly<{ body: Uint8Array; encoding: string; done: () => void }>
  const waiting: Waiting[] = []
  let before: Waiting | undefined
  const server = createServer((_, response: ServerResponse) => {
    before?.done()
    before = waiting.shift()
    const { body, encoding } = before ?? { body: Buffer.from('[]'), encoding: 'identity' }
    const encoded = encoding === 'identity' ? {} : { 'content-encoding': encoding }
    response.writeHead(200, { 'content-type': 'application/json', ...encoded }).end(body)
  })
  const port = await listening(server)
  return {
    name: 'http-poll',
    type: 'push.poll',
    config: {
      type: 'http-poll',
      url: `http://127.0.0.1:${port}/`,
      every: '1s',
      event_type: 'push.poll',
      key,
    },
    shape,
    most,
    encodings: ['identity', 'gzip', 'zstd', 'br'],
    valid,
    async send({ encoding, body }) {
      await new Promise<void>((done) => waiting.push({ encoding, body, done }))
      return accepted
    },
    stop: () => ended(server),
  }
}

/** A message is sent when the consumer has acknowledged it. */
export async function natsFeed({ url }: NatsServer): Promise<Feed> {
  const connection = await connect({ servers: url })
  const manager = await jetstreamManager(connection)
  await manager.streams.add({ name: 'PUSH', subjects: ['push'], max_msg_size: -1 })
  const stream = jetstream(connection)
  return {
    name: 'nats',
    type: 'push.nats',
    config: { type: 'nats', url, stream: 'PUSH', codec: 'json', event_type: 'push.nats' },
    shape,
    most: 8 << 20,
    encodings: ['identity'],
    valid,
    async send({ body }) {
      const { seq } = await stream.publish('push', body)
      for (let left = 1200; left > 0; left--) {
        const { ack_floor } = await manager.consumers
          .info('PUSH', 'weir')
          .catch(() => ({ ack_floor: { stream_seq: 0 } }))
        if (ack_floor.stream_seq >= seq) return accepted
        await sleep(50)
      }
      throw new Error('the message is not acknowledged within a minute')
    },
    stop: () => connection.close(),
  }
}
