import { createSocket } from 'node:dgram'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startWeir, type WeirOptions } from '../../test/kit/weir-process.ts'
import { start } from '../api/testing/kit.ts'
import { TapTable } from './row-text.ts'
import { temporaryFolder, weir } from './testing/command.ts'

const vectorA = Buffer.from(
  '00050001000927c06553f1001dcd6500000000290007400a0a0000010a00000200000000000300040000000a000003e8' +
    '000900b0000923d89c4001bb001b0600fbf4fbf518100000',
  'hex',
)

/** A Weir that gets a flow and an event every few milliseconds. */
async function busy(options: Partial<WeirOptions> = {}): Promise<AsyncDisposable & { readonly url: string }> {
  const running = await startWeir({ folder: await temporaryFolder(), ...options })
  const socket = createSocket('udp4')
  let number = 0
  const sending = setInterval(() => {
    socket.send(vectorA, running.ports.netflow, '127.0.0.1')
    const event = {
      specversion: '1.0',
      id: `e${number++}`,
      source: '/shop',
      type: number % 2 === 0 ? 'order.placed' : 'order.paid',
      data: { grün: number },
    }
    running.events([event]).catch(() => undefined)
  }, 50)
  return {
    url: running.url,
    async [Symbol.asyncDispose]() {
      clearInterval(sending)
      socket.close()
      await running.stop()
    },
  }
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)

test('weir tap shows a source of a running Weir, and the filter applies to its rows', async () => {
  await using running = await busy()
  const { url } = running
  const flows = await weir(['tap', '-o', 'ndjson', 'netflow', '--limit', '3', '--url', url])
  expect(flows).toMatchObject({ code: 0, err: '' })
  expect(lines(flows.out)).toHaveLength(3)
  expect(lines(flows.out)[0]).toMatchObject({
    _pos: expect.stringMatching(/^netflow:\d+:\d+:\d+$/) as string,
    src_addr: '10.0.0.1',
    dst_port: 443,
    bytes: 1000,
    exporter_addr: '127.0.0.1',
  })
  const events = await weir([
    'tap',
    '-o',
    'ndjson',
    'http',
    '--filter',
    'type ~ "paid"',
    '--filter',
    'source = /shop',
    '--limit',
    '2',
    '--url',
    url,
  ])
  expect(lines(events.out)).toMatchObject([
    { type: 'order.paid', data: { grün: expect.any(Number) as number } },
    { type: 'order.paid' },
  ])
  const table = await weir(['tap', 'netflow', '--limit', '2', '--url', url])
  expect(table.out).toMatch(
    /^received +exporter +source +destination +proto +packets +bytes\n[\d:.]{12} +127\.0\.0\.1 +10\.0\.0\.1:40000 +10\.0\.0\.2:443 +tcp +10 +1000\n[\d:.]{12} /,
  )
})

test('weir tap shows the rows that are routed to a sink, as sent', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'paid.ndjson')
  const config = {
    sinks: {
      paid: { type: 'file', path, only: { type: ['*.paid'] } },
      table: { type: 'file', path: join(folder, 'flows.csv'), codec: 'csv', from: ['netflow'] },
      records: {
        type: 'http',
        url: 'http://127.0.0.1:9/in',
        codec: 'netobserv-json',
        from: ['netflow'],
        auth: { type: 'bearer', token: 'env:TAP_TEST_TOKEN' },
      },
    },
  }
  await using running = await busy({ folder, config, env: { TAP_TEST_TOKEN: 'very-secret' } })
  const { url } = running
  const paid = await weir(['tap', '-o', 'ndjson', 'paid', '--limit', '2', '--url', url])
  const bodies = lines(paid.out).map(({ body }) => body as string)
  expect(bodies.map((body) => (JSON.parse(body) as { type: string }).type)).toEqual(['order.paid', 'order.paid'])
  // It is what the sink writes, to the letter.
  await expect
    .poll(async () => (await readFile(path, 'utf8')).includes(bodies[1] ?? 'never'), { timeout: 20_000 })
    .toBe(true)
  const csv = await weir(['tap', '-o', 'ndjson', 'sink/table', '--limit', '1', '--url', url])
  expect(lines(csv.out)[0]?.['body']).toMatch(
    /^netflow:\d+:\d+:\d+,2023-11-14T22:13:10\.500Z,[^]*,10\.0\.0\.1,10\.0\.0\.2,[^]*\r\n$/,
  )
  const records = await weir(['tap', '-o', 'ndjson', 'records', '--limit', '1', '--url', url])
  expect(lines(records.out)).toMatchObject([
    {
      to: 'http://127.0.0.1:9',
      headers: { 'ce-type': 'io.weir.flow.netobserv.v1' },
      body: expect.stringContaining('"SrcAddr":"10.0.0.1","DstAddr":"10.0.0.2","AgentIP":"127.0.0.1"') as string,
    },
  ])
  expect(records.out).not.toContain('very-secret')
  expect(lines((await weir(['tap', '-o', 'ndjson', 'store', '--limit', '1', '--url', url])).out)).toHaveLength(1)
})

test('a transform is shown from both sides', async () => {
  await using running = await busy({
    config: { transforms: { masked: { type: 'redact', from: ['http'], fields: ['grün'] } } },
  })
  const { url } = running
  expect(await weir(['tap', 'masked', '--url', url])).toMatchObject({
    code: 2,
    err: expect.stringContaining('source/masked selects the rows of the source') as string,
  })
  expect(lines((await weir(['tap', '-o', 'ndjson', 'sink/masked', '--limit', '1', '--url', url])).out)).toMatchObject([
    { _pos: expect.stringMatching(/^http:/) as string, data: { grün: expect.any(Number) as number } },
  ])
  const [made] = lines((await weir(['tap', '-o', 'ndjson', 'source/masked', '--limit', '1', '--url', url])).out)
  expect(made?.['_pos']).toMatch(/^masked:/)
  expect(made).toMatchObject({ data: { grün: '[redacted]' } })
  const side = async (flag: string): Promise<unknown> =>
    lines((await weir(['tap', '-o', 'ndjson', 'masked', flag, '--limit', '1', '--url', url])).out)[0]
  expect(await side('--before')).toMatchObject({ data: { grün: expect.any(Number) as number } })
  expect(await side('--after')).toMatchObject({ data: { grün: '[redacted]' } })
})

test('the rows of a transform are shown before and after it, side by side', async () => {
  await using running = await busy({
    config: {
      transforms: {
        paid: { type: 'map', from: ['http'], only: { type: ['*.paid'] }, set: { 'data.kind': '"payment"' } },
        web: { type: 'filter', from: ['netflow'], where: 'dst.port = 80' },
      },
    },
  })
  const both = (id: string, ...more: readonly string[]): ReturnType<typeof weir> =>
    weir(['tap', id, '--before', '--after', '--limit', '2', '--url', running.url, ...more])
  const [row] = lines((await both('paid', '-o', 'ndjson')).out)
  expect(row).toMatchObject({
    before: { _pos: expect.stringMatching(/^http:/) as string, type: 'order.paid' },
    after: [{ type: 'order.paid', data: { kind: 'payment' } }],
  })
  expect(lines((await both('web', '-o', 'ndjson')).out)).toMatchObject([
    { before: { dst_port: 443 }, after: [], outcome: 'filtered' },
    { before: { dst_port: 443 }, after: [], outcome: 'filtered' },
  ])
  expect((await both('paid')).out).toMatch(
    /^row +outcome +field +before +after\nhttp:\d+:\d+:\d+ +pass +data\.kind +payment\n/,
  )
  expect((await both('web')).out).toMatch(/\nnetflow:\d+:\d+:\d+ +filtered\n/)
  expect((await both('web', '-o', 'csv')).out).toMatch(/^row,outcome,field,before,after\r?\nnetflow:[\d:]+,filtered,,,/)
})

test('an unknown component is reported, and a tap that the server ends is a failure', async () => {
  const { api } = await start()
  const url = ['--url', api.url]
  expect(await weir(['tap', 'netflw', ...url])).toMatchObject({
    code: 1,
    err: expect.stringContaining('Sources: netflow, http. Sinks: store.') as string,
  })
  expect(await weir(['tap', 'sink/elsewhere', ...url])).toMatchObject({
    code: 1,
    err: expect.stringContaining('there is no sink elsewhere') as string,
  })
  expect(await weir(['tap', 'netflow', '--filter', 'bytes >', ...url])).toMatchObject({
    code: 1,
    err: expect.stringMatching(/At 6|At 7/) as string,
  })
  expect(await weir(['tap', 'netflow', '--limit', '0', ...url])).toMatchObject({ code: 2 })
  const looking = weir(['tap', 'netflow', ...url])
  await new Promise((resolve) => setTimeout(resolve, 1500))
  await api.close()
  expect(await looking).toMatchObject({
    code: 1,
    err: expect.stringContaining('The server ended the stream.') as string,
  })
})

test('a table has titles for each kind of row, fits the terminal, and nothing in a row can act on it', () => {
  const table = new TapTable(60)
  const text = [
    { _pos: 'a:1:1:0', src_addr: '2001:db8::1', src_port: 1, dst_addr: '10.0.0.2', proto: 47, dst_name: 'db' },
    {
      _pos: 'a:1:1:1',
      specversion: '1.0',
      id: 'x',
      type: 't\u001b[2J',
      source: '/s',
      time: '2026-01-01T10:11:12.345Z',
    },
    { _pos: 'a:1:1:2', to: 'subject', body: 'x'.repeat(100) },
    { _pos: 'a:1:1:3', problem: 'too\nlarge' },
  ]
    .map((line) => table.row(line))
    .join('')
  expect(text).not.toContain('\u001b')
  expect(text.split('\n').filter((line) => line.length > 60)).toEqual([])
  expect(text).toMatch(/\[2001:db8::1\]:1/)
  expect(text).toMatch(/10:11:12\.345 {2}t \[2J/)
  expect(text).toContain('x…\n')
  expect(text).toContain('not written: too large')
  expect(text.split('\n').filter((line) => line.startsWith('row '))).toHaveLength(1)
})
