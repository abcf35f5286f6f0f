import { MessageChannel } from 'node:worker_threads'
import { expect, onTestFinished, test } from 'vitest'
import { AwaitedTestSink } from '../../../test/conformance/awaited-sink.ts'
import { realHost } from '../../host/index.ts'
import { awaitedBy, awaitedMethods, awaitedSink, sinkMethods } from './awaited.ts'
import type { Appended, AwaitedSink } from '../contracts.ts'
import { connect, serve, type Methods, type Remote } from '../rpc.ts'

const { timers } = realHost()
const at = (sequence: number): Appended => ({ position: { sequence, row: 0 }, epoch: 1, sourceSequence: sequence })
const never = new AbortController().signal

/** As between two threads. */
function between<M extends Methods>(methods: M): Remote<M> {
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => {
    port1.close()
  })
  serve(port2, methods)
  return connect<M>(port1)
}

/** Main thread, ingest worker, watch worker. */
function far(sink: AwaitedTestSink): AwaitedSink {
  const sinks = {
    get: () => (sink.passed === undefined ? undefined : {}),
    outcome: async (_: string, sequence: number) =>
      (await sink.settled({ position: { sequence } }, never)) === 'settled' ? { is: 'delivered' } : undefined,
  } as unknown as Parameters<typeof sinkMethods>[0]
  const main = between(
    sinkMethods(sinks, {
      makeRoom: () => Promise.resolve(0),
      relieve: () => Promise.resolve(false),
      refusing: () => {},
    }),
  )
  return awaitedBy(
    between(awaitedMethods((id) => awaitedSink(main, id, timers))),
    { sink: 'out', source: 'cts' },
    timers,
  )
}

test('a source of the watch worker waits until a sink of the main thread has settled its rows', async () => {
  const sink = new AwaitedTestSink(1)
  const [first, second] = [far(sink).settled(at(1), never), far(sink).settled(at(2), never)]
  expect(await first).toBe('settled')
  expect(await Promise.race([second, far(sink).ready(never, () => undefined)])).toBe(true)
  sink.move(2)
  expect(await second).toBe('settled')
})

test('a missing sink is reported and awaited, its removal is reported, and a stop ends the wait', async () => {
  const sink = new AwaitedTestSink(undefined)
  const reasons: string[] = []
  const there = far(sink).ready(never, (why) => {
    reasons.push(why)
    sink.move(0)
  })
  expect([await there, reasons]).toEqual([true, ['sink out does not run']])
  const gone = far(sink).settled(at(1), never)
  const stop = new AbortController()
  const stopped = far(sink).settled(at(1), stop.signal)
  stop.abort()
  expect([await stopped, await far(sink).ready(stop.signal, () => undefined)]).toEqual(['stopped', false])
  sink.move(undefined)
  expect(await gone).toBe('gone')
})
