import { afterAll, beforeAll } from 'vitest'
import { sinkConformance } from '../../../test/conformance/sink.ts'
import { awsSide } from '../../../test/kit/aws-side.ts'
import { credentials, startFauxqs, type Fauxqs } from '../../../test/kit/fauxqs.ts'
import { configFrom } from '../../schema/index.ts'
import { snsSchema } from './config.ts'
import { sns } from './index.ts'

process.env['WEIR_TEST_AWS_SECRET'] = credentials.secretAccessKey
const auth = { type: 'keys', access_key_id: credentials.accessKeyId, secret_access_key: 'env:WEIR_TEST_AWS_SECRET' } as const

let server: Fauxqs
let named = 0
beforeAll(async () => { server = await startFauxqs() })
afterAll(() => server.close())

for (const ending of ['.fifo', '']) {
  sinkConformance(ending === '' ? 'aws-sns' : 'aws-sns fifo', { accepts: sns.accepts, idempotency: sns.idempotency, async start() {
    const name = `place-${++named}${ending}`
    await server.makeQueue(name)
    const topic = await server.makeTopic(name)
    return awsSide(server, {
      name, mark: '.Message=', drop: () => server.dropTopic(topic), make: () => server.makeTopic(name),
      build: (port, context, timeoutMs) => sns.build(configFrom(snsSchema, { topic_arn: topic, endpoint: `http://127.0.0.1:${port}`, timeout: `${timeoutMs}ms`, auth }), context),
    })
  } })
}
