import { afterAll, beforeAll, beforeEach } from 'vitest'
import { bucketAt } from '../../src/connectors/s3/testing/bucket.ts'
import { s3Side } from '../../src/connectors/s3/testing/rig.ts'
import { sink as s3 } from '../../src/connectors/s3/sink.ts'
import { sinkConformance } from '../conformance/sink.ts'
import { installMoto } from './install/moto.ts'
import { startMoto, type VersionedAws } from './kit/aws.ts'

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
  { accepts: s3.accepts, idempotency: s3.idempotency, start: () => s3Side(() => bucketAt(place())) },
  { system: 's3', server: 'moto', version: () => server.version, unordered: true },
)
