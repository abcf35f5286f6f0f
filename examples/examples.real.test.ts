import { readdirSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { createServer as createHttpServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../src/app/load-config.ts'
import { realHost } from '../src/host/index.ts'
import { startWeir } from '../test/kit/weir-process.ts'
import { ROOT } from '../tools/kit/command.ts'

const stories = readdirSync(join(ROOT, 'examples'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'ci')
  .map(({ name }) => name)

async function story(name: string): Promise<Record<string, Record<string, Record<string, unknown>>>> {
  return parse(await readFile(join(ROOT, 'examples', name, 'weir.yaml'), 'utf8')) as Record<
    string,
    Record<string, Record<string, unknown>>
  >
}

describe.each(stories)('the story %s', (name) => {
  test('has a valid configuration without a warning, and a page that runs it', async () => {
    const { warnings } = await loadConfig(realHost(), [join(ROOT, 'examples', name, 'weir.yaml')], [])
    expect(warnings).toBe('')
    expect(await readFile(join(ROOT, 'examples', name, 'README.md'), 'utf8')).toContain(
      `--config examples/${name}/weir.yaml`,
    )
  })
})

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'weir-example-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

test('events-to-http: the hook gets the audit event without its secrets, and the order is filtered', async () => {
  const received: { type: string | undefined; body: string }[] = []
  const hook = createHttpServer((request, response) => {
    let body = ''
    request
      .setEncoding('utf8')
      .on('data', (text: string) => (body += text))
      .on('end', () => {
        received.push({ type: request.headers['content-type'], body })
        response.writeHead(200).end()
      })
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => hook.once('listening', resolve))
  onTestFinished(() => void hook.close())
  const config = await story('events-to-http')
  Object.assign(config['sinks']?.['hook'] ?? {}, {
    url: `http://127.0.0.1:${(hook.address() as AddressInfo).port}/events`,
  })
  await using weir = await startWeir({ folder: await temporaryFolder(), config })
  await weir.post(
    '/events',
    await readFile(join(ROOT, 'examples/events-to-http/event.json'), 'utf8'),
    'application/cloudevents-batch+json',
  )
  // Derived rows are accepted later than their originals: wait for the row, then for the ledger.
  await expect.poll(() => received.length, { timeout: 20_000 }).toBe(1)
  const { sinks } = await weir.caughtUp(20_000)
  expect(received[0]?.type).toMatch(/^application\/cloudevents\+json/)
  expect(`${received[0]?.body}\n`).toBe(await readFile(join(ROOT, 'examples/events-to-http/expected.json'), 'utf8'))
  expect(sinks.find(({ name }) => name === 'masked')).toMatchObject({ filtered: { only: 1 }, delivered: 1 })
  expect(sinks.find(({ name }) => name === 'hook')).toMatchObject({ from: ['masked'], delivered: 1, dead_lettered: 0 })
})

test('flows-to-nats: without a server the flows pend, and nothing is lost', async () => {
  // A port without a listener.
  const closed = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => closed.once('listening', resolve))
  const { port } = closed.address() as AddressInfo
  await new Promise((resolve) => closed.close(resolve))
  const { sources: _, ...config } = await story('flows-to-nats')
  Object.assign(config['sinks']?.['bus'] ?? {}, { url: `nats://127.0.0.1:${port}` })
  await using weir = await startWeir({ folder: await temporaryFolder(), config })
  const { FlowSender } = await import('../test/kit/flow-sender.ts')
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 1 })
  await sender.start()
  sender.pause()
  onTestFinished(() => sender.close())
  sender.send()
  await expect
    .poll(async () => (await weir.ledger()).sinks.find(({ name }) => name === 'bus')?.pending, { timeout: 20_000 })
    .toBe(30)
  expect(await weir.ledger()).toMatchObject({ balanced: true })
})

async function points(path: string): Promise<{ time: string; data: object }[]> {
  const text = await readFile(path, 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { time: string; data: object })
}

async function expected(name: string): Promise<object[]> {
  const text = await readFile(join(ROOT, 'examples', name, 'expected.ndjson'), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object)
}

test('polled-api: each bar becomes a point with the local time of the exchange, once', async () => {
  let polls = 0
  const response = await readFile(join(ROOT, 'examples/polled-api/response.json'), 'utf8')
  const api = createHttpServer((_, answer) => {
    polls++
    answer.writeHead(200, { 'content-type': 'application/json' }).end(response)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => api.once('listening', resolve))
  onTestFinished(() => void api.close())
  const folder = await temporaryFolder()
  const config = await story('polled-api')
  Object.assign(config['sources']?.['bars'] ?? {}, {
    url: `http://127.0.0.1:${(api.address() as AddressInfo).port}/time_series`,
    every: '1s',
  })
  Object.assign(config['sinks']?.['points'] ?? {}, { path: join(folder, 'points.ndjson') })
  await using _ = await startWeir({ folder, config })
  await expect.poll(() => polls, { timeout: 20_000 }).toBeGreaterThan(2)
  await expect.poll(async () => (await points(join(folder, 'points.ndjson'))).length, { timeout: 20_000 }).toBe(2)
  const found = await points(join(folder, 'points.ndjson'))
  expect(found.map(({ data }) => data)).toEqual(await expected('polled-api'))
  expect(found.map(({ time }) => Date.parse(time))).toEqual([
    Date.parse('2026-11-25T14:31:00Z'),
    Date.parse('2026-11-25T14:30:00Z'),
  ])
})
