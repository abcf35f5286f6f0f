import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { eventBatch, numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { deliverAll, settle } from '../../../test/conformance/deliver.ts'
import { auth, region, type AwsServer } from '../../../test/kit/aws-server.ts'
import { startFauxqs } from '../../../test/kit/fauxqs.ts'
import type { Sink } from '../../engine/contracts.ts'
import type { WeirEvent } from '../../model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { sqsSchema } from './config.ts'
import { sink as sqs } from './sink.ts'

const never = new AbortController().signal

let server: AwsServer

beforeAll(async () => {
  server = await startFauxqs()
})
afterAll(() => server.close())

async function sinkTo(name: string, more: Partial<WrittenConfigOf<typeof sqsSchema>> = {}): Promise<Sink> {
  return sqs.build(
    configFrom(sqsSchema, { queue_url: await server.makeQueue(name), region, auth, timeout: '5s', ...more }),
    testContext(),
  )
}

const event: WeirEvent = {
  id: '1',
  source: '/s',
  type: 'com.example.a',
  subject: 'grün',
  family: 'audit',
  key: 'a key',
  encoding: 'json',
  datacontenttype: 'application/json',
  data: Buffer.from('{"a":1}'),
}

test('a plain client receives one CloudEvent in JSON with filter attributes, in the group of its key', async () => {
  const sink = await sinkTo('plain.fifo')
  await deliverAll(sink, [event])
  const [message] = await server.take('plain.fifo')
  expect(JSON.parse(message?.Body ?? '')).toMatchObject({
    specversion: '1.0',
    id: '1',
    source: '/s',
    type: 'com.example.a',
    subject: 'grün',
    data: { a: 1 },
  })
  expect(
    Object.fromEntries(
      Object.entries(message?.MessageAttributes ?? {}).map(([name, { StringValue }]) => [name, StringValue]),
    ),
  ).toEqual({ type: 'com.example.a', family: 'audit', 'content-type': 'application/cloudevents+json; charset=utf-8' })
  expect(message?.Attributes).toMatchObject({
    MessageGroupId: expect.stringMatching(/^[\w-]{43}$/),
    MessageDeduplicationId: expect.stringMatching(/^[\w-]{43}$/),
  })
  await sink.close()
})

test('raw bytes are marked base64', async () => {
  const sink = await sinkTo('raw', { mode: 'raw' })
  await deliverAll(sink, [
    { ...event, encoding: 'binary', datacontenttype: 'application/octet-stream', data: Buffer.from([0xff, 0, 1]) },
  ])
  const [message] = await server.take('raw')
  expect(Buffer.from(message?.Body ?? '', 'base64')).toEqual(Buffer.from([0xff, 0, 1]))
  expect(message?.MessageAttributes?.['base64encoded']?.StringValue).toBe('true')
  await sink.close()
})

test('events of a key stay in order when one of them fails within full requests', async () => {
  const sink = await sinkTo('order.fifo')
  const events = Array.from({ length: 60 }, (_, index): WeirEvent => ({
    ...event,
    id: `o${index}`,
    key: `key ${index % 5}`,
  }))
  server.fail(['"id":"o21"', '"id":"o33"'])
  const first = await settle(sink, eventBatch(events, 't'), never)
  server.fail([])
  expect(first.failures.map(({ index }) => index)).toEqual(
    events.flatMap((_, index) => ((index % 5 === 1 && index >= 21) || (index % 5 === 3 && index >= 33) ? [index] : [])),
  )
  await deliverAll(
    sink,
    first.failures.flatMap(({ index }) => events[index] ?? []),
  )
  const ids = (await server.take('order.fifo')).map(({ Body = '' }) => (JSON.parse(Body) as { id: string }).id)
  expect(ids).toHaveLength(60)
  for (let key = 0; key < 5; key++)
    expect(ids.filter((id) => Number(id.slice(1)) % 5 === key)).toEqual(
      events.filter((_, index) => index % 5 === key).map(({ id }) => id),
    )
  await sink.close()
})

test('rejected credentials are read again, and nothing is lost', async () => {
  const sink = await sinkTo('login', {
    auth: { ...auth, secret_access_key: 'env:WEIR_TEST_AWS_ROTATING', session_token: 'env:WEIR_TEST_AWS_SESSION' },
  })
  // A missing secret is retried.
  expect((await settle(sink, eventBatch([event], 't'), never)).failures).toMatchObject([
    { is: 'retry', reason: expect.stringContaining('WEIR_TEST_AWS_ROTATING') },
  ])
  vi.stubEnv('WEIR_TEST_AWS_ROTATING', 'old')
  vi.stubEnv('WEIR_TEST_AWS_SESSION', 'old')
  server.answer({ status: 403, code: 'ExpiredToken' })
  expect((await settle(sink, eventBatch([event], 't'), never)).failures).toMatchObject([
    { is: 'retry', reason: expect.stringContaining('AWS rejected the login') },
  ])
  server.answer(undefined)
  vi.stubEnv('WEIR_TEST_AWS_ROTATING', 'new')
  vi.stubEnv('WEIR_TEST_AWS_SESSION', 'new-session')
  await deliverAll(sink, [event])
  expect(server.tokens.slice(-2)).toEqual(['old', 'new-session'])
  expect(await server.take('login')).toHaveLength(1)
  await sink.close()
})

test('shared credential files with profiles are read again after AWS rejects a login', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'weir-aws-'))
  const file = join(dir, 'credentials')
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', file)
  vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'none'))
  const write = (id: string): Promise<void> =>
    writeFile(file, `[weir]\naws_access_key_id = ${id}\naws_secret_access_key = s\n`)
  try {
    await write('AKIAFIRST')
    const sink = await sinkTo('profile', { auth: { type: 'default', profile: 'weir' } })
    server.answer({ status: 403, code: 'InvalidClientTokenId' })
    expect((await settle(sink, eventBatch([event], 't'), never)).failures).toMatchObject([{ is: 'retry' }])
    server.answer(undefined)
    await write('AKIASECOND')
    await deliverAll(sink, [event])
    expect(server.seen.slice(-2)).toEqual(['AKIAFIRST', 'AKIASECOND'])
    await sink.close()
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('requests are filled to the limit, and a message of 1 MiB is sent if `max_message` permits it', async () => {
  const sink = await sinkTo('full', { max_message: '1MiB' })
  const before = server.seen.length
  await deliverAll(
    sink,
    numberedEvents(60, 'f').map(({ key: _, ...one }) => one),
  )
  expect(server.seen.length - before).toBe(6)
  const large = (id: string, bytes: number): WeirEvent => ({
    ...event,
    id,
    key: id,
    data: Buffer.from(JSON.stringify('x'.repeat(bytes))),
  })
  await deliverAll(sink, [large('l1', 1_048_000), large('l2', 700_000), large('l3', 300_000)])
  expect(server.seen.length - before).toBe(8)
  const { failures } = await settle(sink, eventBatch([large('l4', 1_048_576), event], 't'), never)
  expect(failures).toMatchObject([
    { index: 0, is: 'reject', reason: expect.stringContaining('`max_message` is 1048576') },
  ])
  expect((await server.take('full')).map(({ Body = '' }) => (JSON.parse(Body) as { id: string }).id)).toEqual(
    expect.arrayContaining(['l1', 'l2', 'l3', '1']),
  )
  await sink.close()
})

test.each<[Partial<WrittenConfigOf<typeof sqsSchema>>, string]>([
  [{ queue_url: 'https://sqs.eu-central-1.amazonaws.com/' }, 'names no queue'],
  [{ mode: 'binary' }, 'supports ten attributes'],
  [{ codec: 'kollect' }, 'set `mode: raw`'],
  [{ group: 'a b' }, 'up to 128 letters'],
  [{ max_message: '2MiB' }, '1MiB'],
])('the settings %j are rejected: %s', (written, complaint) => {
  expect(() => configFrom(sqsSchema, { queue_url: 'https://sqs.eu-central-1.amazonaws.com/1/q', ...written })).toThrow(
    complaint,
  )
})
