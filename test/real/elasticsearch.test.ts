// Sink `elasticsearch` against a real OpenSearch: the suite, forms of documents, data streams, and a poison.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { elasticsearchSchema } from '../../src/connectors/elasticsearch/config.ts'
import { sink as elasticsearch } from '../../src/connectors/elasticsearch/sink.ts'
import type { Sink } from '../../src/engine/contracts.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { configFrom, type WrittenConfigOf } from '../../src/schema/index.ts'
import { eventBatch, numberedEvents, testContext } from '../conformance/batches.ts'
import { cutProxy } from '../conformance/cut-proxy.ts'
import { sinkConformance, type OtherSide } from '../conformance/sink.ts'
import { installOpensearch, opensearch } from './install/opensearch.ts'
import { startOpensearch, type RealOpensearch } from './kit/opensearch.ts'

const never = new AbortController().signal
let server: RealOpensearch
let dir = ''

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'weir-opensearch-'))
  const jars = await installOpensearch()
  if (jars.path !== undefined) server = await startOpensearch(jars.path, dir)
}, 600_000)

beforeEach(async (context) => {
  const found = await installOpensearch()
  if (found.path === undefined) context.skip(found.reason)
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

let indices = 0
const newIndex = (): string => `test${++indices}`

const open = (written: Partial<WrittenConfigOf<typeof elasticsearchSchema>>): Promise<Sink> =>
  elasticsearch.build(configFrom(elasticsearchSchema, { url: server.url, ...written }), testContext())

async function startOther(): Promise<OtherSide> {
  const index = newIndex()
  let proxy = await cutProxy(server.port)
  const ids = async (): Promise<string[]> => (await server.documents(index)).map(({ _source: { id } }) => String(id))
  return {
    build(context, timeoutMs) {
      const url = `http://127.0.0.1:${proxy.port}`
      // The suite's faults look into the requests.
      const settings = { url, index, compression: 'none', timeout: `${Math.max(timeoutMs, 3000)}ms` } as const
      return elasticsearch.build(configFrom(elasticsearchSchema, settings), context)
    },
    received: ids,
    held: ids,
    async refuse(on) {
      if (on) await proxy.close()
      else proxy = await cutProxy(server.port, proxy.port)
    },
    slow: (on) => Promise.resolve(proxy.hold(on)),
    disconnectAfter: (events) => Promise.resolve(proxy.cutAfter(events, '{"create"')),
    poison: () => Promise.resolve(),
    // The mapping of the first document is a number.
    poisoned: (event) => ({ ...event, data: Buffer.from('{"number":"none"}') }),
    restart: () => server.restart(),
    stop: () => proxy.close(),
  }
}

sinkConformance(
  'elasticsearch',
  { accepts: elasticsearch.accepts, idempotency: elasticsearch.idempotency, start: startOther },
  { system: 'elasticsearch', server: 'OpenSearch', version: () => opensearch.version },
)

const point = (id: string, data: string, time = Date.UTC(2026, 10, 25, 23, 59, 59)): WeirEvent => ({
  id,
  source: '/feed',
  type: 'weir.point',
  family: 'point',
  time,
  datacontenttype: 'application/json',
  encoding: 'json',
  data: Buffer.from(data),
})

test('elasticsearch: one poison in 1,000 is one dead letter with the reason of the server', async () => {
  const index = newIndex()
  const sink = await open({ index })
  const events = numberedEvents(1000, 'n').map(({ key: _, ...event }) =>
    event.id === 'n500' ? { ...event, data: Buffer.from('{"number":"none"}') } : event,
  )
  const failures = await sink.send(eventBatch(events, 't'), never)
  expect(failures.map(({ index: at, is }) => [at, is])).toEqual([[500, 'reject']])
  expect(failures[0]?.reason).toMatch(/^400 mapper_parsing_exception: .*\[data.number\]/)
  expect(await server.documents(index)).toHaveLength(999)
  await sink.close()
})

test('elasticsearch: an event that arrives again is stored once, those of other sources beside it', async () => {
  const index = newIndex()
  const sink = await open({ index })
  const [event] = numberedEvents(1, 'same') as [WeirEvent]
  for (const source of ['/a', '/b', '/a'])
    expect(await sink.send(eventBatch([{ ...event, source }], source), never)).toEqual([])
  expect((await server.documents(index)).map(({ _source: { source } }) => source)).toEqual(['/a', '/b'])
  await sink.close()
})

test('elasticsearch: an index by label and day of the record, in the form of Telegraf, with all digits', async () => {
  const sink = await open({ index: 'tick-{{symbol}}-%Y.%m.%d', document: 'telegraf' })
  const data = '{"name":"tick","labels":{"symbol":"BTC/USD"},"fields":{"price":1.50,"sequence":9007199254740993}}'
  expect(await sink.send(eventBatch([point('p', data)], 't'), never)).toEqual([])
  await server.request('POST', '/tick-btc-usd-2026.11.25/_refresh')
  const response = await fetch(`${server.url}/tick-btc-usd-2026.11.25/_search`)
  expect(await response.text()).toContain(
    '"_source":{"@timestamp":"2026-11-25T23:59:59.000Z","measurement_name":"tick","tag":{"symbol":"BTC/USD"},' +
      '"tick":{"price":1.50,"sequence":9007199254740993}}',
  )
  await sink.close()
})

test('elasticsearch: a data stream with a template that the sink creates', async () => {
  const sink = await open({ index: 'feed-{{family}}', data_stream: true, document: 'data' })
  const events = [1, 2, 3].map((n) => point(`d${n}`, `{"name":"tick","fields":{"value":${n}}}`))
  for (let time = 0; time < 2; time++) expect(await sink.send(eventBatch(events, 't'), never)).toEqual([])
  const { data_streams: streams } = (await server.request('GET', '/_data_stream/feed-point')) as {
    readonly data_streams: readonly { readonly name: string; readonly template: string }[]
  }
  expect(streams).toMatchObject([{ name: 'feed-point', template: 'weir-tested' }])
  expect((await server.documents('feed-point')).map(({ _source }) => _source['fields'])).toEqual([
    { value: 1 },
    { value: 2 },
    { value: 3 },
  ])
  await sink.close()
})
