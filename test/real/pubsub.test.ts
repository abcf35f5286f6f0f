// Sink and source `gcppubsub` against Google's own emulator.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PubSub, v1 } from '@google-cloud/pubsub'
import { PassThroughClient } from 'google-auth-library'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { launch } from '../../src/cli/testing/launch.ts'
import { rejectedType } from '../../src/codecs/bus-message/read.ts'
import { decodeEnvelope } from '../../src/codecs/kollect/index.ts'
import { gcppubsubSchema, gcppubsubSourceSchema } from '../../src/connectors/gcppubsub/config.ts'
import { sink as gcppubsub } from '../../src/connectors/gcppubsub/sink.ts'
import { source as gcppubsubSource } from '../../src/connectors/gcppubsub/source.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { keyOf, sourceConformance, type Answer } from '../conformance/source.ts'
import type { NewUnit } from '../conformance/test-journal.ts'
import { anyChanges, changeEvent } from '../kit/changes.ts'
import type { Against } from '../kit/proof.ts'
import { startWeir } from '../kit/weir-process.ts'
import { findPubSub, pubsub as program } from './install/pubsub.ts'
import { startPubSub, type PubSubServer } from './kit/pubsub.ts'
import { readOnce } from './kit/read-once.ts'

const never = new AbortController().signal
const project = 'weir-test'
let server: PubSubServer
let publisher: v1.PublisherClient
let subscriber: v1.SubscriberClient
let dir = ''
let number = 0
/** It does not report its version: that of its file. */
const against: Against = { system: 'gcppubsub', server: 'Google’s emulator', version: () => program.version }

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-pubsub-'))
  if ((await findPubSub()).path === undefined) return
  server = await startPubSub()
  const options = await new PubSub({
    projectId: project,
    apiEndpoint: server.endpoint,
    emulatorMode: true,
    authClient: new PassThroughClient(),
  }).getClientConfig()
  publisher = new v1.PublisherClient(options as ConstructorParameters<typeof v1.PublisherClient>[0])
  subscriber = new v1.SubscriberClient(options as ConstructorParameters<typeof v1.SubscriberClient>[0])
}, 90_000)

beforeEach(async (context) => {
  const found = await findPubSub()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await publisher?.close()
  await subscriber?.close()
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

interface Message {
  readonly attributes: Readonly<Record<string, string>>
  readonly data: Buffer
  readonly key: string
}

/** A topic with an ordered subscription, read by Google's client. */
class Topic {
  readonly name = `topic-${++number}`
  readonly #seen: Message[] = []

  get #topic(): string {
    return `projects/${project}/topics/${this.name}`
  }

  get #subscription(): string {
    return `projects/${project}/subscriptions/${this.name}`
  }

  async create(): Promise<this> {
    await publisher.createTopic({ name: this.#topic })
    await subscriber.createSubscription({ name: this.#subscription, topic: this.#topic, enableMessageOrdering: true })
    return this
  }

  async remove(): Promise<void> {
    await this.messages()
    await publisher.deleteTopic({ topic: this.#topic })
    await subscriber.deleteSubscription({ subscription: this.#subscription })
  }

  publish(message: {
    readonly data: Uint8Array
    readonly attributes?: Record<string, string>
    readonly orderingKey?: string
  }): Promise<unknown> {
    return publisher.publish({ topic: this.#topic, messages: [message] })
  }

  /** All messages so far, in the order of the subscription. */
  async messages(): Promise<readonly Message[]> {
    for (;;) {
      const [{ receivedMessages }] = await subscriber.pull({
        subscription: this.#subscription,
        maxMessages: 1000,
        returnImmediately: true,
      })
      if ((receivedMessages ?? []).length === 0) return this.#seen
      for (const { message } of receivedMessages ?? [])
        this.#seen.push({
          attributes: message?.attributes ?? {},
          data: Buffer.from((message?.data ?? '') as Uint8Array),
          key: message?.orderingKey ?? '',
        })
      await subscriber.acknowledge({
        subscription: this.#subscription,
        ackIds: (receivedMessages ?? []).map(({ ackId }) => ackId ?? ''),
      })
    }
  }
}

type Written = WrittenConfigOf<typeof gcppubsubSchema>

function sinkFor(topic: string, written: Partial<Written> = {}): Promise<Sink> {
  return gcppubsub.build(
    configFrom(gcppubsubSchema, { project, topic, endpoint: server.endpoint, auth: { type: 'none' }, ...written }),
    testContext(),
  )
}

async function startOther(): Promise<OtherSide> {
  const proxy = await cutProxy(server.port)
  const topic = await new Topic().create()
  return {
    build: (context, timeoutMs) =>
      gcppubsub.build(
        configFrom(gcppubsubSchema, {
          project,
          topic: topic.name,
          endpoint: `127.0.0.1:${proxy.port}`,
          auth: { type: 'none' },
          timeout: `${timeoutMs}ms`,
        }),
        context,
      ),
    received: async () => (await topic.messages()).map(({ attributes }) => attributes['ce-id'] ?? ''),
    // There is no such topic.
    refuse: async (on) => {
      await (on ? topic.remove() : topic.create())
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, '"number"')),
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, extensions: { long: 'x'.repeat(2000) } }),
    async restart() {
      await topic.messages()
      await server.restart()
      await topic.create()
    },
    stop: () => proxy.close(),
  }
}

sinkConformance(
  'gcppubsub',
  { accepts: gcppubsub.accepts, idempotency: gcppubsub.idempotency, start: startOther },
  against,
)

describe('gcppubsub: the sink', () => {
  test('a message is the event in binary mode: attributes, data as it is, the key as ordering key', async () => {
    const topic = await new Topic().create()
    const sink = await sinkFor(topic.name)
    const [event] = numberedEvents(1, 'e')
    expect(
      await sink.send(
        eventBatch(
          [{ ...event!, key: 'k1', family: 'audit', time: 1_714_521_600_000, subject: 'grün', extensions: { n: 7 } }],
          't',
        ),
        never,
      ),
    ).toEqual([])
    expect(await topic.messages()).toEqual([
      {
        key: 'k1',
        data: Buffer.from('{"number":0}'),
        attributes: {
          'ce-specversion': '1.0',
          'ce-id': 'e0',
          'ce-source': '/conformance',
          'ce-type': 'io.weir.test',
          'ce-subject': 'grün',
          'ce-time': '2024-05-01T00:00:00.000Z',
          'ce-weirfamily': 'audit',
          'ce-partitionkey': 'k1',
          'ce-n': '7',
          'content-type': 'application/json',
          family: 'audit',
          type: 'io.weir.test',
        },
      },
    ])
    await sink.close()
  })

  test('codec kollect: the payload is the envelope, the key kollect’s, and its subject is an attribute', async () => {
    const topic = await new Topic().create()
    const sink = await sinkFor(topic.name, { codec: 'kollect', mode: 'raw' })
    const events = anyChanges(3, 20, 'c1').map((change, index) => changeEvent(change, index))
    expect(await sink.send(eventBatch(events, 't'), never)).toEqual([])
    const messages = await topic.messages()
    expect(messages).toHaveLength(events.length)
    for (const { data, attributes, key } of messages) {
      const { payload } = decodeEnvelope(data)
      if (payload.is === 'unknown') throw new Error(payload.typeUrl)
      expect(key).toContain(payload.uid)
      expect(attributes).toMatchObject({
        cluster: payload.clusterId,
        kind: payload.kind,
        name: payload.name,
        family: 'change',
      })
    }
    await sink.close()
  })

  test('a megabyte is delivered; a message over the limit of Pub/Sub is rejected alone', async () => {
    const topic = await new Topic().create()
    const sink = await sinkFor(topic.name, { timeout: '30s' })
    const events = numberedEvents(4, 'l').map((event, index) =>
      index === 1
        ? { ...event, data: Buffer.from(JSON.stringify('x'.repeat(1 << 20))) }
        : index === 2
          ? { ...event, data: Buffer.from(JSON.stringify('x'.repeat(10_100_000))) }
          : event,
    )
    const failures = await sink.send(eventBatch(events, 't'), never)
    expect(failures).toEqual([
      { index: 2, is: 'reject', reason: expect.stringContaining('exceeds the limit of Pub/Sub') as string },
    ])
    expect(
      (await topic.messages()).map(({ attributes }) => attributes['ce-id'] ?? '').sort((a, b) => a.localeCompare(b)),
    ).toEqual(['l0', 'l1', 'l3'])
    await sink.close()
  }, 90_000)

  test('a missing topic, an invalid key and an unreachable server are reported with the remedy', async () => {
    const topic = new Topic()
    const sink = await sinkFor(topic.name, { timeout: '3s' })
    const batch = eventBatch(numberedEvents(3, 'm'), 't')
    expect((await sink.send(batch, never)).map(({ is, reason }) => `${is} ${reason}`)[0]).toMatch(
      /^retry projects\/weir-test\/topics\/topic-\d+ not found .*; create it/,
    )
    expect((await sink.probe?.(never))?.message).toMatch(/^projects\/weir-test\/topics\/.* not found/)
    await topic.create()
    expect(await sink.send(batch, never)).toEqual([])
    expect(await topic.messages()).toHaveLength(3)
    await sink.close()
    const keyless = await gcppubsub.build(
      configFrom(gcppubsubSchema, { project, topic: topic.name, auth: { type: 'key', key: '{"no":"key"}' } }),
      testContext(),
    )
    expect((await keyless.send(batch, never))[0]?.reason).toContain('`auth.key` is not the key of a service account')
    await keyless.close()
    const away = await sinkFor(topic.name, { endpoint: '127.0.0.1:1', timeout: '1s' })
    expect((await away.send(batch, never))[0]).toMatchObject({
      is: 'retry',
      reason: expect.stringContaining("Pub/Sub can't be used") as string,
    })
    await away.close()
  }, 60_000)
})

test('gcppubsub: weir bus check writes a message, and receives it through a temporary subscription', async () => {
  const topic = await new Topic().create()
  const ran = await launch(['bus', 'check', `gcppubsub://${project}/${topic.name}`, '-o', 'json'], {
    env: { PUBSUB_EMULATOR_HOST: server.endpoint },
  })
  const { checks } = JSON.parse(ran.stdout) as {
    checks: readonly { readonly check: string; readonly status: string }[]
  }
  expect(checks.map(({ check, status }) => `${check} ${status}`)).toEqual(['connect ok', 'write ok', 'read ok'])
  const [subscriptions] = await publisher.listTopicSubscriptions({ topic: `projects/${project}/topics/${topic.name}` })
  expect(subscriptions).toEqual([`projects/${project}/subscriptions/${topic.name}`])
})

const eventsOf = (unit: NewUnit): WeirEvent[] => {
  const batch = decodeBatch('events', unit.raw) as EventBatch
  return Array.from({ length: batch.count }, (_, row) => eventAt(batch, row))
}

sourceConformance(
  'gcppubsub',
  {
    redelivers: true,
    order: 'by key',
    numbersIn: (unit) =>
      eventsOf(unit)
        .filter(({ type }) => type !== rejectedType)
        .map(({ id }) => Number(id)),
    async build(context, address) {
      const name = address?.split('/').at(-1) ?? (await new Topic().create()).name
      const acknowledged = new Set<string>()
      let refused = false
      const source = await gcppubsubSource.build(
        configFrom(gcppubsubSourceSchema, {
          project,
          subscription: name,
          endpoint: server.endpoint,
          auth: { type: 'none' },
          lease: '10s',
        }),
        {
          ...context,
          // Pub/Sub does not confirm acknowledgements: sent a moment after the append.
          append: async (unit) => {
            const appended = await context.append(unit).catch((error: unknown) => {
              refused = true
              throw error
            })
            for (const { id, type } of eventsOf(unit)) acknowledged.add(type === rejectedType ? 'rejected' : id)
            return appended
          },
        },
      )
      const wait = async (ids: readonly string[]): Promise<Answer> => {
        for (let waited = 0; waited < 20_000 && !refused; waited += 20) {
          if (ids.every((id) => acknowledged.has(id))) return 'accepted'
          await sleep(20)
        }
        return 'retry'
      }
      const send = (
        messages: {
          readonly data: Buffer
          readonly attributes?: Record<string, string>
          readonly orderingKey?: string
        }[],
      ): Promise<unknown> => publisher.publish({ topic: `projects/${project}/topics/${name}`, messages })
      return {
        source,
        async send(numbers) {
          refused = false
          for (const one of numbers)
            await send([
              {
                orderingKey: keyOf(one),
                data: Buffer.from('{}'),
                attributes: {
                  'ce-specversion': '1.0',
                  'ce-id': String(one),
                  'ce-source': '/test',
                  'ce-type': 'io.test',
                  'content-type': 'application/json',
                },
              },
            ])
          return wait(numbers.map(String))
        },
        async sendMalformed() {
          await send([{ data: Buffer.from('no event of any kind') }])
          return (await wait(['rejected'])) === 'accepted' ? 'refused' : 'retry'
        },
        close: () => Promise.resolve(),
      }
    },
  },
  against,
)

test('gcppubsub: a subscription is read once and in key order despite kill -9', async () => {
  const topic = await new Topic().create()
  const ids: string[] = []
  const write = async (count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      const id = `e${ids.length}`
      ids.push(id)
      await topic.publish({
        data: Buffer.from(JSON.stringify({ n: ids.length })),
        orderingKey: `k${ids.length % 5}`,
        attributes: {
          'ce-specversion': '1.0',
          'ce-id': id,
          'ce-source': '/test',
          'ce-type': 'io.test',
          'ce-partitionkey': `k${ids.length % 5}`,
          'content-type': 'application/json',
        },
      })
    }
  }
  const config = {
    sources: {
      netflow: { listen: 'off', tcp: 'off' },
      events: {
        type: 'gcppubsub',
        project,
        subscription: topic.name,
        endpoint: server.endpoint,
        auth: { type: 'none' },
        lease: '10s',
      },
    },
  }
  await using weir = await startWeir({ folder: join(dir, 'weir'), config })
  await write(100)
  await topic.publish({ data: Buffer.of(1, 2, 255) })
  const writing = write(200)
  await weir.kill()
  await weir.start()
  await writing
  const stored = async (): Promise<number> =>
    Number((await weir.sql<{ n: number }>("SELECT count(*) AS n FROM events WHERE type = 'io.test'"))[0]?.n)
  await expect.poll(stored, { timeout: 120_000, interval: 200 }).toBeGreaterThanOrEqual(ids.length)
  expect(await readOnce(weir, 'io.test')).toEqual({ ids: ids.toSorted(), disordered: [] })
  await expect
    .poll(() => weir.sql(`SELECT data_base64 FROM events WHERE type = '${rejectedType}'`), { timeout: 60_000 })
    .toEqual([{ data_base64: Buffer.of(1, 2, 255).toString('base64') }])
  expect((await weir.ledger()).balanced).toBe(true)
}, 200_000)

test('the subscription of a source is checked without taking messages', async () => {
  const { name } = await new Topic().create()
  const look = async (subscription: string) =>
    gcppubsubSource.probe?.(
      configFrom(gcppubsubSourceSchema, {
        project,
        subscription,
        endpoint: server.endpoint,
        auth: { type: 'none' },
        timeout: '10s',
      }),
      testContext(),
      never,
    )
  expect(await look(name)).toEqual({
    is: 'ok',
    message: `projects/${project}/subscriptions/${name} exists, of projects/${project}/topics/${name}, ordered by key`,
  })
  expect(await look('nothing')).toMatchObject({
    is: 'fail',
    message: expect.stringContaining('projects/weir-test/subscriptions/nothing not found') as string,
  })
})
