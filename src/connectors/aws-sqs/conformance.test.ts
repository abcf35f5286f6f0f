import { afterAll, beforeAll } from 'vitest'
import { sinkConformance } from '../../../test/conformance/sink.ts'
import { sourceConformance } from '../../../test/conformance/source.ts'
import type { AwsServer } from '../../../test/kit/aws-server.ts'
import { sqsSinkOn, sqsSourceOn } from '../../../test/kit/aws-side.ts'
import { startFauxqs } from '../../../test/kit/fauxqs.ts'

let server: AwsServer
beforeAll(async () => { server = await startFauxqs() })
afterAll(() => server.close())

sinkConformance('aws-sqs', sqsSinkOn(() => server, ''))
sinkConformance('aws-sqs fifo', sqsSinkOn(() => server, '.fifo'))
sourceConformance('aws-sqs', sqsSourceOn(() => server))
