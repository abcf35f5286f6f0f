// What speaks to SQS, against ElasticMQ.
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { sinkConformance } from '../conformance/sink.ts'
import { sourceConformance } from '../conformance/source.ts'
import type { AwsServer } from '../kit/aws-server.ts'
import { sqsSinkOn, sqsSourceOn } from '../kit/aws-side.ts'
import { installElasticmq } from './install/elasticmq.ts'
import { startElasticmq } from './kit/aws.ts'

let server: AwsServer

beforeAll(async () => {
  if ((await installElasticmq()).path !== undefined) server = await startElasticmq()
})

beforeEach(async (context) => {
  const found = await installElasticmq()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(() => server?.close())

sinkConformance('aws-sqs at elasticmq', sqsSinkOn(() => server, ''))
sinkConformance('aws-sqs fifo at elasticmq', sqsSinkOn(() => server, '.fifo'))
sourceConformance('aws-sqs at elasticmq', sqsSourceOn(() => server))
