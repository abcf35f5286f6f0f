// Oracles: a client that records each 2xx, an exporter with numbered flows, the receiver of the http sink, and the
// stream of the NATS server.
import { setTimeout as sleep } from 'node:timers/promises'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Ledger } from '../../src/engine/control.ts'
import type { AcceptanceRun, AcceptanceContext } from '../../bench/harness.ts'
import { judgeDelivered, some } from '../kit/delivered.ts'
import { EventClient, eventType } from '../kit/event-client.ts'
import { EventReceiver, type Received } from '../kit/event-receiver.ts'
import { FlowSender } from '../kit/flow-sender.ts'
import { readStream } from '../kit/nats-stream.ts'
import { percentile } from '../kit/percentile.ts'
import { SeededRandom } from '../kit/random.ts'
import { startWeir, type WeirProcess } from '../kit/weir-process.ts'
import { install } from '../real/install/apt.ts'
import { nats } from '../real/install/nats.ts'
import { startNats } from '../real/kit/nats.ts'

/** Longest wait of a datagram's rows for their batch; the rest of a commit interval is the sync. */
const flushMs = 100
/** Longest time that a lost flow may have been pending: the flush, and a sync on a busy disk. */
const longestCommitMs = 500

interface Kill {
  /** `performance.now()`; no flow was sent between it and the next start. */
  readonly at: number
  /** Flows sent before. */
  readonly flows: number
}

export default {
  name: 'kill-nine',
  issue: '2.3',
  title:
    'After kill -9 every acknowledged event is stored once and delivered. At most the flows of the last ' +
    'commit interval are lost.',
  async run(context) {
    const server = await install(nats)
    if (server.path === undefined) context.skip(server.reason)
    const directory = join(context.folder, 'nats')
    mkdirSync(directory)
    await using bus = await startNats({ jetstream: true, dir: directory })
    await using receiver = await EventReceiver.start()
    await using weir = await startWeir({ folder: context.folder, config: config(bus.url, receiver.url) })
    const client = new EventClient({ url: weir.url, connections: 4, batch: 25, pause: 15, padding: 200 })
    const sender = new FlowSender({ port: weir.ports.netflow, rate: 6000 })

    client.start()
    const { kills, readyMs } = await killing(context, weir, client, sender)
    await client.stop()
    await sender.close()
    const ledger = await weir.caughtUp(120_000)

    context.figure('kills', kills.length)
    context.figure('ready after a kill, p50', percentile(readyMs, 50), 'ms')
    context.figure('ready after a kill, p95', percentile(readyMs, 95), 'ms')
    context.figure('events acknowledged', client.acknowledged.length)
    context.figure('writes that a kill interrupted', weir.log.split('write that the last kill interrupted').length - 1)
    context.figure('events that were sent again and recognised', client.duplicates)
    context.expect(
      client.refusals.size === 0,
      `no request was refused (${some([...client.refusals].map(([answer, times]) => `${times} × ${answer}`))})`,
    )
    await checkEvents(context, weir, client)
    await checkFlows(context, weir, sender, kills)
    checkSink(context, 'http', receiver.received, client.sent)
    checkSink(context, 'nats', await readStream(bus.url, 'WEIR'), client.sent)
    checkLedger(context, ledger, client)
    const stopped = await weir.stop()
    context.expect(stopped.code === 0, 'it stops with exit code 0 in the end')
    const unreadable = weir.log.split('\n').filter((line) => /unreadable|cannot be read|NOT BALANCED/.test(line))
    context.expect(unreadable.length === 0, `no start found anything unreadable (${some(unreadable)})`)
  },
} satisfies AcceptanceRun

function config(bus: string, receiver: string): Record<string, unknown> {
  const delivery = { retry_initial: '50ms', retry_max: '1s' }
  return {
    // Small segments, so that kills meet new, full and released ones.
    journal: { segment: '1MiB', keep: '2MiB' },
    sources: { netflow: { flush: `${flushMs}ms` } },
    sinks: {
      bus: { type: 'nats', url: bus, stream: 'WEIR', create_stream: true, from: ['http'], delivery },
      hook: { type: 'http', url: receiver, mode: 'batched', only: { family: ['event'] }, delivery },
    },
  }
}

async function killing(
  context: AcceptanceContext,
  weir: WeirProcess,
  client: EventClient,
  sender: FlowSender,
): Promise<{ kills: Kill[]; readyMs: number[] }> {
  const random = new SeededRandom(context.seed)
  const kills: Kill[] = []
  const readyMs: number[] = []
  const balanced: boolean[] = []
  const forgotten: string[] = []
  const longest = context.size(2000, 1200)
  for (const total = context.size(100, 6); kills.length < total;) {
    await sender.start()
    await sleep(random.integer(100, longest))
    sender.pause()
    kills.push({ at: performance.now(), flows: sender.sent })
    await weir.kill()
    // Sometimes during the start, too.
    while (kills.length < total && random.chance(0.15)) {
      weir.launch()
      await sleep(random.integer(50, 800))
      kills.push({ at: performance.now(), flows: sender.sent })
      await weir.kill()
    }
    const acknowledged = client.acknowledged.length
    await weir.start()
    readyMs.push(weir.readyMs)
    const ledger = await weir.ledger()
    balanced.push(ledger.balanced)
    if (!ledger.balanced) console.error(JSON.stringify(ledger))
    const accepted = ledger.sources.find(({ name }) => name === 'http')?.accepted ?? 0
    if (accepted < acknowledged)
      forgotten.push(`kill ${kills.length}: ${accepted} accepted of ${acknowledged} acknowledged`)
  }
  context.expect(
    balanced.every((one) => one),
    `the ledger is balanced after each of ${balanced.length} restarts`,
  )
  context.expect(
    forgotten.length === 0,
    `after each restart the ledger has every acknowledged event (${some(forgotten)})`,
  )
  return { kills, readyMs }
}

async function checkEvents(context: AcceptanceContext, weir: WeirProcess, { sent }: EventClient) {
  const [counts] = await weir.sql<{ rows: number; ids: number }>(
    `SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM events WHERE type = '${eventType}'`,
  )
  const missing = await weir.sql<{ n: number }>(
    `SELECT n FROM range(0, ${sent}) AS numbers(n) WHERE n NOT IN (SELECT CAST(id AS BIGINT) FROM events ` +
      `WHERE type = '${eventType}')`,
  )
  context.expect(
    missing.length === 0,
    `every acknowledged id is in the store (missing: ${some(missing.map(({ n }) => n))})`,
  )
  context.expect(
    counts?.rows === sent && counts.ids === sent,
    `each of ${sent} ids is stored exactly once (${counts?.rows} rows, ${counts?.ids} ids)`,
  )
}

async function checkFlows(context: AcceptanceContext, weir: WeirProcess, sender: FlowSender, kills: readonly Kill[]) {
  const [counts] = await weir.sql<{ rows: number; ids: number }>(
    'SELECT count(*) AS rows, count(DISTINCT packets) AS ids FROM flows',
  )
  const missing = (
    await weir.sql<{ n: number }>(
      `SELECT n FROM range(0, ${sender.sent}) AS numbers(n) WHERE n + 1 NOT IN (SELECT packets FROM flows) ORDER BY n`,
    )
  ).map(({ n }) => Number(n))
  context.figure('flows sent', sender.sent)
  context.figure('flows missing', missing.length)
  context.expect(
    counts?.rows === counts?.ids,
    `each flow is stored once at most (${counts?.rows} rows, ${counts?.ids} numbers)`,
  )
  context.expect((counts?.ids ?? 0) + missing.length === sender.sent, 'nothing is stored that was not sent')
  const ages: number[] = []
  const holes: number[] = []
  const lost = new Set(missing)
  for (const flow of missing) {
    const kill = kills.find(({ flows }) => flow < flows)
    ages.push((kill?.at ?? Number.POSITIVE_INFINITY) - sender.timeOf(flow))
    // Flows received after a lost flow cannot have been synced before it.
    if (flow + 1 < (kill?.flows ?? 0) && !lost.has(flow + 1)) holes.push(flow)
  }
  const oldest = Math.max(0, ...ages)
  context.figure('missing flows were sent before the kill, at most', Math.round(oldest), 'ms')
  context.figure(
    'missing flows were sent before the kill, p50',
    ages.length === 0 ? 0 : Math.round(percentile(ages, 50)),
    'ms',
  )
  context.expectSpeed(
    oldest <= longestCommitMs,
    `missing flows were sent at most ${longestCommitMs} ms before a kill (flush ${flushMs} ms and the sync under way)`,
  )
  context.expect(holes.length === 0, `before a kill only the last flows are missing, none in between (${some(holes)})`)
}

function checkSink(context: AcceptanceContext, name: string, received: readonly Received[], sent: number) {
  const { missing, strange, repeated, disordered } = judgeDelivered(received, sent)
  context.figure(`${name}: events delivered more than once`, repeated)
  context.expect(missing.length === 0, `${name} got every acknowledged id (missing: ${some(missing)})`)
  context.expect(strange.length === 0, `${name} got nothing that was not sent (${some(strange)})`)
  context.expect(disordered.length === 0, `${name} got the events of each key in order (${some(disordered)})`)
}

function checkLedger(context: AcceptanceContext, ledger: Ledger, client: EventClient) {
  const source = (name: string) => ledger.sources.find((one) => one.name === name)
  const sink = (name: string) => ledger.sinks.find((one) => one.name === name)
  context.expect(ledger.balanced, 'the ledger is balanced in the end')
  context.expect(
    source('http')?.accepted === client.sent,
    `the ledger counts as many events as the client (${source('http')?.accepted} of ${client.sent})`,
  )
  context.expect(
    sink('bus')?.delivered === client.sent && sink('hook')?.delivered === client.sent,
    'and as many delivered to either sink',
  )
  context.expect(
    sink('hook')?.filtered['only'] === source('netflow')?.accepted,
    'and every flow as filtered at the sink that takes events only',
  )
  const shed = JSON.stringify(source('netflow')?.shed ?? {})
  context.expect(shed === '{}', `no datagram was shed (${shed})`)
}
