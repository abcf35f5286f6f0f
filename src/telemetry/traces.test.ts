import { describe, expect, test } from 'vitest'
import { fakeHost } from '../../test/kit/fake-host.ts'
import { MetricStore } from './metrics.ts'
import {
  isSampled,
  spanIdOf,
  SpanForwarder,
  collectSpans,
  traceIdOf,
  TraceQueue,
  type Span,
  type SpanSender,
} from './traces.ts'

const span = (id: number): Span => ({
  traceId: traceIdOf(`e${id}`),
  spanId: spanIdOf(traceIdOf(`e${id}`), 'x'),
  name: 'Event.Write',
  kind: 'producer',
  start: 1,
  end: 2,
  attributes: {},
})

class Receiver implements SpanSender {
  readonly batches: number[] = []
  answer: () => Promise<void> = () => Promise.resolve()
  closed = false
  async send(spans: readonly Span[]): Promise<void> {
    this.batches.push(spans.length)
    await this.answer()
  }
  close(): Promise<void> {
    this.closed = true
    return Promise.resolve()
  }
}

function start(sample = 1) {
  const host = fakeHost(1)
  const receiver = new Receiver()
  const metrics = new MetricStore({ strict: true })
  const warnings: string[] = []
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} }
  const queue = new TraceQueue({ sender: receiver, sample, timers: host.timers, log, metrics })
  const add = (count: number): void => {
    for (let i = 0; i < count; i++) queue.add(span(i))
  }
  const dropped = (reason: string): number => metrics.value('weir_traces_dropped_spans_total', { reason })
  return {
    host,
    receiver,
    metrics,
    warnings,
    queue,
    add,
    dropped,
    sent: () => metrics.value('weir_traces_sent_spans_total'),
  }
}

describe('ids', () => {
  test('a UUID is its own trace id; any other id is hashed', () => {
    expect(traceIdOf('AC3153E2-e9e2-5330-9bbf-52a79fb11214')).toBe('ac3153e2e9e253309bbf52a79fb11214')
    expect(traceIdOf('com.example/7')).toMatch(/^[0-9a-f]{32}$/)
    expect(traceIdOf('com.example/7')).toBe(traceIdOf('com.example/7'))
    expect(spanIdOf(traceIdOf('a'), 'written bus')).toMatch(/^[0-9a-f]{16}$/)
    expect(spanIdOf(traceIdOf('a'), 'written bus')).not.toBe(spanIdOf(traceIdOf('a'), 'recorded'))
  })

  test('one trace in N is sampled', () => {
    const ids = Array.from({ length: 4000 }, (_, id) => traceIdOf(`event ${id}`))
    expect(ids.every((id) => isSampled(id, 1))).toBe(true)
    const kept = ids.filter((id) => isSampled(id, 1 / 10)).length
    expect(kept).toBeGreaterThan(300)
    expect(kept).toBeLessThan(500)
    expect(isSampled('0'.repeat(32), 1 / 1_000_000)).toBe(true)
    expect(isSampled('f'.repeat(32), 0.999)).toBe(false)
  })
})

describe('the queue', () => {
  test('batches for a second, or until the batch is full', async () => {
    const { host, receiver, add, sent } = start()
    add(3)
    await host.advance(999)
    expect(receiver.batches).toEqual([])
    await host.advance(1)
    expect(receiver.batches).toEqual([3])
    add(1200)
    await host.advance(0)
    expect(receiver.batches).toEqual([3, 512, 512, 176])
    expect(sent()).toBe(1203)
  })

  test('if no server accepts spans, they are dropped with counts, and sending resumes with the server', async () => {
    const { host, receiver, warnings, add, dropped, sent } = start()
    receiver.answer = () => Promise.reject(new Error('away'))
    add(10)
    await host.advance(1000)
    expect(dropped('not_taken')).toBe(10)
    expect(warnings).toHaveLength(1)
    add(5000)
    expect(dropped('queue_full')).toBe(5000 - 4096)
    await host.advance(4999)
    expect(receiver.batches).toEqual([10])
    receiver.answer = () => Promise.resolve()
    await host.advance(1)
    expect(receiver.batches).toEqual([10, ...Array<number>(8).fill(512)])
    expect(sent()).toBe(4096)
  })

  test('a hanging server delays neither the events nor the end', async () => {
    const { host, receiver, queue, add, dropped } = start()
    receiver.answer = () => new Promise(() => {})
    add(600)
    await host.advance(60_000)
    expect(receiver.batches).toEqual([512])
    const closed = queue.close()
    await host.advance(3000)
    await closed
    expect(dropped('stopped')).toBe(600)
  })

  test('sends the remaining spans at the end', async () => {
    const { host, receiver, queue, add, sent } = start()
    add(700)
    const closed = queue.close()
    await host.advance(0)
    await closed
    expect([sent(), receiver.closed]).toEqual([700, true])
  })
})

test('spans of a worker reach the queue, and those beyond its limit are counted', () => {
  const listeners: ((message: unknown) => void)[] = []
  const port = {
    postMessage: (message: unknown) => {
      for (const listener of listeners) listener(structuredClone(message))
    },
    on: (_: 'message', listener: (message: unknown) => void) => listeners.push(listener),
  }
  const metrics = new MetricStore({ strict: true })
  const taken: Span[] = []
  collectSpans(port, { samples: () => true, add: (one) => void taken.push(one) })
  const forwarder = new SpanForwarder(port, 1, metrics)
  for (let i = 0; i < 5000; i++) forwarder.add(span(i))
  port.postMessage({ is: 'weir:log' })
  forwarder.flush()
  forwarder.flush()
  expect(taken).toHaveLength(4096)
  expect(taken[0]).toEqual(span(0))
  expect(metrics.value('weir_traces_dropped_spans_total', { reason: 'queue_full' })).toBe(904)
})
