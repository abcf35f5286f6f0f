import type { Context, Idempotency, Sink } from '../../src/engine/contracts.ts'
import type { BatchKind } from '../../src/model/batches.ts'
import type { WeirEvent } from '../../src/model/events.ts'
import { eventBatch, flowBatch, numberedEvents, testContext } from './batches.ts'
import { deliverAll, firstsInOrder, settle, type Sent } from './deliver.ts'
import { expect } from './expect.ts'

/** The real system behind a sink, and the faults that it can produce. Missing faults need a waiver with a reason. */
export interface OtherSide {
  /** Builds the sink from a user's configuration. `timeoutMs`: limit of one request. */
  build(context: Context, timeoutMs: number): Promise<Sink>
  /** Ids of events (flows: stable ids) in the order of arrival, repeats included. */
  received(): Promise<readonly string[]>
  /** Ids after the system removed duplicates; required if the sink declares `id`, `token` or `transactional`. */
  held?(): Promise<readonly string[]>
  /** While on: responds "not now", or is unreachable. */
  refuse?(on: boolean): Promise<void>
  /** While on: receives and does not respond. */
  slow?(on: boolean): Promise<void>
  /** Receives about `events` more events, then cuts the connection once, with responses outstanding. */
  disconnectAfter?(events: number): Promise<void>
  /** These events fail temporarily until the next call. */
  fail?(ids: ReadonlySet<string>): Promise<void>
  /** These events are rejected permanently. */
  poison?(ids: ReadonlySet<string>): Promise<void>
  /** Changes an event so that the system rejects it; by default it stays as it is. */
  poisoned?(event: WeirEvent): WeirEvent
  /** Text in the preview of an event if the body is not part of it. */
  readonly shows?: string
  /** Acknowledges each event twice, or reports it as a duplicate. */
  duplicateAck?(ids: readonly string[]): Promise<void>
  /** Stops, and restarts at the same address with its data. */
  restart?(): Promise<void>
  stop(): Promise<void>
}

export interface SinkHarness {
  readonly accepts: readonly BatchKind[]
  readonly idempotency: Idempotency
  /** The order of the received ids is not that of their arrival, as with objects that are listed by name. */
  readonly unordered?: true
  start(): Promise<OtherSide>
}

interface Promised {
  readonly title: string
  /** The fault that the harness must support. */
  readonly needs?: keyof OtherSide
  /** Restricts the case to some sinks. */
  readonly only?: (harness: SinkHarness) => boolean
}

export const sinkPromises = {
  happy: { title: 'delivers everything once, in order per key, without faults' },
  flows: { title: 'delivers each flow once under its stable id', only: ({ accepts }) => accepts.includes('flows') },
  preview: { title: 'previews the message of each row without sending' },
  probe: { title: 'probes the system without sending, and ends if there is no response' },
  stopped: { title: 'delivers nothing after stop' },
  refuse: {
    title: 'reports only retries while it is refused, and loses nothing with the next send',
    needs: 'refuse',
  },
  slow: { title: 'ends a send without a response', needs: 'slow' },
  stop: { title: 'ends a send without a response at once when it is stopped', needs: 'slow' },
  disconnect: { title: 'reports every row that a cut connection left open', needs: 'disconnectAfter' },
  partial: { title: 'reports exactly the events that failed', needs: 'fail' },
  poison: { title: 'rejects an event permanently, and delivers those of other keys', needs: 'poison' },
  'duplicate-ack': { title: 'counts a second acknowledgement of an event once', needs: 'duplicateAck' },
  restart: { title: 'works after a restart of the system, without being rebuilt', needs: 'restart' },
  idempotency: {
    title: 'leaves one of each row in the system when the same batch is sent twice',
    needs: 'held',
    only: ({ idempotency }) => idempotency !== 'none',
  },
} as const satisfies Record<string, Promised>

export type SinkCase = keyof typeof sinkPromises

/** The cases that apply to a sink. */
export function sinkCases(harness: SinkHarness): readonly (readonly [SinkCase, Promised])[] {
  return (Object.entries(sinkPromises) as [SinkCase, Promised][]).filter(
    ([, { only }]) => only === undefined || only(harness),
  )
}

const short = 300
/** Only an abort ends a wait of this length. */
const endless = 3_600_000
const never = new AbortController().signal

/** Runs one case. Rejects if the sink fails it. `ordered` is called when the order is verified. */
export async function runSinkCase(harness: SinkHarness, which: SinkCase, ordered?: () => void): Promise<void> {
  const open: (() => Promise<void>)[] = []
  const start: Start = async (needs, timeoutMs = 10_000) => {
    const other = await harness.start()
    open.push(() => other.stop())
    if (needs !== undefined && other[needs] === undefined)
      throw new Error(`the harness has no ${needs}: add it, or a waiver with its reason`)
    const sink = await other.build(testContext(), timeoutMs)
    open.push(() => sink.close())
    return { other, sink }
  }
  try {
    const inOrder = harness.unordered === true ? () => true : firstsInOrder
    await cases(start, inOrder, ordered)[which]()
  } finally {
    for (const close of open.reverse()) await close()
  }
}

type Start = (needs?: keyof OtherSide, timeoutMs?: number) => Promise<{ other: OtherSide; sink: Sink }>

function cases(
  start: Start,
  inOrder: typeof firstsInOrder,
  ordered?: () => void,
): Record<SinkCase, () => Promise<void>> {
  const ids = (events: readonly WeirEvent[]): string[] => events.map((event) => event.id)
  const sorted = (list: readonly string[]): string[] => [...list].sort()
  const expectRetriesOnly = ({ failures }: Sent): void => {
    expect(failures.filter((failure) => failure.is !== 'retry')).toEqual([])
    for (const failure of failures) expect(failure.reason.length).toBeGreaterThan(5)
  }

  return {
    async happy() {
      // The first rows of a system on a busy machine.
      const { other, sink } = await start(undefined, 60_000)
      const events = numberedEvents(60, 'e')
      expect(await sink.send(eventBatch(events, 't'), never)).toEqual([])
      const received = await other.received()
      expect(sorted(received)).toEqual(sorted(ids(events)))
      expect(inOrder(events, received)).toBe(true)
      ordered?.()
    },

    async stopped() {
      const { other, sink } = await start()
      const sent = await settle(sink, eventBatch(numberedEvents(5, 'n'), 't'), AbortSignal.abort())
      expectRetriesOnly(sent)
      expect(sent.failures).toHaveLength(5)
      expect(await other.received()).toEqual([])
    },

    async flows() {
      const { other, sink } = await start()
      const { batch, ids: flowIds } = flowBatch(30, 't')
      expect(await sink.send(batch, never)).toEqual([])
      expect(sorted(await other.received())).toEqual(sorted(flowIds))
    },

    async preview() {
      const { other, sink } = await start()
      const events = numberedEvents(7, 'p')
      const previewed = [...(sink.preview?.(eventBatch(events, 't')) ?? [])].map((one) =>
        'problem' in one ? one.problem : Buffer.from(one.body).toString(),
      )
      expect(previewed.map((text) => text.includes(other.shows ?? '"number"'))).toEqual(events.map(() => true))
      expect(await other.received()).toEqual([])
      // The preview must not affect delivery.
      expect(await sink.send(eventBatch(events, 't'), never)).toEqual([])
      expect(sorted(await other.received())).toEqual(sorted(ids(events)))
    },

    async probe() {
      const { other, sink } = await start(undefined, short)
      const found = await sink.probe?.(never)
      expect(found?.message.length).toBeGreaterThan(5)
      expect(found?.is).not.toBe('fail')
      if (other.refuse !== undefined) {
        await other.refuse(true)
        expect((await sink.probe?.(never))?.is).toBe('fail')
        await other.refuse(false)
      }
      if (other.slow !== undefined) {
        await other.slow(true)
        expect(['ok', 'warn', 'fail']).toContain((await sink.probe?.(never))?.is)
        await other.slow(false)
      }
      expect(await other.received()).toEqual([])
    },

    async refuse() {
      const { other, sink } = await start('refuse')
      const events = numberedEvents(20, 'r')
      await other.refuse?.(true)
      const refused = await settle(sink, eventBatch(events, 't'), never)
      expectRetriesOnly(refused)
      expect(refused.failures.map(({ index }) => index)).toEqual(events.map((_, index) => index))
      await other.refuse?.(false)
      await deliverAll(sink, events)
      expect(sorted([...new Set(await other.received())])).toEqual(sorted(ids(events)))
      expect(inOrder(events, await other.received())).toBe(true)
    },

    async slow() {
      const { other, sink } = await start('slow', short)
      const events = numberedEvents(20, 's')
      await other.slow?.(true)
      const sent = await settle(sink, eventBatch(events, 't'), never)
      expectRetriesOnly(sent)
      expect(sent.failures).toHaveLength(events.length)
      await other.slow?.(false)
      await deliverAll(sink, events)
      expect(sorted([...new Set(await other.received())])).toEqual(sorted(ids(events)))
      expect(inOrder(events, await other.received())).toBe(true)
    },

    async stop() {
      const { other, sink } = await start('slow', endless)
      // The connection must exist before the system stops responding.
      await deliverAll(sink, numberedEvents(1, 'first'))
      await other.slow?.(true)
      const stop = new AbortController()
      const sending = settle(sink, eventBatch(numberedEvents(20, 'a'), 't'), stop.signal)
      setTimeout(() => {
        stop.abort()
      }, 50)
      const sent = await sending
      expectRetriesOnly(sent)
      expect(sent.failures).toHaveLength(20)
      await other.slow?.(false)
    },

    async disconnect() {
      const { other, sink } = await start('disconnectAfter', 3000)
      const events = numberedEvents(60, 'd')
      await deliverAll(sink, numberedEvents(1, 'first'))
      await other.disconnectAfter?.(13)
      const sent = await settle(sink, eventBatch(events, 't'), never)
      expectRetriesOnly(sent)
      expect(sent.failures.length).toBeGreaterThan(0)
      const arrived = new Set(await other.received())
      const failed = new Set(sent.failures.map(({ index }) => index))
      for (const [index, event] of events.entries()) if (!failed.has(index)) expect(arrived.has(event.id)).toBe(true)
      await deliverAll(
        sink,
        events.filter((_, index) => failed.has(index)),
      )
      const all = (await other.received()).filter((id) => id.startsWith('d'))
      expect(sorted([...new Set(all)])).toEqual(sorted(ids(events)))
      expect(inOrder(events, all)).toBe(true)
    },

    async partial() {
      const { other, sink } = await start('fail')
      const events = numberedEvents(24, 'p')
      const failing = new Set(['p3', 'p7'])
      await other.fail?.(failing)
      const sent = await settle(sink, eventBatch(events, 't'), never)
      expectRetriesOnly(sent)
      // p3 has no key; p7 blocks later rows of its key.
      const expected = events.flatMap((event, index) =>
        event.id === 'p3' || (event.key === events[7]?.key && index >= 7) ? [index] : [],
      )
      expect(sent.failures.map(({ index }) => index)).toEqual(expected)
      await other.fail?.(new Set())
      await deliverAll(
        sink,
        expected.flatMap((index) => events[index] ?? []),
      )
      expect(sorted([...new Set(await other.received())])).toEqual(sorted(ids(events)))
      expect(inOrder(events, await other.received())).toBe(true)
    },

    async poison() {
      const { other, sink } = await start('poison')
      const events = numberedEvents(24, 'x').map((event) =>
        event.id === 'x4' || event.id === 'x6' ? (other.poisoned?.(event) ?? event) : event,
      )
      await other.poison?.(new Set(['x4', 'x6']))
      const sent = await settle(sink, eventBatch(events, 't'), never)
      const rejected = sent.failures.filter((failure) => failure.is === 'reject')
      expect(rejected.map(({ index }) => index)).toEqual([4, 6])
      for (const { reason } of rejected) expect(reason.length).toBeGreaterThan(5)
      // Only later rows of the rejected row's key wait until the dead letter is stored.
      const behind = events.flatMap((event, index) => (event.key === events[4]?.key && index > 4 ? [index] : []))
      expect(sent.failures.filter((failure) => failure.is === 'retry').map(({ index }) => index)).toEqual(behind)
      await deliverAll(
        sink,
        sent.failures.filter((failure) => failure.is === 'retry').flatMap(({ index }) => events[index] ?? []),
      )
      expect(sorted([...new Set(await other.received())])).toEqual(
        sorted(ids(events).filter((id) => id !== 'x4' && id !== 'x6')),
      )
      expect(inOrder(events, await other.received())).toBe(true)
    },

    async 'duplicate-ack'() {
      const { other, sink } = await start('duplicateAck')
      const events = numberedEvents(20, 'u')
      await other.duplicateAck?.(ids(events))
      await deliverAll(sink, events)
      await deliverAll(sink, numberedEvents(20, 'v'))
      const held = new Set(await other.received())
      for (const id of [...ids(events), ...ids(numberedEvents(20, 'v'))]) expect(held.has(id)).toBe(true)
    },

    async restart() {
      const { other, sink } = await start('restart')
      await deliverAll(sink, numberedEvents(10, 'b'))
      await other.restart?.()
      await deliverAll(sink, numberedEvents(10, 'c'))
      expect(sorted([...new Set(await other.received())])).toEqual(
        sorted([...ids(numberedEvents(10, 'b')), ...ids(numberedEvents(10, 'c'))]),
      )
    },

    async idempotency() {
      const { other, sink } = await start('held')
      const events = numberedEvents(20, 'i')
      await deliverAll(sink, events, 'one-token')
      await deliverAll(sink, events, 'one-token')
      expect(sorted((await other.held?.()) ?? [])).toEqual(sorted(ids(events)))
    },
  }
}
