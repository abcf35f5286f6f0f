import { afterEach, describe, expect, test } from 'vitest'
import { testContext } from '../../../test/conformance/batches.ts'
import { flowSinkBatch } from '../../../test/kit/metric-flows.ts'
import {
  nameOf,
  startReceiver,
  type PushedSeries,
  type Receiver,
  type ReceiverStyle,
} from '../../../test/kit/remote-write-receiver.ts'
import type { Sink } from '../../engine/contracts.ts'
import { configFrom, type WrittenConfigOf } from '../../schema/index.ts'
import { remoteWriteSchema } from './config.ts'
import { sink as remoteWrite } from './sink.ts'

const never = new AbortController().signal
const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Written = Partial<WrittenConfigOf<typeof remoteWriteSchema>>

const byWorkload = {
  include: [],
  custom: [{ name: 'flows_total', labels: ['SrcK8S_OwnerName'], remap: { SrcK8S_OwnerName: 'w' } }],
}

async function open(style: ReceiverStyle, written: Written = {}): Promise<{ sink: Sink; receiver: Receiver }> {
  const receiver = await startReceiver(style)
  closing.push(() => receiver.close())
  const config = configFrom(remoteWriteSchema, { url: receiver.url, ...byWorkload, ...written })
  const sink = await remoteWrite.build(config, testContext())
  closing.push(() => sink.close())
  return { sink, receiver }
}

const flow = (n: number): object => ({ SrcK8S_OwnerName: `w"${n}`, Proto: 6 })
const all = Array.from({ length: 500 }, (_, n) => flow(n))
const nameFor = (n: number): string => `netobserv_flows_total{w="w\\"${n}"}`
const refuseOnly =
  (bad: ReadonlySet<number>, reason: string) =>
  (series: PushedSeries): string | undefined =>
    bad.has(Number(/(\d+)"}$/.exec(nameOf(series))?.[1])) ? reason : undefined

describe.each(['prometheus', 'mimir', 'v2'] as const)('a receiver like %s', (style) => {
  test.each([
    ['out of order sample', [0, 3, 250, 251, 499]],
    ['label value too long', [77]],
    ['out of bounds', Array.from({ length: 40 }, (_, i) => 100 + i)],
  ])('refuses series (%s): only their rows become dead letters', async (reason, list) => {
    const { sink, receiver } = await open(style)
    const bad = new Set(list)
    receiver.refuse = refuseOnly(bad, reason)
    const failures = await sink.send(flowSinkBatch(all, 'a'), never)
    expect(failures.map(({ index, is }) => [index, is])).toEqual(list.map((n) => [n, 'reject']))
    for (const { index, reason: text } of failures) {
      expect(text).toContain(nameFor(index))
      expect(text).toContain('HTTP 400')
      expect(text).toContain(reason)
    }
    expect([...receiver.stored.keys()].sort()).toEqual(all.flatMap((_, n) => (bad.has(n) ? [] : [nameFor(n)])).sort())
    expect([...receiver.stored.values()].every(({ value }) => value === 1)).toBe(true)

    // Later flows of other series continue, in one request.
    receiver.requests.length = 0
    expect(await sink.send(flowSinkBatch([flow(1), flow(2)], 'b'), never)).toEqual([])
    expect(receiver.stored.get(nameFor(1))?.value).toBe(2)
    // Beside it, unchanged series are pushed again at times.
    expect(receiver.requests.map(({ series }) => series.map(nameOf))).toContainEqual([nameFor(1), nameFor(2)])

    // Once accepted, the series has the flows that were refused.
    receiver.refuse = () => undefined
    const again = { ...flowSinkBatch([flow(list[0] ?? 0)], 'c'), retried: true }
    expect(await sink.send(again, never)).toEqual([])
    expect(receiver.stored.get(nameFor(list[0] ?? 0))?.value).toBe(2)
    expect(receiver.stored.size).toBe(500)
  })
})

test('samples that were stored before a split are pushed with the same time and value', async () => {
  const { sink, receiver } = await open('mimir')
  receiver.refuse = refuseOnly(new Set([7]), 'err-mimir-label-value-too-long: the label is too long')
  await sink.send(flowSinkBatch(all, 'a'), never)
  const samples = receiver.requests.flatMap(({ series }) => series).filter((one) => nameOf(one) !== nameFor(7))
  expect(samples.length).toBeGreaterThan(499)
  expect(new Set(samples.map(({ at, value }) => `${at} ${value}`)).size).toBe(1)
})

test('a sample out of time is pushed again at once with a later time', async () => {
  const { sink, receiver } = await open('prometheus')
  const seen: PushedSeries[] = []
  let newest: number | undefined
  receiver.refuse = (series) => {
    if (nameOf(series) !== nameFor(3)) return undefined
    seen.push(series)
    newest ??= series.at
    return series.at > newest ? undefined : 'out of order sample'
  }
  expect(await sink.send(flowSinkBatch(all, 'a'), never)).toEqual([])
  expect(receiver.stored.size).toBe(500)
})

test('a receiver that refuses everything gets a bounded number of requests, and each row has its reason', async () => {
  const { sink, receiver } = await open('prometheus', { request_samples: 100 })
  receiver.refuse = () => 'invalid tenant'
  const failures = await sink.send(flowSinkBatch(all, 'a'), never)
  expect(failures.map(({ index, is }) => [index, is])).toEqual(all.map((_, n) => [n, 'reject']))
  expect(failures.every(({ reason }) => reason.includes('invalid tenant'))).toBe(true)
  expect(receiver.requests.length).toBeLessThan(300)
  receiver.refuse = () => undefined
  await sink.send({ ...flowSinkBatch([flow(0)], 'b'), retried: true }, never)
  expect([...receiver.stored.keys()].sort()).toEqual(all.map((_, n) => nameFor(n)).sort())
})

test('a refused bucket rejects the flows of its histogram', async () => {
  const { sink, receiver } = await open('v2', { include: ['node_rtt_seconds'], custom: [] })
  receiver.refuse = (series) => (/SrcK8S_HostName="b".*le="0.1"/.test(nameOf(series)) ? 'too old sample' : undefined)
  const rtt = (node: string): object => ({ SrcK8S_HostName: node, TimeFlowRttNs: 1e6 })
  expect(await sink.send(flowSinkBatch([rtt('a'), rtt('b'), { Proto: 6 }], 'a'), never)).toMatchObject([
    { index: 1, is: 'reject' },
  ])
})

test('a receiver of 1.0 (415) gets 1.0 from the first flow on, and 2.0 is not tried again', async () => {
  const { sink, receiver } = await open('prometheus')
  let tried = 0
  receiver.answer = (_, headers) => {
    if (headers['x-prometheus-remote-write-version'] === '2.0.0') tried++
    return false
  }
  for (const token of ['a', 'b']) expect(await sink.send(flowSinkBatch([flow(1)], token), never)).toEqual([])
  expect(tried).toBe(1)
  expect(receiver.stored.get(nameFor(1))?.value).toBe(2)
  expect(receiver.requests[0]?.headers).toMatchObject({
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
  })
})

test('a 2xx without the count of written samples is from a receiver of 1.0', async () => {
  const { sink, receiver } = await open('prometheus')
  receiver.answer = (response, headers) => {
    if (headers['x-prometheus-remote-write-version'] !== '2.0.0') return false
    response.writeHead(200).end()
    return true
  }
  expect(await sink.send(flowSinkBatch([flow(1)], 'a'), never)).toEqual([])
  expect(receiver.stored.get(nameFor(1))?.value).toBe(1)
})

test('2.0 has symbols, metadata and the start of each counter', async () => {
  const { sink, receiver } = await open('v2', { labels: { instance: 'weir-0' }, include: ['node_rtt_seconds'] })
  await sink.send(flowSinkBatch([flow(1), { SrcK8S_HostName: 'a', TimeFlowRttNs: 1e6 }], 'a'), never)
  await sink.send(flowSinkBatch([flow(1)], 'b'), never)
  expect(receiver.requests[0]?.headers['content-type']).toBe(
    'application/x-protobuf;proto=io.prometheus.write.v2.Request',
  )
  const last = receiver.requests.at(-1)?.series ?? []
  expect(last).toMatchObject([
    {
      labels: [
        ['__name__', 'netobserv_flows_total'],
        ['instance', 'weir-0'],
        ['w', 'w"1'],
      ],
      value: 2,
      metadata: { type: 1, unit: '' },
    },
  ])
  expect(last[0]?.since).toBeGreaterThan(0)
  expect(last[0]?.since).toBeLessThanOrEqual(last[0]?.at ?? 0)
  const bucket = [...receiver.stored.values()].find((one) => nameOf(one).includes('_bucket{'))
  expect(bucket?.metadata).toMatchObject({ type: 3, unit: 'seconds' })
})

test('with `protocol: v2` a receiver of 1.0 is a retry that names the setting', async () => {
  const { sink, receiver } = await open('prometheus', { protocol: 'v2' })
  const [failure] = await sink.send(flowSinkBatch([flow(1)], 'a'), never)
  expect(failure).toMatchObject({ is: 'retry' })
  expect(failure?.reason).toContain('set `protocol: auto` or `v1`')
  expect(receiver.requests).toEqual([])
})
