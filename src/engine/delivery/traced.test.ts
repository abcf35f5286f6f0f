import { describe, expect, test } from 'vitest'
import { AwaitedTestSink } from '../../../test/conformance/awaited-sink.ts'
import { anyChanges, changeEvent } from '../../../test/kit/changes.ts'
import { fakeHost } from '../../../test/kit/fake-host.ts'
import { encodeBatch } from '../../journal/bodies.ts'
import { openJournal, type FrameHeader } from '../../journal/index.ts'
import { eventForms } from '../../codecs/event-forms/index.ts'
import { toEventBatch, type WeirEvent } from '../../model/events.ts'
import type { Failure } from '../../model/outcome.ts'
import { isSampled, spanIdOf, traceIdOf, type Span, type Traces } from '../../telemetry/traces.ts'
import { sendAll, type Sender } from './send.ts'
import { defaultDelivery } from './settings.ts'
import type { Sink, SinkBatch, SinkPiece, SourceContext } from '../contracts.ts'
import { sinkRows } from './rows.ts'
import { SourceSet } from '../sources/sources.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const metrics = { count() {}, set() {} }
const changes = anyChanges(3, 3, 'prod')
const events = changes.map((change, index) => ({
  ...changeEvent(change, 1),
  id: `0000000${index}-0000-5000-8000-0000000000ff`,
}))
const audit: WeirEvent = { id: 'a1', source: '/s', type: 'audit.thing', family: 'audit', encoding: 'none' }

class Kept implements Traces {
  readonly spans: Span[] = []
  readonly sample: number
  constructor(sample = 1) {
    this.sample = sample
  }
  samples(traceId: string): boolean {
    return isSampled(traceId, this.sample)
  }
  add(span: Span): void {
    this.spans.push(structuredClone(span))
  }
}

describe('an object change appended to the journal', () => {
  async function recorded(traces: Kept | undefined) {
    const host = fakeHost(1)
    const journal = await openJournal({ host, directory: '/journal', epoch: 1 })
    let context: SourceContext | undefined
    const set = new SourceSet({
      host,
      log,
      metrics,
      traces,
      journal,
      awaited: () => new AwaitedTestSink(0),
      load: () =>
        Promise.resolve({
          type: 'test',
          thread: 'watch',
          build: (_settings, given) => {
            context = given
            return Promise.resolve({ addresses: [], run: () => Promise.resolve() })
          },
        }),
    })
    await set.apply([{ id: 'k8s', type: 'test', settings: {} }])
    const raw = encodeBatch(toEventBatch([...events, audit]))
    const unit = { stream: 'k8s', kind: 'events', count: 4, raw, timeMin: 1, timeMax: 1 } as const
    const appended = context?.append({ ...unit, received: host.clock.now() - 5 }, [...events, audit])
    structuredClone(raw, { transfer: [raw.buffer as ArrayBuffer] })
    return { appended, now: host.clock.now() }
  }

  test("has a span until it is synced, with the object's attributes", async () => {
    const traces = new Kept()
    const { appended, now } = await recorded(traces)
    expect(traces.spans).toEqual([])
    await appended
    expect(traces.spans.map(({ name }) => name)).toEqual(['Resource.Create', 'Resource.Update', 'Resource.Delete'])
    expect(traces.spans[0]).toEqual({
      traceId: '000000000000500080000000000000ff',
      spanId: spanIdOf('000000000000500080000000000000ff', 'recorded'),
      name: 'Resource.Create',
      kind: 'internal',
      start: now - 5,
      end: now,
      attributes: {
        'cluster.id': 'prod',
        'k8s.group': changes[0]?.group,
        'k8s.version': 'v1',
        'k8s.kind': changes[0]?.kind,
        'k8s.namespace': changes[0]?.namespace ?? '',
        'k8s.name': 'object-0',
        'k8s.uid': changes[0]?.uid,
      },
    })
  })

  test('has none when its trace is not one that is kept', async () => {
    const traces = new Kept(1e-18)
    await (
      await recorded(traces)
    ).appended
    expect(traces.spans).toEqual([])
  })
})

describe('events that a sink writes', () => {
  const header = { source: 'k8s', epoch: 1, sourceSequence: 1 } as FrameHeader
  const piece: SinkPiece = {
    header,
    batch: toEventBatch([...events, audit]),
    rows: Uint32Array.of(0, 1, 3),
    firstRow: 0,
  }

  /** Sends the first two changes and the event that is none. */
  async function written(
    traces: Traces | undefined,
    answers: ((batch: SinkBatch) => Failure[])[],
    maxElapsedMs?: number,
  ): Promise<void> {
    const host = fakeHost(1)
    const sink: Sink = {
      send: async (batch) => {
        await host.timers.sleep(10)
        return answers.shift()?.(batch) ?? []
      },
      close: async () => {},
    }
    const sender: Sender = {
      id: 'bus',
      sink: () => sink,
      idempotency: 'id',
      settings: () => ({
        ...defaultDelivery,
        retry: { firstMs: 100, maxMs: 100, ...(maxElapsedMs === undefined ? {} : { maxElapsedMs }) },
      }),
      clock: host.clock,
      timers: host.timers,
      random: () => 1,
      log,
      traces,
      behind: () => Promise.resolve(false),
      onState: () => {},
    }
    const sending = sendAll(sender, [piece], 100, new AbortController().signal)
    await host.advance(10_000)
    expect((await sending).settled).toBe(true)
  }

  test('have a span each, in the trace of the change, from the first attempt to its end', async () => {
    const traces = new Kept()
    await written(traces, [() => [{ index: 1, is: 'retry', reason: 'away' }], () => []])
    const [create, other, update] = traces.spans
    const traceId = traceIdOf(events[0]?.id ?? '')
    expect(create).toMatchObject({
      traceId,
      spanId: spanIdOf(traceId, 'written bus'),
      parentId: spanIdOf(traceId, 'recorded'),
      name: 'Event.Write',
      kind: 'producer',
      attributes: {
        'weir.sink': 'bus',
        'event.type': 'weir.kubernetes.created',
        'event.id': events[0]?.id,
        'event.key': events[0]?.key,
        'event.size': events[0]?.data?.length,
      },
    })
    expect((create?.end ?? 0) - (create?.start ?? 0)).toBe(10)
    expect((update?.end ?? 0) - (update?.start ?? 0)).toBe(120)
    expect(other).not.toHaveProperty('parentId')
    expect(other?.attributes).toMatchObject({ 'event.type': 'audit.thing', 'event.key': '', 'event.size': 0 })
    expect(traces.spans.map(({ error }) => error)).toEqual([undefined, undefined, undefined])
  })

  test('have a span that states a permanent failure, a drop by the sink, or an abandoned send', async () => {
    const traces = new Kept()
    const answers = [
      () => [
        { index: 0, is: 'reject' as const, reason: 'too large' },
        { index: 1, is: 'drop' as const, reason: 'old' },
        { index: 2, is: 'retry' as const, reason: 'away' },
      ],
      () => [{ index: 0, is: 'retry' as const, reason: 'away' }],
    ]
    await written(traces, answers, 50)
    expect(traces.spans.map(({ error }) => error)).toEqual(['too large', 'old', 'gave up after 2 attempts: away'])
  })

  test('have a span of the sent form, and carry the trace context unless they have one', async () => {
    const traces = new Kept()
    const { begin, flows } = await eventForms(
      { codec: 'kollect', tcp_flags: 'number', kollect_fields: 'all' } as Parameters<typeof eventForms>[0],
      metrics,
    )
    const sent: WeirEvent[] = []
    await written(traces, [
      (batch) => {
        const sending = begin(batch.trace)
        for (const row of sinkRows(batch, flows)) if (row.index < 2) sent.push(sending.event(row))
        return []
      },
    ])
    const traceId = traceIdOf(events[0]?.id ?? '')
    expect(sent[0]?.extensions).toEqual({ traceparent: `00-${traceId}-${spanIdOf(traceId, 'written bus')}-01` })
    expect(traces.spans[0]?.attributes).toEqual({
      'weir.sink': 'bus',
      'event.type': 'kollect.resource.event.v1.ResourceCreatedEvent',
      'event.id': sent[0]?.id,
      'event.key': sent[0]?.key,
      'event.size': sent[0]?.data?.length,
    })
    const own = {
      ...piece,
      batch: toEventBatch([{ ...audit, extensions: { traceparent: 'remote' } }]),
      rows: Uint32Array.of(0),
    }
    const [row] = sinkRows(
      { token: '', count: 1, retried: false, pieces: [own], trace: { traceparent: () => 'local', wrote() {} } },
      flows,
    )
    expect(row?.event.extensions).toEqual({ traceparent: 'remote' })
  })

  test('have no span while tracing is disabled', async () => {
    let seen: SinkBatch | undefined
    await written(undefined, [
      (batch) => {
        seen = batch
        return []
      },
    ])
    expect(seen).not.toHaveProperty('trace')
  })
})
