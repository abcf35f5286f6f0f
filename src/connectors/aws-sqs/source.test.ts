import { PublishCommand, SNSClient } from '@aws-sdk/client-sns'
import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testContext } from '../../../test/conformance/batches.ts'
import { deliverAll } from '../../../test/conformance/deliver.ts'
import { TestJournal } from '../../../test/conformance/test-journal.ts'
import { auth, credentials, region, type AwsServer } from '../../../test/kit/aws-server.ts'
import { bodyOf, eventsOf, structured } from '../../../test/kit/aws-side.ts'
import { anyChanges, changeEvent } from '../../../test/kit/changes.ts'
import { startFauxqs } from '../../../test/kit/fauxqs.ts'
import type { SourceContext } from '../../engine/contracts.ts'
import type { WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { sqsSchema, sqsSourceSchema } from './config.ts'
import { sink as sqs } from './sink.ts'
import { source as sqsSource } from './source.ts'

let server: AwsServer

beforeAll(async () => {
  server = await startFauxqs()
})
afterAll(() => server.close())

type Written = WrittenConfigOf<typeof sqsSourceSchema>

/** A running source with its own journal. */
async function reading(
  url: string,
  journal: TestJournal,
  written: Partial<Written> = {},
  more: Partial<SourceContext> = {},
): Promise<{ readonly stop: () => Promise<void> }> {
  const source = await sqsSource.build(configFrom(sqsSourceSchema, { queue_url: url, region, auth, ...written }), {
    ...journal.context(1),
    ...more,
  })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  return {
    stop: async () => {
      abort.abort()
      await done
    },
  }
}

test('SNS envelopes are unwrapped, base64 is decoded, and all of a hundred messages are deleted', async () => {
  const arn = await (async () => {
    await server.makeQueue('wrapped')
    return server.makeTopic('wrapped', false)
  })()
  const url = await server.makeQueue('wrapped')
  const sns = new SNSClient({ region, endpoint: server.url, credentials })
  await sns.send(new PublishCommand({ TopicArn: arn, Message: bodyOf('through-sns'), MessageAttributes: structured }))
  sns.destroy()
  for (let from = 0; from < 100; from += 10) {
    await server.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: Array.from({ length: 10 }, (_, index) => ({
          Id: String(index),
          MessageBody: bodyOf(from + index),
          MessageAttributes: structured,
        })),
      }),
    )
  }
  await server.sqs.send(
    new SendMessageCommand({
      QueueUrl: url,
      MessageBody: Buffer.from(bodyOf('in-base64')).toString('base64'),
      MessageAttributes: { ...structured, base64encoded: { DataType: 'String', StringValue: 'true' } },
    }),
  )
  const journal = new TestJournal()
  const running = await reading(url, journal)
  const ids = (): string[] => journal.units.flatMap(eventsOf).map(({ id }) => id)
  await expect.poll(() => new Set(ids()).size, { timeout: 30_000 }).toBe(102)
  expect(ids()).toEqual(expect.arrayContaining(['through-sns', 'in-base64', '0', '99']))
  await running.stop()
  expect(await server.take('wrapped')).toEqual([])
})

test('a missing queue is reported, and read once it exists; with codec json the position is the id', async () => {
  const lines: string[] = []
  const say = (message: string, fields?: Record<string, unknown>): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const journal = new TestJournal()
  const running = await reading(
    server.urlOf('later'),
    journal,
    { codec: 'json', event_type: 'io.orders' },
    { log: { debug: say, info: say, warn: say, error: say } },
  )
  await expect.poll(() => lines.join(), { timeout: 20_000 }).toContain('queue later does not exist; create it')
  const url = await server.makeQueue('later')
  const { MessageId: id } = await server.sqs.send(new SendMessageCommand({ QueueUrl: url, MessageBody: '{"order":1}' }))
  await expect
    .poll(() => journal.units.flatMap(eventsOf), { timeout: 30_000 })
    .toMatchObject([
      {
        id: `later/${id}`,
        source: expect.stringMatching(/^\/weir\/\w+$/) as string,
        type: 'io.orders',
        encoding: 'json',
        time: expect.any(Number) as number,
      },
    ])
  await running.stop()
})

test.each([
  ["kollect's messages", { codec: 'kollect', mode: 'raw' }, 'kollect'],
  ['CloudEvents in protobuf', { mode: 'protobuf' }, 'cloudevents'],
] as const)('changes that the sink wrote as %s, in base64, are read back unchanged', async (_what, form, codec) => {
  const url = await server.makeQueue(`changes-${codec}.fifo`)
  const sink = await sqs.build(
    configFrom(sqsSchema, { queue_url: url, region, auth, ...form, timeout: '5s' }),
    testContext(),
  )
  const sent = anyChanges(5, 12, 'c1').map((change) => changeEvent(change, 1_780_000_000_000))
  await deliverAll(sink, sent)
  await sink.close()
  const journal = new TestJournal()
  const running = await reading(url, journal, { codec })
  const found = (): readonly WeirEvent[] => journal.units.flatMap(eventsOf)
  await expect.poll(() => found().length, { timeout: 20_000 }).toBe(12)
  await running.stop()
  const summary = (events: readonly WeirEvent[]) =>
    events
      .map(({ type, key = '', ref, subject, time, family }) => ({ type, key, ref, subject, time, family }))
      .toSorted((a, b) => a.key.localeCompare(b.key))
  expect(summary(found())).toEqual(summary(sent))
})

test.each<[Partial<Written>, string]>([
  [{ queue_url: 'https://sqs.eu-central-1.amazonaws.com/' }, 'names no queue'],
  [{ visibility: '1s' }, '2s'],
  [{ requests: 0 }, '1'],
])('the settings %j are rejected: %s', (written, complaint) => {
  expect(() =>
    configFrom(sqsSourceSchema, { queue_url: 'https://sqs.eu-central-1.amazonaws.com/1/q', ...written }),
  ).toThrow(complaint)
})
