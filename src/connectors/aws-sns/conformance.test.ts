import { afterAll, beforeAll } from 'vitest'
import { numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { cutProxy } from '../../../test/conformance/cut-proxy.ts'
import { deliverAll } from '../../../test/conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../../../test/conformance/sink.ts'
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
  const start = async (): Promise<OtherSide> => {
    const name = `place-${++named}${ending}`
    const proxy = await cutProxy(server.port)
    await server.makeQueue(name)
    const topic = await server.makeTopic(name)
    const taken: string[] = []
    const received = async (): Promise<string[]> => {
      for (const { Body = '' } of await server.take(name)) taken.push((JSON.parse(Body) as { id: string }).id)
      return taken
    }
    const build: OtherSide['build'] = (context, timeoutMs) => sns.build(configFrom(snsSchema, { topic_arn: topic, endpoint: `http://127.0.0.1:${proxy.port}`, timeout: `${timeoutMs}ms`, auth }), context)
    return {
      build,
      received,
      // A FIFO topic drops what it had within five minutes; of another the consumer tells repeats by source and id.
      held: async () => (ending === '' ? [...new Set(await received())] : received()),
      refuse: async (on) => { await (on ? server.dropTopic(topic) : server.makeTopic(name)) },
      slow: (on) => Promise.resolve(proxy.hold(on)),
      disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, '.Message=')),
      fail: (ids) => Promise.resolve(server.fail([...ids].map((id) => `"id":"${id}"`))),
      poison: () => Promise.resolve(),
      poisoned: (event) => ({ ...event, data: Buffer.from(JSON.stringify('x'.repeat(300_000))) }),
      async duplicateAck() {
        const other = await build(testContext(), 10_000)
        await deliverAll(other, numberedEvents(20, 'u'))
        await other.close()
      },
      restart: () => server.restart(),
      stop: () => proxy.close(),
    }
  }
  sinkConformance(ending === '' ? 'aws-sns' : 'aws-sns fifo', { accepts: sns.accepts, idempotency: sns.idempotency, start })
}
