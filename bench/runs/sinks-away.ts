import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun, AcceptanceContext } from '../harness.ts'
import { judgeDelivered, some } from '../../test/kit/delivered.ts'
import { EventClient } from '../../test/kit/event-client.ts'
import { EventReceiver, type Received } from '../../test/kit/event-receiver.ts'
import { FlowSender } from '../../test/kit/flow-sender.ts'
import { readStream } from '../../test/kit/nats-stream.ts'
import { percentile } from '../../test/kit/percentile.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { install } from '../../test/real/install/apt.ts'
import { nats } from '../../test/real/install/nats.ts'
import { startNats } from '../../test/real/kit/nats.ts'
import { deadHour } from './sinks-away/hour.ts'

/** Documented time until accepted rows are visible. */
const visibleMs = 2000

export default {
  name: 'sinks-away',
  issue: '2.5',
  title:
    'A sink that is stopped, dead or behind its retain affects no other. Everything arrives in order per key ' +
    'or is counted.',
  async run(context) {
    const server = await install(nats)
    if (server.path === undefined) context.skip(server.reason)
    await realOutage(context)
    await simulatedHour(context)
  },
} satisfies AcceptanceRun

async function realOutage(context: AcceptanceContext) {
  const directory = join(context.folder, 'nats')
  mkdirSync(directory)
  await using bus = await startNats({ jetstream: true, dir: directory })
  await using hook = await EventReceiver.start()
  await using small = await EventReceiver.prepare()
  const delivery = { retry_initial: '50ms', retry_max: '1s' }
  await using weir = await startWeir({
    folder: join(context.folder, 'weir'),
    config: {
      journal: { segment: '1MiB', keep: '1MiB' },
      sinks: {
        bus: { type: 'nats', url: bus.url, stream: 'WEIR', create_stream: true, from: ['http'], delivery },
        hook: { type: 'http', url: hook.url, mode: 'batched', from: ['http'], delivery },
        small: { type: 'http', url: small.url, mode: 'batched', from: ['http'], delivery, retain: { size: '128KiB' } },
      },
    },
  })
  const client = new EventClient({ url: weir.url, connections: 4, batch: 20, pause: 20, padding: 200 })
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 3000 })
  client.start()
  await sender.start()
  await sleep(1500)
  const calm = await watch(weir, client, hook, context.size(10_000, 3000))

  await bus.stop()
  const away = await watch(weir, client, hook, context.size(60_000, 5000))
  const during = await weir.ledger()
  await bus.restart()
  await sleep(2000)
  await bus.pause()
  const frozen = await watch(weir, client, hook, context.size(15_000, 3000))
  bus.resume()
  await small.listen()
  await sleep(2000)
  await client.stop()
  await sleep(500)
  await sender.close()
  const ledger = await weir.caughtUp(120_000)

  context.figure('events sent', client.sent)
  for (const [name, seen] of [
    ['all well', calm],
    ['nats stopped', away],
    ['nats frozen', frozen],
  ] as const) {
    context.figure(`${name}: visible in the store after, p95`, Math.round(percentile(seen.store, 95)), 'ms')
    context.figure(`${name}: visible in the store after, at most`, Math.round(Math.max(...seen.store)), 'ms')
    context.figure(`${name}: at the http sink after, p95`, Math.round(percentile(seen.hook, 95)), 'ms')
    context.figure(`${name}: answer to a request, p95`, Math.round(percentile(seen.answers, 95)), 'ms')
  }
  const pending = during.sinks.find(({ name }) => name === 'bus')?.pending ?? 0
  context.figure('pending for nats at the end of the outage', pending, 'events')
  context.expect(pending > 0, 'nats was away while events arrived')
  context.expectSpeed(
    Math.max(...away.store, ...frozen.store) <= visibleMs,
    `accepted rows are visible within ${visibleMs} ms all the while`,
  )
  context.expectSpeed(
    percentile(away.hook, 95) <= 1000 && percentile(frozen.hook, 95) <= 1000,
    'the http sink has it within a second all the while (p95)',
  )
  context.expect(client.refusals.size === 0 && client.retries === 0, 'every request is accepted at the first try')
  checkAll(context, 'nats', await readStream(bus.url, 'WEIR'), client.sent)
  checkAll(context, 'the http sink', hook.received, client.sent)

  const behind = judgeDelivered(small.received, client.sent)
  const counted = ledger.sinks.find(({ name }) => name === 'small')
  context.figure('behind its retain: dropped', counted?.dropped['behind'] ?? 0, 'events')
  context.expect(
    behind.missing.length > 0 && behind.missing.length === counted?.dropped['behind'],
    `what the sink behind its retain did not get is counted as behind (${behind.missing.length} missing, ` +
      `${counted?.dropped['behind']} counted)`,
  )
  context.expect(
    counted?.delivered === behind.distinct && behind.disordered.length === 0,
    `and it got the rest, in order (${counted?.delivered} counted, ${behind.distinct} arrived)`,
  )
  context.expect(
    ledger.sinks.filter(({ name }) => name !== 'small').every(({ dropped }) => Object.keys(dropped).length === 0),
    'nothing was dropped for any other sink',
  )
  const [flows] = await weir.sql<{ rows: number }>('SELECT count(DISTINCT packets) AS rows FROM flows')
  context.expect(flows?.rows === sender.sent, `every flow is stored (${flows?.rows} of ${sender.sent})`)
  context.expect(ledger.balanced, 'the ledger is balanced')
  context.expect((await weir.stop()).code === 0, 'it stops with exit code 0')
}

interface Seen {
  /** Milliseconds from an acknowledgement until the event was stored, or at the http sink. */
  readonly store: number[]
  readonly hook: number[]
  readonly answers: readonly number[]
}

async function watch(weir: WeirProcess, client: EventClient, hook: EventReceiver, ms: number): Promise<Seen> {
  const store: number[] = []
  const delivered: number[] = []
  const answersBefore = client.latencies.length
  const until = performance.now() + ms
  const follow = async (into: number[], has: (n: number) => boolean | Promise<boolean>) => {
    while (performance.now() < until) {
      const n = client.acknowledged.at(-1) ?? 0
      const since = performance.now()
      while (!(await has(n))) await sleep(20)
      into.push(performance.now() - since)
      await sleep(100)
    }
  }
  let looked = 0
  const arrived = new Set<string>()
  await Promise.all([
    follow(store, async (n) => (await weir.sql(`SELECT 1 FROM events WHERE id = '${n}' LIMIT 1`)).length > 0),
    follow(delivered, (n) => {
      for (; looked < hook.received.length; looked++) arrived.add(hook.received[looked]?.id ?? '')
      return arrived.has(String(n))
    }),
  ])
  return { store, hook: delivered, answers: client.latencies.slice(answersBefore) }
}

async function simulatedHour(context: AcceptanceContext) {
  const hour = await deadHour(context.seed)
  context.figure('a dead hour, simulated: events', hour.events)
  context.figure('a dead hour, simulated: attempts', hour.attempts)
  context.figure('a dead hour, simulated: the healthy sink lagged at most', hour.healthyLagMs, 'ms')
  context.figure('a dead hour, simulated: caught up after', hour.caughtUpSeconds, 's')
  checkAll(context, 'beside a sink that is dead for an hour the healthy one', hour.healthy, hour.events)
  checkAll(context, 'a sink that was dead for an hour', hour.dead, hour.events)
  context.expect(hour.healthyLagMs < 1000, 'the healthy sink never waited for the dead one')
  context.expect(
    hour.dropped === 0 && hour.errors === 0,
    `nothing was dropped (${hour.dropped} dropped, ${hour.errors} errors in the log)`,
  )
  context.expect(hour.attempts >= 3600 / 30 && hour.attempts < 300, 'the dead sink was tried about every half minute')
}

function checkAll(context: AcceptanceContext, who: string, received: readonly Received[], sent: number) {
  const { missing, strange, disordered, repeated } = judgeDelivered(received, sent)
  context.figure(`${who}: events more than once`, repeated)
  context.expect(
    missing.length === 0 && strange.length === 0,
    `${who} got every event (missing: ${some(missing)}, strange: ${some(strange)})`,
  )
  context.expect(disordered.length === 0, `${who} got the events of each key in order (${some(disordered)})`)
}
