import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { readPages, type Page } from '../../polling/pages.ts'
import { Checkpoint } from '../../polling/checkpoint.ts'
import type { Host } from '../../host/index.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { MetricStore } from '../../telemetry/metrics.ts'
import { TestJournal } from '../../../test/conformance/test-journal.ts'
import { AwaitedTestSink } from '../../../test/conformance/awaited-sink.ts'
import { QueryScene, minute } from '../../../test/kit/query-scene.ts'
import { auth } from '../../../test/kit/aws-server.ts'
import { eventsOf } from '../../../test/kit/aws-side.ts'
import { TrailServer } from '../../../test/kit/cloudtrail.ts'
import { sharing, SharedLeadership } from '../../../test/kit/shared-leadership.ts'
import { noticeOf, startTrailBucket, trailSource } from '../../../test/kit/trail-bucket.ts'
import { metricTable } from '../../components/manifests.ts'
import { TrailReader } from './client.ts'
import { probeTrail } from './client-probe.ts'
import { cloudtrailSchema, type From } from './config.ts'
import { openCloudtrail } from './source.ts'
import { retentionMs, regionPartition } from './source-partition.ts'

const start = Date.parse('2026-11-21T11:05:00.000Z')
const region = 'eu-central-1'
type Lookup = Extract<WrittenConfigOf<typeof cloudtrailSchema>['from'], { type: 'lookup' }>

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

class Scene extends QueryScene {
  readonly server: TrailServer

  constructor(server: TrailServer) {
    super('aws', start)
    this.server = server
    server.now = () => this.now
  }

  config(written: Partial<Lookup> = {}) {
    return configFrom(cloudtrailSchema, {
      from: { type: 'lookup', regions: [region], ...written },
      endpoint: this.server.url,
      auth,
    })
  }

  /** The checkpoint is in the journal. */
  async poll(
    written: Partial<Lookup> = {},
    limits?: { readonly sliceMs: number; readonly maxEvents: number },
  ): Promise<() => Promise<void>> {
    const config = this.config(written)
    const context = this.context()
    const checkpoint = new Checkpoint(context, retentionMs)
    await checkpoint.restore()
    const reader = new TrailReader({ host: this.host, config, region, note: () => undefined })
    cleanups.push(() => reader.close())
    const place = regionPartition({
      config: config.from as From<'lookup'>,
      context,
      reader,
      checkpoint,
      ...(limits === undefined ? {} : { limits }),
    })
    return () => place.poll(this.signal)
  }
}

async function scene(): Promise<Scene> {
  const server = await new TrailServer().start()
  cleanups.push(() => server.stop())
  return new Scene(server)
}

const record = (id: string, time: number): Record<string, unknown> => ({
  eventID: id,
  eventTime: new Date(time).toISOString(),
  eventName: 'StopInstances',
  eventSource: 'ec2.amazonaws.com',
  awsRegion: region,
  recipientAccountId: '123456789012',
  userIdentity: { type: 'IAMUser', userName: 'jane' },
})
const many = (count: number): Record<string, unknown>[] =>
  Array.from({ length: count }, (_, at) => record(`e${at}`, start - 4 * minute + at * 1000))
const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => `e${at}`)

test('pages of fifty are emitted oldest first, at two requests a second; repeated events are skipped', async () => {
  const it = await scene()
  it.server.put(region, [record('old', start - 16 * minute), ...many(120)])
  const poll = await it.poll()
  await poll()
  expect(it.ids).toEqual(ids(120))
  expect(it.server.received.map(({ start: from, end, token }) => [from, end, token !== undefined])).toEqual([
    [start - 15 * minute, start, false],
    [start - 15 * minute, start, true],
    [start - 15 * minute, start, true],
  ])
  expect(it.slept).toEqual([520, 520])
  it.now += minute
  await poll()
  expect(it.ids).toHaveLength(120)
  expect(it.events[0]).toMatchObject({
    family: 'audit',
    type: 'aws.ec2.StopInstances',
    extensions: { actor: 'jane', tenant: '123456789012' },
  })
})

test('late events are emitted; a restart, a crash and an outage of an hour lose and duplicate nothing', async () => {
  const it = await scene()
  const late = record('late', start - minute)
  it.server.put(region, many(120))
  it.server.put(region, [late], start + 5 * minute)
  await (
    await it.poll()
  )()
  it.now += 6 * minute
  await (
    await it.poll()
  )()
  expect(it.ids).toEqual([...ids(120), 'late'])
  it.server.put(region, [record('away', start + 30 * minute)])
  it.now += 60 * minute
  await (
    await it.poll()
  )()
  expect(it.ids).toEqual([...ids(120), 'late', 'away'])
  expect(it.server.received.at(-2)?.start).toBe(start - 9 * minute)
})

test('the first request covers `backfill`, in slices that shrink when they have too many events', async () => {
  const it = await scene()
  it.server.put(region, [record('week', start - 6 * 24 * 60 * minute), ...many(120)])
  await (
    await it.poll({ backfill: '7d' }, { sliceMs: 24 * 60 * minute, maxEvents: 60 })
  )()
  expect(it.ids).toEqual(['week', ...ids(120)])
})

test('an event of a whole second is emitted once, at any fraction of the clock', async () => {
  const it = await scene()
  it.now += 500
  it.server.put(region, [record('edge', start)])
  const poll = await it.poll()
  for (let cycle = 0; cycle < 17; cycle++, it.now += minute) await poll()
  expect(it.ids).toEqual(['edge'])
})

test('retention is ninety days: older events are missed, logged and counted', async () => {
  const it = await scene()
  await (
    await it.poll()
  )()
  it.now += retentionMs + 60 * minute
  await (
    await it.poll({}, { sliceMs: retentionMs, maxEvents: 1000 })
  )()
  expect(it.lines.join()).toContain('retains events for ninety days')
  expect(it.metrics.value('weir_cloudtrail_missed_seconds_total', { source: 'aws', region })).toBeGreaterThan(3600)
})

test('throttling, server errors and lost connections are retried; a missing response times out', async () => {
  const it = await scene()
  it.server.put(region, many(60))
  for (const fault of [
    { status: 400, code: 'ThrottlingException' },
    { status: 500, code: 'InternalFailure' },
    'drop',
    'silent',
  ] as const)
    it.server.fail(region, fault)
  const polled = (await it.poll())()
  await expect.poll(() => it.server.received.length, { interval: 5, timeout: 20_000 }).toBe(4)
  it.expire()
  await polled
  expect(it.ids).toEqual(ids(60))
  expect(it.slept.filter((ms) => ms >= 1000).length).toBeGreaterThanOrEqual(4)
})

test('the request rate stays within the limit: nothing is throttled at two requests a second', async () => {
  const it = await scene()
  it.server.perSecond = 2
  it.server.put(region, many(120))
  const host: Host = {
    ...it.host,
    timers: {
      ...it.host.timers,
      sleep: (ms) => {
        it.now += ms
        return Promise.resolve()
      },
    },
  }
  const reader = new TrailReader({ host, config: it.config(), region, maxAttempts: 1, note: () => undefined })
  cleanups.push(() => reader.close())
  const read = (next: string | undefined): Promise<Page<object>> =>
    reader.read({ from: start - 15 * minute, to: start }, next, it.signal)
  expect(
    await readPages(read, { api: 'CloudTrail', maxElements: 1000, signal: it.signal, retry: (attempt) => attempt() }),
  ).toHaveLength(120)
})

test('denied access is reported once per cycle, and the other region is read', async () => {
  const it = await scene()
  it.server.put('us-east-1', [record('global', start - minute)])
  it.server.fail(
    region,
    { status: 400, code: 'AccessDeniedException', message: 'not authorized to perform: cloudtrail:LookupEvents' },
    Infinity,
  )
  const source = (await openCloudtrail(it.config({ regions: [region, 'us-east-1'] }), it.context())) as Awaited<
    ReturnType<typeof openCloudtrail>
  > & { status(): { places: readonly { why?: string }[] } }
  const abort = new AbortController()
  const done = source.run(abort.signal)
  await expect
    .poll(() => [it.ids, source.status().places[0]?.why], { interval: 5, timeout: 20_000 })
    .toEqual([['global'], expect.stringContaining('denies access to CloudTrail in eu-central-1')])
  abort.abort()
  await done
  expect(it.lines.filter((line) => line.includes('allow cloudtrail:LookupEvents'))).toHaveLength(1)
})

test('of two replicas one reads the event history, and the other resumes at its end without duplicates', async () => {
  const it = await scene()
  const shared = new SharedLeadership()
  const start = async (instance: string): Promise<{ readonly lines: string[]; readonly stop: () => Promise<void> }> => {
    const lines: string[] = []
    const source = await openCloudtrail(it.config(), sharing(it.context(), shared, instance, lines))
    const abort = new AbortController()
    const done = source.run(abort.signal)
    const stop = async (): Promise<void> => {
      abort.abort()
      await done
    }
    cleanups.push(stop)
    return { lines, stop }
  }
  const recorded = async (...ids: readonly string[]): Promise<void> => {
    await expect.poll(() => it.ids, { interval: 2, timeout: 20_000 }).toEqual(ids)
  }
  it.server.put(region, [record('a', it.now - minute)])
  const one = await start('one')
  await recorded('a')
  const two = await start('two')
  it.server.put(region, [record('b', it.now - minute + 1000)])
  await recorded('a', 'b')
  expect([shared.holder.split(' ')[0], two.lines]).toEqual(['one', []])
  await one.stop()
  it.server.put(region, [record('c', it.now - minute + 2000)])
  await recorded('a', 'b', 'c')
  expect(two.lines.join()).toMatch(/This instance reads events of CloudTrail now/)
})

test.each([
  ['an object without the list', 'no_list', { status: 200, body: '{}' }],
  ['an error with status 200', 'no_list', { status: 200, body: '{"__type":"InternalError","Message":"try later"}' }],
  ['a list of another type', 'no_list', { status: 200, body: '{"Events":{}}' }],
  ['a page of a gateway', 'unreadable', { status: 200, body: '<html>Sorry</html>' }],
  ['half of the JSON', 'unreadable', 'cut'],
  ['the same token again', 'repeated_token', 'repeat'],
] as const)('%s as a page fails the cycle, is counted, and loses no event', async (_, reason, fault) => {
  const it = await scene()
  it.server.put(region, many(120))
  const poll = await it.poll()
  // The malformed page recurs longer than one cycle retries.
  it.server.fail(region, 'none')
  it.server.fail(region, fault, 4)
  await expect(poll()).rejects.toThrow(/CloudTrail (?:answered|responded|gave|repeated)/)
  expect(it.ids).toEqual([])
  expect(it.metrics.value('weir_poll_invalid_responses_total', { source: 'aws', reason })).toBe(4)
  expect(it.lines.join()).toMatch(/nothing is skipped, and the request is retried/)
  // Later than the look-back: only an unchanged cursor finds the events.
  it.now += 60 * minute
  await poll()
  expect(it.ids).toEqual(ids(120))
})

test('a malformed record is counted once and does not stop the source', async () => {
  const it = await scene()
  it.server.put(region, ['no record', record('one', start - minute)])
  const poll = await it.poll()
  await poll()
  await poll()
  expect([it.shed, it.ids]).toEqual([{ malformed: 1 }, ['one']])
})

test('doctor probes regions and reports denied access', async () => {
  const it = await scene()
  const look = () => probeTrail(it.config({ regions: [region, 'us-east-1'] }), it.context(), it.signal)
  expect(await look()).toEqual({
    is: 'ok',
    message: expect.stringContaining('CloudTrail in us-east-1 grants read') as string,
  })
  it.server.fail(region, { status: 400, code: 'AccessDeniedException' })
  expect(await look()).toEqual({
    is: 'fail',
    message: expect.stringContaining('allow cloudtrail:LookupEvents') as string,
  })
})

test('files become events, also through SNS; digests are skipped, and unreadable files have a reason', async () => {
  const bucket = await startTrailBucket()
  cleanups.push(() => bucket.close())
  const queue = await bucket.makeQueue('trail')
  const file = (name: string): string => `AWSLogs/123456789012/CloudTrail/${region}/2026/11/21/${name}.json.gz`
  await bucket.putFile(file('two'), { Records: [record('a', start), 'no record', record('b', start)] })
  await bucket.putFile(file('wrapped'), { Records: [record('c', start)] })
  await bucket.putFile(file('empty'), { Records: [] })
  await bucket.putFile(file('broken'), gzipSync('{}').subarray(0, 12))
  await bucket.putFile(file('other'), { no: 'records' })
  await bucket.announce(queue, [file('two'), file('empty'), 'AWSLogs/123456789012/CloudTrail-Digest/x.json.gz'])
  await bucket.send(queue, {
    Type: 'Notification',
    TopicArn: 'arn:aws:sns:eu-central-1:123456789012:t',
    Message: JSON.stringify(noticeOf(bucket.bucket, [file('wrapped')])),
  })
  await bucket.send(queue, { Service: 'Amazon S3', Event: 's3:TestEvent' })
  await bucket.announce(queue, [file('broken'), file('other'), file('gone')])
  await bucket.announce(queue, [file('two')], { bucket: 'another' })
  await bucket.send(queue, 'hello')
  const journal = new TestJournal()
  const metrics = new MetricStore({ strict: true, table: metricTable })
  const source = await trailSource(bucket, queue, { ...journal.context(1), id: 'aws', metrics })
  const abort = new AbortController()
  const done = source.run(abort.signal)
  const recorded = (): string[] =>
    journal.units
      .flatMap(eventsOf)
      .map(({ id, type, extensions }) =>
        type === 'weir.message.rejected' ? String(extensions?.['reason']).replace(/s3:\S*\/(\S+)/, '$1') : id,
      )
      .sort()
  await expect
    .poll(recorded, { timeout: 20_000 })
    .toEqual([
      'a',
      'b',
      "broken.json.gz can't be decompressed, or exceeds `from.max_file_size` (unexpected end of file)",
      'c',
      'gone.json.gz does not exist',
      'not JSON, so not a notification of S3',
      'not a record of CloudTrail',
      'other.json.gz has no list of records',
      'two.json.gz is in another bucket than `from.bucket` (weir-trail), and is not fetched',
    ])
  abort.abort()
  await done
  expect(await bucket.left(queue)).toBe(0)
  const files = (outcome: string): number => metrics.value('weir_cloudtrail_files_total', { source: 'aws', outcome })
  expect([files('read'), files('skipped'), files('rejected')]).toEqual([3, 1, 4])
})

test('with `ack: sink:out` a message stays in the queue until the sink settles its last record', async () => {
  const bucket = await startTrailBucket()
  cleanups.push(() => bucket.close())
  const queue = await bucket.makeQueue('acknowledged')
  const [journal, sink, waitedFor] = [new TestJournal(), new AwaitedTestSink(0), [] as string[]]
  const source = await trailSource(
    bucket,
    queue,
    {
      ...journal.context(1),
      awaited: (id: string) => {
        waitedFor.push(id)
        return sink
      },
    },
    { ack: 'sink:out' },
  )
  const abort = new AbortController()
  const done = source.run(abort.signal)
  const ids = (): string[] => journal.units.flatMap(eventsOf).map(({ id }) => id)
  // The second file exceeds one unit.
  const records = Array.from({ length: 600 }, (_, at) => ({
    ...record(`b${at}`, start),
    requestParameters: { padding: 'x'.repeat(1000) },
  }))
  await bucket.putFile('AWSLogs/a.json.gz', { Records: [record('a', start)] })
  await bucket.putFile('AWSLogs/b.json.gz', { Records: records })
  await bucket.announce(queue, ['AWSLogs/a.json.gz', 'AWSLogs/b.json.gz'])
  await expect.poll(() => ids().length, { timeout: 20_000 }).toBe(601)
  expect(journal.units.length).toBeGreaterThan(1)
  expect(waitedFor).toEqual(['out'])
  sink.move(journal.units.length - 1)
  await bucket.announce(queue, ['AWSLogs/CloudTrail-Digest/x.json.gz'])
  // A notification without files is acknowledged at once.
  await expect.poll(() => bucket.left(queue), { timeout: 20_000 }).toBe(1)
  sink.move(journal.units.length)
  await expect.poll(() => bucket.left(queue), { timeout: 20_000 }).toBe(0)
  abort.abort()
  await done
})

test('`ack: sink:out` is rejected for the event history without a lease, and a lease for a queue', () => {
  expect(() => configFrom(cloudtrailSchema, { from: { type: 'lookup' }, ack: 'sink:out' })).toThrow(
    'what the checkpoint in a lease covers',
  )
  expect(() =>
    configFrom(cloudtrailSchema, {
      from: { type: 'queue', queue_url: 'https://sqs.eu-central-1.amazonaws.com/1/q', bucket: 'trail' },
      lease: { name: 'trail' },
    }),
  ).toThrow('needs no lease')
})

test('a denied file stays in the queue and blocks no other; an unavailable S3 is retried', async () => {
  const bucket = await startTrailBucket()
  cleanups.push(() => bucket.close())
  let away = 1
  const s3 = createServer(({ url = '' }, response) => {
    if (url.includes('denied'))
      response
        .writeHead(403, { 'content-type': 'application/xml' })
        .end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>')
    else if (url.includes('away') && away-- > 0)
      response
        .writeHead(503, { 'content-type': 'application/xml' })
        .end('<Error><Code>ServiceUnavailable</Code><Message>later</Message></Error>')
    else response.end(gzipSync(JSON.stringify({ Records: [record(url.includes('away') ? 'away' : 'there', start)] })))
  })
  await new Promise<void>((resolve) => s3.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => {
    s3.closeAllConnections()
    return new Promise((resolve) => s3.close(resolve))
  })
  const queue = await bucket.makeQueue('denied')
  for (const name of ['denied', 'there', 'away']) await bucket.announce(queue, [`AWSLogs/${name}.json.gz`])
  const journal = new TestJournal()
  const lines: string[] = []
  const say = (message: string, fields?: Record<string, unknown>): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`)
  }
  const source = await trailSource(
    bucket,
    queue,
    { ...journal.context(1), log: { debug: say, info: say, warn: say, error: say } },
    { s3: `http://127.0.0.1:${(s3.address() as AddressInfo).port}` },
  )
  const abort = new AbortController()
  const done = source.run(abort.signal)
  await expect
    .poll(
      () =>
        journal.units
          .flatMap(eventsOf)
          .map(({ id }) => id)
          .sort(),
      { timeout: 20_000 },
    )
    .toEqual(['away', 'there'])
  await expect.poll(() => bucket.left(queue), { timeout: 20_000 }).toBe(1)
  abort.abort()
  await done
  expect(lines.join()).toMatch(
    /file is denied; its message stays in the queue.*AWS denies access to s3:.*denied.json.gz.*s3:GetObject/,
  )
})
