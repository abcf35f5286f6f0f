// Oracles: numbered flows (flow n has n + 1 packets), and ClickHouse's own counts.
import { setTimeout as sleep } from 'node:timers/promises'
import type { AcceptanceRun } from '../harness.ts'
import { FlowSender } from '../../test/kit/flow-sender.ts'
import { SeededRandom } from '../../test/kit/random.ts'
import { startWeir, type WeirProcess } from '../../test/kit/weir-process.ts'
import { installChdb } from '../../test/real/install/chdb.ts'
import { startChdb } from '../../test/real/kit/chdb.ts'

const database = 'bench'

export default {
  name: 'clickhouse-kills',
  issue: '26.4',
  title:
    'ClickHouse is the store, flows arrive, and Weir or ClickHouse is killed 50 times: every accepted flow is stored ' +
    'once and found by the API.',
  async run(context) {
    const found = await installChdb()
    if (found.path === undefined) context.skip(found.reason)
    await using server = await startChdb()
    await using weir = await startWeir({
      folder: context.folder,
      config: {
        store: {
          enabled: 'clickhouse',
          // Small inserts, so that a kill interrupts many.
          clickhouse: {
            url: server.url,
            database,
            timeout: '20s',
            batch: { events: 500, bytes: '32KiB', wait: '50ms' },
          },
        },
      },
    })
    const random = new SeededRandom(context.seed)
    const kills = context.size(50, 4)
    const sender = new FlowSender({ port: weir.ports.netflow, rate: 3000 })
    const killed = { weir: 0, clickhouse: 0 }
    for (let done = 0; done < kills; done++) {
      await sender.start()
      await sleep(random.integer(200, 2000))
      if (random.chance(0.5)) {
        killed.clickhouse++
        await server.kill()
        await sleep(random.integer(0, 500))
        await server.start()
      } else {
        // Flows beside a dead collector are lost on the wire, which is not the subject.
        sender.pause()
        await acceptedAll(weir, sender.sent)
        killed.weir++
        await weir.kill()
        await weir.start()
      }
      if ((done + 1) % 10 === 0) console.log(`killed ${done + 1} times, ${sender.sent} flows sent`)
    }
    sender.pause()
    const { sent } = sender
    await acceptedAll(weir, sent)
    await sender.close()
    const ledger = await weir.caughtUp(600_000)
    context.figure('kills of Weir', killed.weir)
    context.figure('kills of ClickHouse', killed.clickhouse)
    context.figure('flows', sent)
    context.figure('inserts with a failed attempt in the last life', weir.log.split('is tried again').length - 1)
    const [counts] = await server.ask<{ stored: bigint; numbers: bigint; positions: bigint; high: bigint }>(
      'SELECT count() AS stored, uniqExact(packets) AS numbers, uniqExact(_pos) AS positions, ' +
        `assumeNotNull(max(packets)) AS high FROM ${database}.weir_flows`,
    )
    const wanted = BigInt(sent)
    context.expect(
      counts?.stored === wanted && counts.positions === wanted,
      `no row is double (${counts?.stored} rows, ${counts?.positions} positions, ${sent} sent)`,
    )
    context.expect(
      counts?.numbers === wanted && counts.high === wanted,
      `no flow is missing (${counts?.numbers} numbers to ${counts?.high})`,
    )
    const entry = ledger.sinks.find(({ name }) => name === 'store')
    context.expect(
      ledger.balanced && entry?.delivered === sent && entry.dead_lettered === 0,
      `the ledger is balanced and counts every flow as delivered (${entry?.delivered} of ${sent})`,
    )
    const { total } = await weir.get<{ total: { flows: number } }>(
      '/api/v1/topology?scope=namespace&from=now-1d&to=now',
    )
    context.expect(total.flows === sent, `the API counts every flow (${total.flows} of ${sent})`)
  },
} satisfies AcceptanceRun

/** Waits until the collector has every sent flow. */
async function acceptedAll(weir: WeirProcess, sent: number) {
  for (let tries = 0; tries < 600; tries++) {
    const accepted = (await weir.ledger()).sources.find(({ name }) => name === 'netflow')?.accepted ?? 0
    if (accepted >= sent) return
    await sleep(50)
  }
  throw new Error(`the collector does not have ${sent} flows after 30 s`)
}
