// The SQS and SNS side of the conformance suites: a target from which a queue receives.
import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { setTimeout as sleep } from 'node:timers/promises'
import { rejectedType } from '../../src/codecs/bus-message/read.ts'
import { snsSchema } from '../../src/connectors/aws-sns/config.ts'
import { sink as sns } from '../../src/connectors/aws-sns/sink.ts'
import { sqsSchema, sqsSourceSchema } from '../../src/connectors/aws-sqs/config.ts'
import { sink as sqs } from '../../src/connectors/aws-sqs/sink.ts'
import { source as sqsSource } from '../../src/connectors/aws-sqs/source.ts'
import type { Context, Sink } from '../../src/engine/contracts.ts'
import { decodeBatch } from '../../src/journal/bodies.ts'
import type { EventBatch } from '../../src/model/batches.ts'
import { eventAt, type WeirEvent } from '../../src/model/events.ts'
import { configFrom } from '../../src/schema/index.ts'
import { numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { deliverAll } from '../conformance/deliver.ts'
import type { OtherSide, SinkHarness } from '../conformance/sink.ts'
import { keyOf, type Answer, type SourceHarness } from '../conformance/source.ts'
import type { NewUnit } from '../conformance/test-journal.ts'
import { auth, region, type AwsServer } from './aws-server.ts'

type Server = () => AwsServer
type Ending = '' | '.fifo'

/** Parts of the support table. */
export const plain = {
  sqs: { part: 'plain queues', unordered: true },
  sns: { part: 'plain topics', unordered: true },
} as const
export const fifo = { sqs: { part: 'FIFO queues' }, sns: { part: 'FIFO topics' } } as const

let named = 0

export function sqsSinkOn(server: Server, ending: Ending): SinkHarness {
  return {
    accepts: sqs.accepts,
    idempotency: sqs.idempotency,
    async start() {
      const name = `sink-${++named}${ending}`
      const url = await server().makeQueue(name)
      return awsSide(server(), {
        name,
        mark: '"MessageBody"',
        drop: () => server().dropQueue(name),
        make: () => server().makeQueue(name),
        build: (port, context, timeoutMs) =>
          sqs.build(
            configFrom(sqsSchema, {
              queue_url: url.replace(/:\d+/, `:${port}`),
              region,
              timeout: `${timeoutMs}ms`,
              auth,
            }),
            context,
          ),
      })
    },
  }
}

export function snsSinkOn(server: Server, ending: Ending): SinkHarness {
  return {
    accepts: sns.accepts,
    idempotency: sns.idempotency,
    async start() {
      const name = `place-${++named}${ending}`
      await server().makeQueue(name)
      const topic = await server().makeTopic(name)
      return awsSide(server(), {
        name,
        mark: '.Message=',
        drop: () => server().dropTopic(topic),
        make: () => server().makeTopic(name),
        build: (port, context, timeoutMs) =>
          sns.build(
            configFrom(snsSchema, {
              topic_arn: topic,
              endpoint: `http://127.0.0.1:${port}`,
              timeout: `${timeoutMs}ms`,
              auth,
            }),
            context,
          ),
      })
    },
  }
}

export const structured = {
  'content-type': { DataType: 'String', StringValue: 'application/cloudevents+json; charset=utf-8' },
}

export const bodyOf = (id: number | string): string =>
  JSON.stringify({ specversion: '1.0', id: String(id), source: '/test', type: 'io.test' })

export const eventsOf = (unit: NewUnit): WeirEvent[] => {
  const batch = decodeBatch('events', unit.raw) as EventBatch
  return Array.from({ length: batch.count }, (_, row) => eventAt(batch, row))
}

export function sqsSourceOn(server: Server, ending: Ending): SourceHarness {
  return {
    redelivers: true,
    ...(ending === '' ? {} : { order: 'by key' }),
    numbersIn: (unit) =>
      eventsOf(unit)
        .filter(({ type }) => type !== rejectedType)
        .map(({ id }) => Number(id)),
    async build(context, address) {
      const url = address ?? (await server().makeQueue(`source-${++named}${ending}`))
      let [refused, closed] = [false, false]
      const synced = new Set<string>()
      const source = await sqsSource.build(
        configFrom(sqsSourceSchema, { queue_url: url, region, auth, visibility: '2s' }),
        {
          ...context,
          append: async (unit) => {
            const appended = await context.append(unit).catch((error: unknown) => {
              refused = true
              throw error
            })
            for (const { id, type } of eventsOf(unit)) synced.add(type === rejectedType ? 'rejected' : id)
            return appended
          },
        },
      )
      const wait = async (ids: readonly string[]): Promise<Answer> => {
        for (let waited = 0; waited < 20_000 && !refused && !closed; waited += 10) {
          if (ids.every((id) => synced.has(id))) return 'accepted'
          await sleep(10)
        }
        return 'retry'
      }
      const placed = (group: string, id: string) =>
        ending === '' ? {} : { MessageGroupId: group, MessageDeduplicationId: id }
      return {
        source,
        async send(numbers) {
          refused = false
          // A request takes at most ten.
          for (let at = 0; at < numbers.length; at += 10)
            await server().sqs.send(
              new SendMessageBatchCommand({
                QueueUrl: url,
                Entries: numbers.slice(at, at + 10).map((one) => ({
                  Id: String(one),
                  MessageBody: bodyOf(one),
                  MessageAttributes: structured,
                  ...placed(keyOf(one), String(one)),
                })),
              }),
            )
          return wait(numbers.map(String))
        },
        async sendMalformed() {
          await server().sqs.send(
            new SendMessageCommand({ QueueUrl: url, MessageBody: 'not an event', ...placed('none', 'none') }),
          )
          return (await wait(['rejected'])) === 'accepted' ? 'refused' : 'retry'
        },
        close() {
          closed = true
          return Promise.resolve()
        },
      }
    },
  }
}

interface AwsPlace {
  /** The queue that receives the messages; the name of a FIFO queue ends in `.fifo`. */
  readonly name: string
  build(port: number, context: Context, timeoutMs: number): Promise<Sink>
  /** Deletes and recreates the target. */
  drop(): Promise<void>
  make(): Promise<unknown>
  /** Text at the start of each message in a request. */
  readonly mark: string
}

async function awsSide(server: AwsServer, { name, build: buildAt, drop, make, mark }: AwsPlace): Promise<OtherSide> {
  const proxy = await cutProxy(server.port)
  const taken: string[] = []
  const received = async (): Promise<string[]> => {
    for (const { Body = '' } of await server.take(name)) taken.push((JSON.parse(Body) as { id: string }).id)
    return taken
  }
  const build: OtherSide['build'] = (context, timeoutMs) => buildAt(proxy.port, context, timeoutMs)
  return {
    build,
    received,
    // FIFO queues drop duplicates within five minutes; with others the consumer does, by source and id.
    held: async () => (name.endsWith('.fifo') ? received() : [...new Set(await received())]),
    refuse: async (on) => {
      await (on ? drop() : make())
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, mark)),
    fail: (ids) => Promise.resolve(server.fail([...ids].map((id) => `"id":"${id}"`))),
    poison: () => Promise.resolve(),
    poisoned: (event) => ({ ...event, data: Buffer.from(JSON.stringify('x'.repeat(300_000))) }),
    async duplicateAck() {
      const other = await build(testContext(), 10_000)
      await deliverAll(other, numberedEvents(20, 'u'))
      await other.close()
    },
    restart: () => server.restart(),
    stop: () => proxy.close(),
  }
}
