import { afterAll, beforeAll } from 'vitest'
import { sinkConformance } from '../../../test/conformance/sink.ts'
import { awsSide } from '../../../test/kit/aws-side.ts'
import { credentials, region, startFauxqs, type Fauxqs } from '../../../test/kit/fauxqs.ts'
import { configFrom } from '../../schema/index.ts'
import { sqsSchema } from './config.ts'
import { sqs } from './index.ts'

process.env['WEIR_TEST_AWS_SECRET'] = credentials.secretAccessKey
const auth = { type: 'keys', access_key_id: credentials.accessKeyId, secret_access_key: 'env:WEIR_TEST_AWS_SECRET' } as const

let server: Fauxqs
let named = 0
beforeAll(async () => { server = await startFauxqs() })
afterAll(() => server.close())

for (const ending of ['.fifo', '']) {
  sinkConformance(ending === '' ? 'aws-sqs' : 'aws-sqs fifo', { accepts: sqs.accepts, idempotency: sqs.idempotency, async start() {
    const name = `queue-${++named}${ending}`
    await server.makeQueue(name)
    return awsSide(server, {
      name, mark: '"MessageBody"', drop: () => server.dropQueue(name), make: () => server.makeQueue(name),
      build: (port, context, timeoutMs) => sqs.build(configFrom(sqsSchema, { queue_url: `http://127.0.0.1:${port}/000000000000/${name}`, region, timeout: `${timeoutMs}ms`, auth }), context),
    })
  } })
}
