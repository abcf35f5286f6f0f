import { once } from 'node:events'
import { createServer, type Http2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { protos } from '@google-cloud/pubsub'
import { expect, onTestFinished, test } from 'vitest'
import { testContext } from '../../../test/conformance/batches.ts'
import { configFrom } from '../../schema/index.ts'
import { PubSubPuller } from './client-pull.ts'
import { gcppubsubSourceSchema } from './config.ts'

const { PullResponse, Subscription } = protos.google.pubsub.v1
const never = new AbortController().signal

/** A Pub/Sub server that answers pull requests when the test does. */
async function server(subscription: { readonly enableMessageOrdering: boolean } | 'not shown') {
  const server = createServer()
  const sessions: Http2Session[] = []
  const waiting: ((ids: readonly string[]) => void)[] = []
  const came = Promise.withResolvers<void>()
  const pulls = { came }
  server.on('session', (session) => {
    sessions.push(session)
  })
  server.on('stream', (stream, { ':path': path }) => {
    stream.resume()
    stream.on('error', () => undefined)
    switch (path?.split('/').at(-1)) {
      case 'Pull':
        waiting.push((ids) => {
          answer(
            stream,
            PullResponse.encode({
              receivedMessages: ids.map((ackId) => ({ ackId, message: { messageId: ackId, data: Buffer.from('{}') } })),
            }).finish(),
          )
        })
        pulls.came.resolve()
        pulls.came = Promise.withResolvers()
        break
      case 'GetSubscription':
        answer(stream, subscription === 'not shown' ? 7 : Subscription.encode(subscription).finish())
        break
      default:
        answer(stream, Buffer.alloc(0))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = testContext().host
  const puller = new PubSubPuller(
    configFrom(gcppubsubSourceSchema, {
      project: 'a-project',
      subscription: 'weir',
      endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      auth: { type: 'none' },
    }),
    host,
  )
  onTestFinished(async () => {
    await puller.close()
    for (const session of sessions) session.destroy()
    server.close()
  })
  return {
    puller,
    sessions,
    waiting,
    /** Resolves when this many requests are pending. */
    async until(count: number): Promise<void> {
      while (waiting.length < count) await pulls.came.promise
    },
  }
}

/** A gRPC status code or a response body. */
function answer(stream: ServerHttp2Stream, what: Uint8Array | number): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => {
    stream.sendTrailers({ 'grpc-status': typeof what === 'number' ? String(what) : '0' })
  })
  if (typeof what === 'number') {
    stream.end()
    return
  }
  const head = Buffer.alloc(5)
  head.writeUInt32BE(what.length, 1)
  stream.end(Buffer.concat([head, what]))
}

test('without ordering two requests are concurrent, and the first response is used first', async () => {
  const { puller, waiting, until } = await server({ enableMessageOrdering: false })
  const first = puller.pull(never)
  await until(1)
  waiting[0]?.(['a'])
  expect((await first).map(({ handle }) => handle)).toEqual(['a'])
  const second = puller.pull(never)
  await until(3)
  waiting[2]?.(['b', 'c'])
  expect((await second).map(({ handle }) => handle)).toEqual(['b', 'c'])
  const third = puller.pull(never)
  waiting[1]?.(['d'])
  expect((await third).map(({ handle }) => handle)).toEqual(['d'])
})

test.each([
  ['with order', { enableMessageOrdering: true }],
  ['without view permission', 'not shown'],
] as const)('a subscription %s has one request at a time', async (_, subscription) => {
  const { puller, waiting, until } = await server(subscription)
  for (let at = 0; at < 4; at++) {
    const pulled = puller.pull(never)
    await until(at + 1)
    waiting[at]?.([String(at)])
    expect((await pulled).map(({ handle }) => handle)).toEqual([String(at)])
    // After all pending requests.
    await puller.ack([String(at)])
    expect(waiting).toHaveLength(at + 2)
  }
})

test('a complete response may arrive before its messages are pulled', async () => {
  const { puller, sessions, waiting, until } = await server({ enableMessageOrdering: true })
  const pulled = puller.pull(never)
  await until(1)
  const [session] = sessions
  expect([session?.remoteSettings.initialWindowSize, session?.state.remoteWindowSize]).toEqual([4 << 20, 4 << 20])
  waiting[0]?.(['a'])
  await pulled
})
