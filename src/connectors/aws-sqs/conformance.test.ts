import { afterAll, beforeAll } from 'vitest'
import { sinkConformance } from '../../../test/conformance/sink.ts'
import { sourceConformance } from '../../../test/conformance/source.ts'
import type { AwsServer } from '../../../test/kit/aws-server.ts'
import { fifo, plain, sqsSinkOn, sqsSourceOn } from '../../../test/kit/aws-side.ts'
import { againstFauxqs, startFauxqs } from '../../../test/kit/fauxqs.ts'

let server: AwsServer
beforeAll(async () => {
  server = await startFauxqs()
})
afterAll(() => server.close())

sinkConformance(
  'aws-sqs',
  sqsSinkOn(() => server, ''),
  { ...againstFauxqs('aws-sqs'), ...plain.sqs },
)
sinkConformance(
  'aws-sqs fifo',
  sqsSinkOn(() => server, '.fifo'),
  { ...againstFauxqs('aws-sqs'), ...fifo.sqs },
)
sourceConformance(
  'aws-sqs',
  sqsSourceOn(() => server, ''),
  { ...againstFauxqs('aws-sqs'), ...plain.sqs },
)
