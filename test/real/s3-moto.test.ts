import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { s3Schema } from '../../src/connectors/s3/config.ts'
import { bucketAt } from '../../src/connectors/s3/testing/bucket.ts'
import { s3Side } from '../../src/connectors/s3/testing/rig.ts'
import { sink as s3 } from '../../src/connectors/s3/sink.ts'
import { configFrom } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { sinkConformance } from '../conformance/sink.ts'
import { auth, region } from '../kit/aws-server.ts'
import { installMoto } from './install/moto.ts'
import { startMoto, type VersionedAws } from './kit/aws.ts'
import { FailingFront } from './kit/failing-front.ts'

let server: VersionedAws

beforeAll(async () => {
  if ((await installMoto()).path !== undefined) server = await startMoto()
})
beforeEach(async (context) => {
  const found = await installMoto()
  if (found.path === undefined) context.skip(found.reason)
})
afterAll(() => server?.close())

const place = (): string => server.direct ?? server.url

sinkConformance(
  's3 at moto',
  { accepts: s3.accepts, idempotency: s3.idempotency, unordered: true, start: () => s3Side(() => bucketAt(place())) },
  { system: 's3', server: 'moto', version: () => server.version, unordered: true },
)

/** The response of a server with a limit, as MinIO and Ceph have. Moto has none. */
const tooLarge = {
  status: 400,
  headers: { 'content-type': 'application/xml' },
  body: '<Error><Code>EntityTooLarge</Code><Message>Your proposed upload exceeds the maximum size</Message></Error>',
} as const

test('s3: one poison in 1,000 is one dead letter with the reason of the server', async () => {
  const limit = 1_000_000
  const front = await FailingFront.start(Number(new URL(place()).port), ({ headers }) =>
    Number(headers['content-length'] ?? 0) > limit ? tooLarge : undefined,
  )
  onTestFinished(() => front.stop())
  const bucket = await bucketAt(place())
  onTestFinished(() => bucket.close())
  const endpoint = `http://127.0.0.1:${front.port}`
  const config = configFrom(s3Schema, { bucket: bucket.name, endpoint, region, auth, compression: 'none' })
  const sink = await s3.build(config, testContext())
  onTestFinished(() => sink.close())
  const events = numberedEvents(1000, 'n').map((event) =>
    event.id === 'n500' ? { ...event, data: Buffer.from(JSON.stringify('x'.repeat(limit))) } : event,
  )
  const failures = await sink.send(eventBatch(events, 't'), new AbortController().signal)
  expect(failures.map(({ index, is }) => [index, is])).toEqual([[500, 'reject']])
  expect(failures[0]?.reason).toMatch(/rejects an object of this size \(.*exceeds the maximum size/)
  const objects = await bucket.objects()
  const ids = objects
    .flatMap(({ text }) => text.trim().split('\n'))
    .map((line) => (JSON.parse(line) as { id: string }).id)
  expect(ids.toSorted()).toEqual(events.flatMap(({ id }) => (id === 'n500' ? [] : [id])).toSorted())
  // Halves, and not single rows.
  expect(objects.length).toBeLessThan(12)
})
