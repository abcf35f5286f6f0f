import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { pubsubSchema } from '../../src/connectors/gcppubsub/config.ts'
import { pubsub } from '../../src/connectors/gcppubsub/index.ts'
import type { Sink } from '../../src/engine/ports.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { configFrom } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll, settle } from '../conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { canRunPubsub, needPubsub, startPubsub, type PubsubEmulator } from './kit/pubsub.ts'

let server: PubsubEmulator
let named = 0

/** One emulator for the file; every test has a topic of its own. */
beforeAll(async () => { if (canRunPubsub()) server = await startPubsub() })
afterAll(() => server?.[Symbol.asyncDispose]())
beforeEach((context) => { needPubsub(context) })

async function startOther(): Promise<OtherSide> {
  const name = `topic-${++named}`
  const topic = await server.makeTopic(name)
  const proxy = await cutProxy(server.port)
  const taken: { id: string; message: string }[] = []
  const take = async (): Promise<typeof taken> => {
    for (const { attributes } of await server.take(name)) taken.push({ id: attributes['ce-id'] ?? '', message: attributes['id'] ?? '' })
    return taken
  }
  const build: OtherSide['build'] = (context, timeoutMs) => pubsub.build(configFrom(pubsubSchema, { topic, emulator: `127.0.0.1:${proxy.port}`, timeout: `${timeoutMs}ms` }), context)
  return {
    build,
    received: async () => (await take()).map(({ id }) => id),
    // A consumer tells repeats by the attribute `id`.
    held: async () => [...new Map((await take()).map(({ id, message }) => [message, id])).values()],
    refuse: async (on) => { await (on ? server.dropTopic(name) : server.makeTopic(name)) },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, '/conformance')),
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, subject: 'x'.repeat(1100) }),
    async duplicateAck() {
      const other = await build(testContext(), 10_000)
      await deliverAll(other, numberedEvents(20, 'u'))
      await other.close()
    },
    stop: () => proxy.close(),
  }
}

sinkConformance('gcppubsub', { accepts: pubsub.accepts, idempotency: pubsub.idempotency, start: startOther })

const event: WeirEvent = { id: '1', source: '/s', type: 'com.example.a', subject: 'grün', family: 'audit', key: 'k', encoding: 'json', datacontenttype: 'application/json', data: Buffer.from('{"a":1}') }
const sinkTo = (topic: string): Promise<Sink> => pubsub.build(configFrom(pubsubSchema, { topic, emulator: `127.0.0.1:${server.port}` }), testContext())

test('a plain client sees the data, the attributes as CloudEvents names them, and the key', async () => {
  const sink = await sinkTo(await server.makeTopic('plain'))
  await deliverAll(sink, [event, { ...event, id: '2', encoding: 'binary', datacontenttype: 'application/octet-stream', data: Buffer.from([0xff, 0]) }])
  const [first, second] = await server.take('plain')
  expect(first).toMatchObject({ data: Buffer.from('{"a":1}'), orderingKey: 'k', attributes: { 'ce-id': '1', 'ce-source': '/s', 'ce-type': 'com.example.a', 'ce-subject': 'grün', 'ce-specversion': '1.0', 'Content-Type': 'application/json', family: 'audit', id: expect.stringMatching(/^[\w-]{43}$/) } })
  expect(second?.data).toEqual(Buffer.from([0xff, 0]))
  await sink.close()
})

test('more than a request may hold goes out in several, in order, and what is larger than 10 MB is refused', async () => {
  const sink = await sinkTo(await server.makeTopic('large'))
  const large = (id: string, megabytes: number): WeirEvent => ({ id, source: '/s', type: 'com.example.a', encoding: 'binary', data: Buffer.alloc(megabytes * 1_000_000, 'x') })
  const { failures } = await settle(sink, eventBatch([large('l1', 4), large('l2', 4), large('l3', 4), large('l4', 10)], 't'), new AbortController().signal)
  expect(failures).toMatchObject([{ index: 3, is: 'reject', reason: expect.stringContaining('10 MB') }])
  expect((await server.take('large')).map(({ attributes }) => attributes['ce-id'])).toEqual(expect.arrayContaining(['l1', 'l2', 'l3']))
  await sink.close()
})
