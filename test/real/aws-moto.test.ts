import { ListQueuesCommand } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { checkBus } from '../../src/cli/bus-check.ts'
import { configFrom } from '../../src/schema/index.ts'
import { snsSchema } from '../../src/connectors/aws-sns/config.ts'
import { sink as sns } from '../../src/connectors/aws-sns/sink.ts'
import { sqsSchema, sqsSourceSchema } from '../../src/connectors/aws-sqs/config.ts'
import { source as sqsSource } from '../../src/connectors/aws-sqs/source.ts'
import { numberedEvents, testContext } from '../conformance/batches.ts'
import { deliverAll } from '../conformance/deliver.ts'
import { sinkConformance } from '../conformance/sink.ts'
import { sourceConformance } from '../conformance/source.ts'
import { TestJournal } from '../conformance/test-journal.ts'
import { auth, region } from '../kit/aws-server.ts'
import { eventsOf, fifo, plain, snsSinkOn, sqsSinkOn, sqsSourceOn } from '../kit/aws-side.ts'
import type { Against } from '../kit/proof.ts'
import { installMoto } from './install/moto.ts'
import { startMoto, type VersionedAws } from './kit/aws.ts'

let server: VersionedAws
const against = (system: string, part: Pick<Against, 'part' | 'unordered'>): Against => ({
  system,
  server: 'moto',
  version: () => server.version,
  ...part,
})

beforeAll(async () => {
  if ((await installMoto()).path !== undefined) server = await startMoto()
})

beforeEach(async (context) => {
  const found = await installMoto()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(() => server?.close())

sinkConformance(
  'aws-sqs at moto',
  sqsSinkOn(() => server, ''),
  against('aws-sqs', plain.sqs),
)
sinkConformance(
  'aws-sqs fifo at moto',
  sqsSinkOn(() => server, '.fifo'),
  against('aws-sqs', fifo.sqs),
)
sinkConformance(
  'aws-sns at moto',
  snsSinkOn(() => server, ''),
  against('aws-sns', plain.sns),
)
sinkConformance(
  'aws-sns fifo at moto',
  snsSinkOn(() => server, '.fifo'),
  against('aws-sns', fifo.sns),
)
sourceConformance(
  'aws-sqs at moto',
  sqsSourceOn(() => server, ''),
  against('aws-sqs', plain.sqs),
)
sourceConformance(
  'aws-sqs fifo at moto',
  sqsSourceOn(() => server, '.fifo'),
  against('aws-sqs', fifo.sqs),
)

test.each([
  ['wrapped', false],
  ['raw', true],
])('moto: what our sink gives to SNS our source reads from a queue, %s', async (name, raw) => {
  const url = await server.makeQueue(`through-${name}`)
  const sink = await sns.build(
    configFrom(snsSchema, {
      topic_arn: await server.makeTopic(`through-${name}`, raw),
      endpoint: server.url,
      auth,
      timeout: '5s',
    }),
    testContext(),
  )
  const events = numberedEvents(25, 'n')
  await deliverAll(sink, [
    ...events,
    {
      ...numberedEvents(1, 'bytes')[0]!,
      encoding: 'binary',
      datacontenttype: 'application/octet-stream',
      data: Buffer.of(255, 0, 1),
    },
  ])
  await sink.close()
  const journal = new TestJournal()
  const source = await sqsSource.build(
    configFrom(sqsSourceSchema, { queue_url: url, region, auth }),
    journal.context(1),
  )
  const abort = new AbortController()
  const done = source.run(abort.signal)
  // A message without a response from SNS in time is published again, and is a duplicate.
  const found = () => [...new Map(journal.units.flatMap(eventsOf).map((event) => [event.id, event])).values()]
  await expect.poll(() => found().length, { timeout: 30_000 }).toBe(26)
  abort.abort()
  await done
  const sorted = found().sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }))
  expect(sorted[0]).toMatchObject({
    id: 'bytes0',
    encoding: 'binary',
    datacontenttype: 'application/octet-stream',
    data: Uint8Array.of(255, 0, 1),
  })
  // Without a key, the subject of the event is the key.
  expect(sorted.slice(1).map(({ id, key, data }) => [id, key, Buffer.from(data ?? '').toString()])).toEqual(
    events.map(({ id, subject, key = subject, data }) => [id, key, Buffer.from(data ?? '').toString()]),
  )
  expect(await server.take(`through-${name}`)).toEqual([])
})

test('weir bus check reads from a queue of moto without consuming, and from a topic by a temporary queue', async () => {
  const options = { write: true, mayCreate: true, stepMs: 20_000 }
  const steps = async (type: string, settings: unknown): Promise<string[]> =>
    (await checkBus({ type, settings, notes: [] }, options)).map(({ check, status }) => `${check} ${status}`)
  const all = ['connect ok', 'write ok', 'read ok']
  const url = await server.makeQueue('checked')
  expect(await steps('aws-sqs', configFrom(sqsSchema, { queue_url: url, region, auth }))).toEqual(all)
  expect(await server.take('checked')).toHaveLength(1)
  for (const ending of ['', '.fifo']) {
    await server.makeQueue(`checked-topic${ending}`)
    const topic_arn = await server.makeTopic(`checked-topic${ending}`)
    expect(
      await steps('aws-sns', configFrom(snsSchema, { topic_arn, endpoint: server.url, region, auth })),
      ending,
    ).toEqual(all)
    expect(await server.take(`checked-topic${ending}`)).toHaveLength(1)
  }
  const { QueueUrls: left = [] } = await server.sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'weir-check-' }))
  expect(left).toEqual([])
})
