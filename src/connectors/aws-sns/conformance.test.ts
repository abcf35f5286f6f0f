import { afterAll, beforeAll } from 'vitest'
import { sinkConformance } from '../../../test/conformance/sink.ts'
import type { AwsServer } from '../../../test/kit/aws-server.ts'
import { fifo, plain, snsSinkOn } from '../../../test/kit/aws-side.ts'
import { againstFauxqs, startFauxqs } from '../../../test/kit/fauxqs.ts'

let server: AwsServer
beforeAll(async () => {
  server = await startFauxqs()
})
afterAll(() => server.close())

sinkConformance(
  'aws-sns',
  snsSinkOn(() => server, ''),
  { ...againstFauxqs('aws-sns'), ...plain.sns },
)
sinkConformance(
  'aws-sns fifo',
  snsSinkOn(() => server, '.fifo'),
  { ...againstFauxqs('aws-sns'), ...fifo.sns },
)
