import { join } from 'node:path'
import { percentile } from '../../test/kit/percentile.ts'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { measurePeer, measureWeir, type EventCost, type EventLoad } from './event-cost/measure.ts'

const perCpuAim = 8000
const p99LimitMs = 15
const pacedRate = 200
const pacedMsLimit = 0.3
const pacedBytesLimit = 3000
const stallLimitMs = 50

export default {
  name: 'event-cost',
  issue: '58.10',
  title:
    'Single events over HTTP: 8,000 per CPU second, 15 ms for 99 % of 32 connections. At 200 per second an event ' +
    'needs 0.3 ms of CPU and 3 kB on disk.',
  async run(context) {
    const seconds = context.size(20, 2)
    const loads: readonly EventLoad[] = [
      { connections: 32, seconds, rate: 0 },
      { connections: 8, seconds, rate: pacedRate },
    ]
    const peer = await measurePeer(join(context.folder, 'peer'), loads)
    const weir = await measureWeir(join(context.folder, 'weir'), loads)
    const [fast, paced] = weir.costs
    if (fast === undefined || paced === undefined) throw new Error('a load was not measured')
    for (const [index, load] of loads.entries()) {
      const name = load.rate === 0 ? `${load.connections} connections` : `${load.rate} events/s`
      show(context, `${name}, bare HTTP server`, peer.costs[index]!)
      show(context, name, weir.costs[index]!)
    }
    context.expect(
      weir.rows === weir.acknowledged && weir.ids === weir.acknowledged,
      `each acknowledged event is stored once (${weir.rows} rows, ${weir.ids} ids of ${weir.acknowledged})`,
    )
    context.expectSpeed(fast.events / fast.cpuSeconds >= perCpuAim, `${perCpuAim} events per CPU second`)
    context.expectSpeed(percentile(fast.latencies, 99) <= p99LimitMs, `99 % are answered within ${p99LimitMs} ms`)
    context.expectSpeed(
      (1000 * paced.cpuSeconds) / paced.events <= pacedMsLimit,
      `at ${pacedRate} per second an event needs at most ${pacedMsLimit} ms of CPU`,
    )
    context.expectSpeed(
      paced.writtenBytes / paced.events <= pacedBytesLimit,
      `at ${pacedRate} per second an event writes at most ${pacedBytesLimit} bytes`,
    )
    context.expectSpeed(
      Math.max(percentile(fast.latencies, 100), percentile(paced.latencies, 100)) <= stallLimitMs,
      `no event waits longer than ${stallLimitMs} ms`,
    )
  },
} satisfies AcceptanceRun

function show(context: AcceptanceContext, name: string, cost: EventCost) {
  const { events, latencies } = cost
  const perEvent = (value: number, digits = 0) => Number((value / events).toFixed(digits))
  context.figure(`${name}: answered`, Math.round(events / cost.seconds), 'events/s')
  context.figure(`${name}: per CPU second`, Math.round(events / cost.cpuSeconds), 'events')
  context.figure(`${name}: CPU`, perEvent(1000 * cost.cpuSeconds, 3), 'ms per event')
  context.figure(`${name}: written`, perEvent(cost.writtenBytes), 'bytes per event')
  context.figure(
    `${name}: p50, p99, longest`,
    [50, 99, 100].map((percent) => percentile(latencies, percent).toFixed(1)).join(', '),
    'ms',
  )
  const threads = cost.threads.filter((thread) => thread.cpuSeconds > 0)
  context.figure(
    `${name}: where`,
    threads.map((thread) => `${thread.name} ${perEvent(1e6 * thread.cpuSeconds)}`).join(', '),
    'us per event',
  )
}
