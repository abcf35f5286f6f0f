import { afterAll, beforeAll, beforeEach } from 'vitest'
import { sinkConformance } from '../conformance/sink.ts'
import { sourceConformance } from '../conformance/source.ts'
import { fifo, plain, sqsSinkOn, sqsSourceOn } from '../kit/aws-side.ts'
import type { Against } from '../kit/proof.ts'
import { installElasticmq } from './install/elasticmq.ts'
import { startElasticmq, type VersionedAws } from './kit/aws.ts'

let server: VersionedAws
const against = (system: string, part: Pick<Against, 'part' | 'unordered'>): Against => ({
  system,
  server: 'ElasticMQ',
  version: () => server.version,
  ...part,
})

beforeAll(async () => {
  if ((await installElasticmq()).path !== undefined) server = await startElasticmq()
})

beforeEach(async (context) => {
  const found = await installElasticmq()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(() => server?.close())

sinkConformance(
  'aws-sqs at elasticmq',
  sqsSinkOn(() => server, ''),
  against('aws-sqs', plain.sqs),
)
sinkConformance(
  'aws-sqs fifo at elasticmq',
  sqsSinkOn(() => server, '.fifo'),
  against('aws-sqs', fifo.sqs),
)
sourceConformance(
  'aws-sqs at elasticmq',
  sqsSourceOn(() => server, ''),
  against('aws-sqs', plain.sqs),
)
sourceConformance(
  'aws-sqs fifo at elasticmq',
  sqsSourceOn(() => server, '.fifo'),
  against('aws-sqs', fifo.sqs),
)
