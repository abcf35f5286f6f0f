import { afterAll, beforeAll } from 'vitest'
import { numberedEvents, testContext } from '../../../test/conformance/batches.ts'
import { cutProxy } from '../../../test/conformance/cut-proxy.ts'
import { deliverAll } from '../../../test/conformance/deliver.ts'
import { sinkConformance, type OtherSide } from '../../../test/conformance/sink.ts'
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
  const start = async (): Promise<OtherSide> => {
    const name = `queue-${++named}${ending}`
    const proxy = await cutProxy(server.port)
    const url = (port: number): string => `http://127.0.0.1:${port}/000000000000/${name}`
    await server.makeQueue(name)
    const taken: string[] = []
    const received = async (): Promise<string[]> => {
      for (const { Body = '' } of await server.take(name)) taken.push((JSON.parse(Body) as { id: string }).id)
      return taken
    }
    const build: OtherSide['build'] = (context, timeoutMs) => sqs.build(configFrom(sqsSchema, { queue_url: url(proxy.port), region, timeout: `${timeoutMs}ms`, auth }), context)
    return {
      build,
      received,
      // A FIFO queue drops what it had within five minutes; of another the consumer tells repeats by source and id.
      held: async () => (ending === '' ? [...new Set(await received())] : received()),
      refuse: async (on) => { await (on ? server.dropQueue(name) : server.makeQueue(name)) },
      slow: (on) => Promise.resolve(proxy.hold(on)),
      disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, '"MessageBody"')),
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
  sinkConformance(ending === '' ? 'aws-sqs' : 'aws-sqs fifo', { accepts: sqs.accepts, idempotency: sqs.idempotency, start })
}
