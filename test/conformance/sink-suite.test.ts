import { expect, test } from 'vitest'
import { deliverInOrder, type Attempt } from '../../src/engine/delivery/in-order.ts'
import type { Context, Sink, SinkBatch } from '../../src/engine/contracts.ts'
import { noFlows, sinkRows, type SinkRow } from '../../src/engine/delivery/rows.ts'
import type { Failure } from '../../src/model/outcome.ts'
import { eventBatch, numberedEvents } from './batches.ts'
import { runSinkCase, type OtherSide, type SinkHarness } from './sink.ts'
import type { SinkCase } from './sink-cases.ts'

// The suite itself: each faulty sink must fail its case.

type Deliver = (row: SinkRow, signal: AbortSignal) => Promise<Attempt>
type Fault = (
  honest: Deliver,
  context: Context,
) => (batch: SinkBatch, signal: AbortSignal) => Promise<readonly Failure[]>

const inOrder =
  (deliver: Deliver, { host }: Context) =>
  (batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]> =>
    deliverInOrder(sinkRows(batch, noFlows), { window: 4, budgetMs: 60_000, clock: host.clock, signal }, (row) =>
      deliver(row, signal),
    )

function harness(fault: Fault): SinkHarness {
  return { accepts: ['events', 'flows'], idempotency: 'id', start: () => Promise.resolve(memory(fault)) }
}

function memory(fault: Fault, override: (honest: Sink) => Partial<Sink> = () => ({})): OtherSide {
  const received: string[] = []
  let refusing = false
  let silent = false
  let untilCut = Number.POSITIVE_INFINITY
  let failing: ReadonlySet<string> = new Set()
  let poisonous: ReadonlySet<string> = new Set()
  const answer = async (id: string, timeoutMs: number, signal: AbortSignal): Promise<Attempt> => {
    await new Promise((resolve) => setImmediate(resolve))
    if (silent) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs)
        signal.addEventListener(
          'abort',
          () => {
            clearTimeout(timer)
            resolve()
          },
          { once: true },
        )
      })
      return { is: 'retry', reason: 'no response in time' }
    }
    if (refusing || failing.has(id)) return { is: 'retry', reason: 'not now' }
    if (poisonous.has(id)) return { is: 'reject', reason: 'never this one' }
    received.push(id)
    if (--untilCut > 0) return undefined
    untilCut = Number.POSITIVE_INFINITY
    return { is: 'retry', reason: 'cut before the response' }
  }
  const set = (act: () => void): Promise<void> => Promise.resolve(act())
  return {
    build(context, timeoutMs): Promise<Sink> {
      const send = fault(({ event }, signal) => answer(event.id, timeoutMs, signal), context)
      const honest: Sink = {
        send,
        probe: () =>
          Promise.resolve(refusing ? { is: 'fail', message: 'not now' } : { is: 'ok', message: 'it is there' }),
        preview: (batch) =>
          [...sinkRows(batch, noFlows)].map(({ event }) => ({
            body: event.data ?? new Uint8Array(0),
          })),
        close: () => Promise.resolve(),
      }
      return Promise.resolve({ ...honest, ...override(honest) })
    },
    received: () => Promise.resolve(received),
    held: () => Promise.resolve([...new Set(received)]),
    refuse: (on) =>
      set(() => {
        refusing = on
      }),
    slow: (on) =>
      set(() => {
        silent = on
      }),
    disconnectAfter: (events) =>
      set(() => {
        untilCut = events
      }),
    fail: (ids) =>
      set(() => {
        failing = ids
      }),
    poison: (ids) =>
      set(() => {
        poisonous = ids
      }),
    duplicateAck: () => Promise.resolve(),
    restart: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
}

const all: readonly SinkCase[] = [
  'happy',
  'flows',
  'preview',
  'probe',
  'stopped',
  'refuse',
  'slow',
  'stop',
  'disconnect',
  'partial',
  'poison',
  'duplicate-ack',
  'restart',
  'idempotency',
]

test('a correct sink passes every case', async () => {
  for (const which of all) await expect(runSinkCase(harness(inOrder), which)).resolves.toBeUndefined()
})

const faultySinks: readonly (readonly [string, SinkCase, Fault])[] = [
  [
    'drops a row silently',
    'happy',
    (honest, context) =>
      inOrder((row, signal) => (row.index === 5 ? Promise.resolve(undefined) : honest(row, signal)), context),
  ],
  [
    'sends a row twice',
    'happy',
    (honest, context) =>
      inOrder(async (row, signal) => (row.index === 5 && (await honest(row, signal)), honest(row, signal)), context),
  ],
  ['ignores keys', 'happy', (honest, context) => (batch, signal) => inOrder(honest, context)(reversed(batch), signal)],
  [
    'gives a flow another id each time',
    'flows',
    (honest, context) =>
      inOrder((row, signal) => honest({ ...row, event: { ...row.event, id: String(Math.random()) } }, signal), context),
  ],
  [
    'continues after stop',
    'stopped',
    (honest, context) => (batch) => inOrder(honest, context)(batch, new AbortController().signal),
  ],
  [
    'takes a refusal for a delivery',
    'refuse',
    (honest, context) => inOrder((row, signal) => honest(row, signal).then(() => undefined), context),
  ],
  [
    'rejects rows that are refused temporarily',
    'refuse',
    (honest, context) =>
      inOrder(
        (row, signal) => honest(row, signal).then((attempt) => attempt && { is: 'reject', reason: attempt.reason }),
        context,
      ),
  ],
  [
    'takes silence for a delivery',
    'slow',
    (honest, context) => inOrder((row, signal) => honest(row, signal).then(() => undefined), context),
  ],
  [
    'takes a lost response for the delivery of all later rows',
    'disconnect',
    (honest, context) => async (batch, signal) => (await inOrder(honest, context)(batch, signal)).slice(0, 0),
  ],
  [
    'gives no reason',
    'refuse',
    (honest, context) =>
      inOrder((row, signal) => honest(row, signal).then((attempt) => attempt && { ...attempt, reason: '' }), context),
  ],
  [
    'fails the whole batch for one event',
    'partial',
    (honest, context) => async (batch, signal) => {
      const failures = await inOrder(honest, context)(batch, signal)
      return failures.length === 0
        ? []
        : Array.from({ length: batch.count }, (_, index) => ({ index, is: 'retry', reason: 'one of them failed' }))
    },
  ],
  ['delivers past a failed event of the same key', 'partial', keyless],
  [
    'retries a poisonous event forever',
    'poison',
    (honest, context) =>
      inOrder(
        (row, signal) => honest(row, signal).then((attempt) => attempt && { is: 'retry', reason: attempt.reason }),
        context,
      ),
  ],
  ['delivers past a rejected event of the same key', 'poison', keyless],
]

function keyless(honest: Deliver, { host }: Context) {
  return (batch: SinkBatch, signal: AbortSignal): Promise<readonly Failure[]> => {
    const rows = [...sinkRows(batch, noFlows)].map((row) => ({
      ...row,
      key: undefined,
    }))
    return deliverInOrder(rows, { window: 1, budgetMs: 60_000, clock: host.clock, signal }, (row) =>
      honest(row, signal),
    )
  }
}

function reversed(batch: SinkBatch): SinkBatch {
  return { ...batch, pieces: batch.pieces.map((piece) => ({ ...piece, rows: piece.rows.toReversed() })).reverse() }
}

test.each(faultySinks)('a sink that %s fails the case "%s"', async (_, which, lie) => {
  await expect(runSinkCase(harness(lie), which)).rejects.toThrow()
})

const faultyMethods: readonly (readonly [string, SinkCase, (honest: Sink) => Partial<Sink>])[] = [
  ['previews nothing', 'preview', () => ({ preview: () => [] })],
  [
    'delivers the rows of a preview',
    'preview',
    (honest) => ({
      preview: (batch) => {
        honest.send(batch, new AbortController().signal).catch(() => undefined)
        return honest.preview?.(batch) ?? []
      },
    }),
  ],
  [
    'reports success while it is refused',
    'probe',
    () => ({ probe: () => Promise.resolve({ is: 'ok', message: 'it is there' }) }),
  ],
  [
    'probes by sending',
    'probe',
    (honest) => ({
      probe: async (signal) => {
        await honest.send(eventBatch(numberedEvents(1, 'x'), 't'), signal)
        return honest.probe?.(signal) ?? { is: 'ok', message: 'it is there' }
      },
    }),
  ],
]

test.each(faultyMethods)('a sink that %s fails the case "%s"', async (_, which, whoLies) => {
  await expect(
    runSinkCase({ ...harness(inOrder), start: () => Promise.resolve(memory(inOrder, whoLies)) }, which),
  ).rejects.toThrow()
})

test('a fault that the harness lacks does not pass', async () => {
  const other = memory(inOrder)
  const lacking: SinkHarness = {
    accepts: ['events'],
    idempotency: 'none',
    start: () =>
      Promise.resolve({
        build: (...given) => other.build(...given),
        received: () => other.received(),
        stop: () => other.stop(),
      }),
  }
  await expect(runSinkCase(lacking, 'restart')).rejects.toThrow('the harness has no restart: add it, or a waiver')
})
