// Oracles: numbered flows (flow n has n + 1 packets), and ClickHouse's own counts. Case 47 of the flow facts is the
// first part.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceContext, AcceptanceRun } from '../harness.ts'
import { FlowSender } from '../../test/kit/flow-sender.ts'
import { mostMemoryOf } from '../../test/kit/proc.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { installChdb } from '../../test/real/install/chdb.ts'
import { startChdb, type ChdbServer } from '../../test/real/kit/chdb.ts'
import { measureInserts } from './clickhouse/inserts.ts'

const database = 'bench'

export default {
  name: 'clickhouse',
  issue: '26.4',
  title:
    'ClickHouse away, and Weir and ClickHouse killed again and again: every flow is stored once, also in the sums. ' +
    'Batches are at least 100 times as fast as one INSERT per row.',
  async run(context) {
    const found = await installChdb()
    if (found.path === undefined) context.skip(found.reason)
    await kills(context)
    await measureInserts(context)
  },
} satisfies AcceptanceRun

async function kills(context: AcceptanceContext) {
  await using server = await startChdb()
  await using weir = await startWeir({
    folder: context.folder,
    config: {
      store: { enabled: 'none' },
      sinks: {
        clickhouse: {
          url: server.url,
          database,
          when_behind: 'block',
          // Small, so that a kill interrupts many inserts.
          delivery: { events: 2000, bytes: '32KiB', wait: '0ms', retry_initial: '50ms', retry_max: '500ms' },
        },
      },
    },
  })
  const memory = mostMemoryOf(weir)
  const sent = await fill(context, weir, server)
  context.figure('memory of Weir with all flows pending, at most', Math.round(memory().peak / 1e6), 'MB')
  await server.start()
  await killBoth(context, weir, server)
  const ledger = await weir.caughtUp(600_000)
  await check(context, server, sent)
  context.expect(ledger.balanced, 'the ledger is balanced')
  const sink = ledger.sinks.find(({ name }) => name === 'clickhouse')
  context.expect(
    sink?.delivered === sent && sink.dead_lettered === 0,
    `the ledger counts every flow as delivered (${sink?.delivered} of ${sent})`,
  )
  context.figure('inserts with a failed attempt', weir.log.split('is tried again').length - 1)
  context.figure('inserts repeated by position', weir.log.split('are inserted again').length - 1)
}

/** All flows are accepted while ClickHouse is away. Resolves with their number. */
async function fill(context: AcceptanceContext, weir: WeirProcess, server: ChdbServer): Promise<number> {
  const wanted = context.size(1_000_000, 60_000)
  const sender = new FlowSender({ port: weir.ports.netflow, rate: 20_000 })
  const away = performance.now()
  await server.kill()
  await sender.start()
  while (sender.sent < wanted) await sleep(20)
  sender.pause()
  await sleep(Math.max(0, context.size(60_000, 0) - (performance.now() - away)))
  const { sent } = sender
  for (;;) {
    const { sources } = await weir.ledger()
    const source = sources.find(({ name }) => name === 'netflow')
    const shed = Object.values(source?.shed ?? {}).reduce((sum, rows) => sum + rows, 0)
    if ((source?.accepted ?? 0) + shed >= sent) {
      context.expect(
        shed === 0 && source?.accepted === sent,
        `case 47: each of ${sent} flows is accepted (${shed} shed)`,
      )
      break
    }
    await sleep(100)
  }
  await sender.close()
  context.figure('flows accepted while ClickHouse was away', sent)
  return sent
}

async function killBoth(context: AcceptanceContext, weir: WeirProcess, server: ChdbServer) {
  const each = context.size(50, 3)
  const random = new SeededRandom(context.seed)
  const started = performance.now()
  const killing = async (life: () => number, kill: () => Promise<unknown>, start: () => Promise<void>) => {
    for (let done = 0; done < each; done++) {
      await sleep(life())
      await kill()
      await start()
    }
  }
  await Promise.all([
    killing(
      () => random.integer(300, 2500),
      () => weir.kill(),
      () => weir.start(),
    ),
    killing(
      () => random.integer(300, 2500),
      () => server.kill(),
      () => server.start(),
    ),
  ])
  // On a busy machine Weir is killed each time before it creates the table.
  const [counted] = await server.ask<{ n: bigint }>(
    `SELECT assumeNotNull(total_rows) AS n FROM system.tables WHERE database = '${database}' AND name = 'weir_flows'`,
  )
  context.figure('kills of Weir, and of ClickHouse', each)
  context.figure('flows stored at the last kill', Number(counted?.n ?? 0))
  context.figure('seconds of killing', Math.round((performance.now() - started) / 1000), 's')
}

async function check(context: AcceptanceContext, server: ChdbServer, sent: number) {
  const [counts] = await server.ask<{ stored: bigint; numbers: bigint; positions: bigint; low: bigint; high: bigint }>(
    'SELECT count() AS stored, uniqExact(packets) AS numbers, uniqExact(_pos) AS positions, ' +
      `assumeNotNull(min(packets)) AS low, assumeNotNull(max(packets)) AS high FROM ${database}.weir_flows`,
  )
  context.figure('flows stored', Number(counts?.stored ?? 0))
  const wanted = BigInt(sent)
  context.expect(
    counts?.stored === wanted && counts.positions === wanted,
    `case 47: no row is double (${counts?.stored} rows, ${counts?.positions} positions, ${sent} sent)`,
  )
  context.expect(
    counts?.numbers === wanted && counts.low === 1n && counts.high === wanted,
    `case 47: no flow is missing (${counts?.numbers} numbers from ${counts?.low} to ${counts?.high})`,
  )
  for (const rollup of ['flows_1m', 'flows_5m', 'flows_1h']) {
    const [sums] = await server.ask<{ flows: bigint; same: number }>(
      `SELECT sum(flows) AS flows, (sum(bytes), sum(packets)) = (SELECT sum(toUInt128(bytes)), ` +
        `sum(toUInt128(packets)) FROM ${database}.weir_flows) AS same FROM ${database}.weir_${rollup}`,
    )
    context.expect(
      sums?.flows === wanted && sums.same === 1,
      `the sums of ${rollup} are those of the flows (${sums?.flows} flows, bytes and packets equal: ${sums?.same})`,
    )
  }
}
