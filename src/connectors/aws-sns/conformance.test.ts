import { afterAll, beforeAll } from 'vitest'
import { sinkConformance } from '../../../test/conformance/sink.ts'
import type { AwsServer } from '../../../test/kit/aws-server.ts'
import { snsSinkOn } from '../../../test/kit/aws-side.ts'
import { startFauxqs } from '../../../test/kit/fauxqs.ts'

let server: AwsServer
beforeAll(async () => { server = await startFauxqs() })
afterAll(() => server.close())

sinkConformance('aws-sns', snsSinkOn(() => server, ''))
sinkConformance('aws-sns fifo', snsSinkOn(() => server, '.fifo'))
