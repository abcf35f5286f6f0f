// The examples of feeds with a real RabbitMQ and a real OpenSearch.
import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test, type TestContext } from 'vitest'
import { WebSocketServer } from 'ws'
import { parse } from 'yaml'
import { ROOT } from '../../tools/kit/command.ts'
import { startWeir } from '../kit/weir-process.ts'
import { installOpensearch } from './install/opensearch.ts'
import { rabbitmq } from './install/rabbitmq.ts'
import { need } from './kit/need.ts'
import { startOpensearch } from './kit/opensearch.ts'
import { RabbitObserver } from './kit/rabbitmq-observer.ts'
import { startRabbit } from './kit/rabbitmq.ts'

type Story = Record<'sources' | 'transforms' | 'sinks', Record<string, Record<string, unknown>>>

const patience = { timeout: 30_000, interval: 200 }

beforeEach(async (context) => {
  await need(context, rabbitmq)
})

async function story(name: string): Promise<Story> {
  return parse(await readFile(join(ROOT, 'examples', name, 'weir.yaml'), 'utf8')) as Story
}

async function lines(name: string, file: string): Promise<string[]> {
  return (await readFile(join(ROOT, 'examples', name, file), 'utf8')).trim().split('\n')
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-feed-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

const json = (text: string): unknown => JSON.parse(text)

test('market-to-points: each tick of the websocket becomes one point, through RabbitMQ', async () => {
  const name = 'market-to-points'
  const messages = await lines(name, 'messages.ndjson')
  const feed = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  feed.on('connection', (socket) => {
    socket.once('message', () => {
      for (const message of messages) socket.send(message)
    })
  })
  await new Promise((resolve) => feed.once('listening', resolve))
  onTestFinished(() => {
    for (const client of feed.clients) client.terminate()
    feed.close()
  })
  await using rabbit = await startRabbit()
  const folder = await temporaryFolder()
  const config = await story(name)
  Object.assign(config.sources['market'] ?? {}, { url: `ws://127.0.0.1:${(feed.address() as { port: number }).port}/` })
  Object.assign(config.sources['ticks'] ?? {}, { url: rabbit.url })
  Object.assign(config.sinks['throttle'] ?? {}, { url: rabbit.url })
  Object.assign(config.sinks['points'] ?? {}, { path: join(folder, 'points.ndjson') })
  await using weir = await startWeir({ folder, config })
  const points = async (): Promise<unknown[]> => {
    const text = await readFile(join(folder, 'points.ndjson'), 'utf8').catch(() => '')
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (json(line) as { data: unknown }).data)
  }
  const expected = (await lines(name, 'expected.ndjson')).map(json)
  await expect.poll(points, patience).toEqual(expected)
  expect((await weir.caughtUp(20_000)).sinks.find(({ name: sink }) => sink === 'points')).toMatchObject({
    delivered: 2,
  })
})

test('documents-to-opensearch: each document is in the index of its day', async (context: TestContext) => {
  const name = 'documents-to-opensearch'
  const jars = await installOpensearch()
  if (jars.path === undefined) return context.skip(jars.reason)
  const folder = await temporaryFolder()
  const servers = [startRabbit(), startOpensearch(jars.path, folder)] as const
  await Promise.allSettled(servers)
  await using rabbit = await servers[0]
  await using search = await servers[1]
  const writer = new RabbitObserver(rabbit.url)
  onTestFinished(() => writer.close())
  const channel = await writer.channel()
  await channel.assertQueue('documents', { durable: true })
  for (const document of await lines(name, 'documents.ndjson'))
    channel.sendToQueue('documents', Buffer.from(document), { contentType: 'application/json' })
  const config = await story(name)
  Object.assign(config.sources['documents'] ?? {}, { url: rabbit.url })
  Object.assign(config.sinks['index'] ?? {}, { url: search.url })
  await using _ = await startWeir({ folder, config })
  const found = async (): Promise<unknown[]> =>
    (await search.documents('news-*'))
      .map(({ _index, _source }) => ({ _index, _source }))
      .toSorted((a, b) => (a._index < b._index ? -1 : 1))
  await expect.poll(found, patience).toEqual((await lines(name, 'expected.ndjson')).map(json))
  await expect.poll(() => rabbit.ctl('list_queues', 'messages'), patience).toMatch(/\n0\n/)
})
