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
  .filter((entry) => entry.isDirectory())
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
