import { createServer } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { selfSigned } from '../../../test/kit/certificate.ts'
import { freePorts } from '../../../test/kit/free-port.ts'
import { testContext } from '../../../test/conformance/batches.ts'
import { flowSinkBatch, metricFlows } from '../../../test/kit/metric-flows.ts'
import { answerAfterBody } from '../../../test/kit/raw-http.ts'
import type { Sink } from '../../engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { prometheusSchema } from './config.ts'
import { formatOf } from './map.ts'
import { sink as prometheus } from './sink.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function open(
  written: WrittenConfigOf<typeof prometheusSchema> = {},
  context = testContext(),
): Promise<{ sink: Sink; host: string; url: string }> {
  const [port = 0] = await freePorts(1)
  const host = `127.0.0.1:${port}`
  const sink = await prometheus.build(configFrom(prometheusSchema, { listen: host, ...written }), context)
  closing.push(() => sink.close())
  return { sink, host, url: `http://${host}/metrics` }
}

const bytes = { include: [], custom: [{ name: 'bytes_total', value: 'Bytes' }] }
const scraped = async (url: string): Promise<string> => (await fetch(url)).text()
const sumOf = (text: string): number => Number(/^netobserv_bytes_total (\d+)$/m.exec(text)?.[1])

test('a scrape has the sums of all flows, and a repeated token counts once', async () => {
  const { sink, url } = await open(bytes)
  const records = metricFlows(100, 1)
  const half = flowSinkBatch(records, 'a', (row) => row < 50)
  expect(await sink.send(half, never)).toEqual([])
  expect(await sink.send(half, never)).toEqual([])
  expect(
    await sink.send(
      flowSinkBatch(records, 'b', (row) => row >= 50),
      never,
    ),
  ).toEqual([])
  const expected = records.reduce((sum, { Bytes, Sampling }) => sum + Bytes * Sampling, 0)
  expect(sumOf(await scraped(url))).toBe(expected)
})

test('at the limit of series further label sets count in one, no flow is lost, and a metric counts them', async () => {
  const counted: number[] = []
  const context = testContext()
  const metrics: typeof context.metrics = {
    ...context.metrics,
    count: (name, by) => void (name === 'weir_flow_metrics_surplus_samples_total' && counted.push(by)),
  }
  const custom = [{ name: 'bytes_total', value: 'Bytes', labels: ['SrcPort'] }]
  const { sink, url } = await open({ include: [], custom, max_series: 100 }, { ...context, metrics })
  const records = metricFlows(20_000, 2)
  expect(await sink.send(flowSinkBatch(records, 'a'), never)).toEqual([])
  const series = [...(await scraped(url)).matchAll(/^netobserv_bytes_total\{SrcPort="(\w+)"\} (\d+)$/gm)]
  expect(series).toHaveLength(101)
  const expected = records.reduce((sum, { Bytes, Sampling }) => sum + Bytes * Sampling, 0)
  expect(series.reduce((sum, [, , value]) => sum + Number(value), 0)).toBe(expected)
  const known = new Set(series.map(([, port]) => port))
  expect(counted).toEqual([records.filter((record) => !known.has(String(record['SrcPort']))).length])
})

test('after a stop nothing is counted', async () => {
  const { sink, url } = await open(bytes)
  const failures = await sink.send(flowSinkBatch(metricFlows(3, 1), 'a'), AbortSignal.abort())
  expect(failures.map(({ is }) => is)).toEqual(['retry', 'retry', 'retry'])
  expect(await scraped(url)).not.toMatch(/^netobserv_bytes_total/m)
})

test('the format follows the Accept header', async () => {
  const { sink, url } = await open(bytes)
  await sink.send(flowSinkBatch(metricFlows(3, 1), 'a'), never)
  const open1 = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1'
  const response = await fetch(url, { headers: { accept: open1 } })
  expect(response.headers.get('content-type')).toContain('application/openmetrics-text')
  expect(await response.text()).toMatch(/^# TYPE netobserv_bytes counter\n(.*\n)+# EOF\n$/m)
  expect((await fetch(url)).headers.get('content-type')).toContain('text/plain')
  expect([
    formatOf(undefined),
    formatOf('*/*'),
    formatOf('text/plain;q=0.9,application/openmetrics-text;q=0.1'),
  ]).toEqual(['prometheus', 'prometheus', 'prometheus'])
})

test('a scrape without the token is rejected, also with TLS', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'weir-scrape-'))
  closing.push(() => rm(folder, { recursive: true }))
  const { cert, key } = selfSigned()
  const files = { cert_file: join(folder, 'tls.crt'), key_file: join(folder, 'tls.key') }
  await writeFile(files.cert_file, cert)
  await writeFile(files.key_file, key)
  const { host } = await open({ ...bytes, tls: files, token: `file:${join(folder, 'token')}` })
  await writeFile(join(folder, 'token'), 'scrape-me-please\n')
  const status = (authorization: string): Promise<number | undefined> =>
    new Promise((resolve, reject) => {
      const [address, port] = host.split(':')
      request({
        host: address,
        port,
        path: '/metrics',
        ca: cert,
        headers: { authorization },
      })
        .on('response', (response) => {
          response.resume()
          resolve(response.statusCode)
        })
        .on('error', reject)
        .end()
    })
  expect(await status('Bearer wrong')).toBe(401)
  expect(await status('Bearer scrape-me-please')).toBe(200)
})

test('other paths and methods are answered, and change nothing', async () => {
  const { url } = await open(bytes)
  expect((await fetch(url.replace('/metrics', '/'))).status).toBe(200)
  expect((await fetch(`${url}/x`)).status).toBe(404)
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('a client that sends a body to its end receives the response', async () => {
  const { url } = await open(bytes)
  const port = Number(new URL(url).port)
  for (let time = 0; time < 5; time++)
    expect(await answerAfterBody(port, '/metrics', 8 << 20)).toMatch(/^HTTP\/1\.1 405 /)
})

test('while the address is in use rows wait, and the reason names the holder', async () => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const { port } = other.address() as { port: number }
  const config = configFrom(prometheusSchema, { ...bytes, listen: `127.0.0.1:${port}` })
  const sink = await prometheus.build(config, testContext())
  closing.push(() => sink.close())
  const batch = flowSinkBatch(metricFlows(2, 1), 'a')
  const [failure] = await sink.send(batch, never)
  expect(failure).toMatchObject({
    is: 'retry',
    reason: expect.stringContaining(`127.0.0.1:${port} is in use`) as string,
  })
  expect((await sink.probe?.(never))?.is).toBe('fail')
  await new Promise((resolve) => other.close(resolve))
  await expect.poll(() => sink.send(batch, never), { timeout: 20_000 }).toEqual([])
  expect(sumOf(await scraped(`http://127.0.0.1:${port}/metrics`))).toBeGreaterThan(0)
})

test('a preview has the metrics of each row', async () => {
  const { sink, url } = await open({
    ...bytes,
    custom: [{ name: 'bytes_total', value: 'Bytes', filters: [{ field: 'Bytes', value: '7' }] }],
  })
  const shown = [...(sink.preview?.(flowSinkBatch([{ Bytes: 7 }, { Bytes: 8 }], 'p')) ?? [])]
  expect(shown).toMatchObject([
    { to: '/metrics', body: Buffer.from('netobserv_bytes_total 7\n') },
    { problem: 'no metric includes this flow' },
  ])
  expect(await scraped(url)).toBe('# HELP netobserv_bytes_total Bytes of flows\n# TYPE netobserv_bytes_total counter\n')
})

test.each([
  [{ include: ['pod_flows'] }, 'there is no metric pod_flows'],
  [{ custom: [{ name: 'x_total', labels: ['Interfaces'] }] }, 'add it to `flatten`'],
  [{ listen: 'off' }, 'nothing can scrape'],
])('the settings %j are refused', (written, message) => {
  expect(() => configFrom(prometheusSchema, written)).toThrow(message)
})

test('an invalid expression of a filter is refused at the start', async () => {
  const custom = [{ name: 'x_total', filters: [{ field: 'DnsName', type: 'match_regex' as const, value: '(' }] }]
  await expect(open({ include: [], custom })).rejects.toThrow('missing closing )')
})
